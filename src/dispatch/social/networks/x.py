"""X through tweepy. Nothing makes a repeat safe here: an unknown outcome is looked for among the account's own posts."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
import tweepy
from requests.adapters import HTTPAdapter

from dispatch.outcomes import Deferred, Outcome, Refused, Sent, Unknown
from dispatch.social import counting
from dispatch.social.networks import answers, checking
from dispatch.social.networks.base import (
    CLOCKS_DIFFER,
    TIMEOUT,
    Account,
    CannotTell,
    Draft,
    Found,
    Health,
    Limits,
    Look,
    NotFound,
    Prepared,
    Unsupported,
)

HOST = "https://api.twitter.com"
LIMITS = Limits(longest=280, link_cost=23, unit="weighted characters", deletes=True)
FIELDS = ["entities", "edit_history_tweet_ids"]
FAILURES = (tweepy.TweepyException, requests.RequestException, *answers.UNREADABLE)
DUPLICATE = "duplicate content"
COST = {"plain": 0.015, "with_link": 0.20}
"""Dollars a post (docs.x.com/x-api/getting-started/pricing)."""


class X:
    """See Network. Credentials: consumer_key, consumer_secret, access_token, access_token_secret (OAuth 1.0a), or
    oauth2_token."""

    name = "x"
    replays = False

    def limits(self, account: Account) -> Limits:  # noqa: ARG002 - the contract's shape
        """280 weighted characters, a link 23."""
        return LIMITS

    def count(self, text: str, account: Account) -> int:  # noqa: ARG002 - the contract's shape
        """twitter-text."""
        return counting.x(text)

    def check(self, draft: Draft, account: Account) -> list[str]:
        """By its limits."""
        return checking.problems(draft, account, self.limits(account), self.count(draft.text, account))

    def prepare(self, draft: Draft, account: Account) -> Prepared:  # noqa: ARG002 - the contract's shape
        """Nothing is put there first."""
        return {}

    def publish(self, draft: Draft, account: Account) -> Outcome:
        """POST /2/tweets, once."""
        try:
            with _client(account) as (client, as_user):
                number = str(client.create_tweet(text=draft.text, user_auth=as_user)["data"]["id"])
        except FAILURES as error:
            return _outcome(error)
        return Sent(remote_id=number, url=f"https://x.com/i/status/{number}")

    def find(self, draft: Draft, account: Account) -> Look:
        """Among our own posts since the first attempt (an owned read), by the link behind t.co or else the text."""
        since = draft.created_at - CLOCKS_DIFFER if draft.created_at else None
        wanted = {"max_results": 40, "start_time": since, "tweet_fields": FIELDS}
        try:
            with _client(account) as (client, as_user):
                me = client.get_me(user_auth=as_user)["data"]
                posts = client.get_users_tweets(me["id"], user_auth=as_user, **wanted).get("data", [])
            number = next((str(post["id"]) for post in posts if _is(post, draft)), None)
        except FAILURES as error:
            return CannotTell(type(error).__name__)
        return Found(number, f"https://x.com/i/status/{number}") if number else NotFound()

    def edit(self, remote_id: str, draft: Draft, account: Account) -> Outcome | Unsupported:  # noqa: ARG002
        """Only for paying accounts, and not through tweepy."""
        return Unsupported()

    def delete(self, remote_id: str, account: Account) -> Outcome | Unsupported:
        """DELETE /2/tweets/:id."""
        try:
            with _client(account) as (client, as_user):
                client.delete_tweet(remote_id, user_auth=as_user)
        except FAILURES as error:
            return _outcome(error)
        return Sent(remote_id=remote_id)

    def probe(self, account: Account) -> Health:
        """GET /2/users/me."""
        try:
            with _client(account) as (client, as_user):
                name = client.get_me(user_auth=as_user)["data"]["username"]
        except FAILURES as error:
            return Health(ok=False, words=_outcome(error).reason)
        return Health(ok=True, words=f"signed in as {name}")


class _Elsewhere(HTTPAdapter):
    """tweepy knows one host and no time-outs: this adds the time-out, and another host where the channel names one."""

    def __init__(self, server: str) -> None:
        super().__init__(max_retries=0)
        self.server = server

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs["timeout"] = TIMEOUT
        if self.server:
            theirs, ours = urlsplit(request.url or ""), urlsplit(self.server)
            path = ours.path.rstrip("/") + str(theirs.path)
            request.url = urlunsplit((ours.scheme, ours.netloc, path, str(theirs.query), ""))
        return super().send(request, *args, **kwargs)


@contextlib.contextmanager
def _client(account: Account) -> Iterator[tuple[Any, bool]]:
    """A client that answers X's own JSON (its models insist on fields that nobody asked for), and whether it signs as
    OAuth 1.0a user."""
    keys = account.credentials
    if "oauth2_token" in keys:
        client = tweepy.Client(bearer_token=keys["oauth2_token"], return_type=dict, wait_on_rate_limit=False)
    else:
        names = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
        client = tweepy.Client(**{name: keys[name] for name in names}, return_type=dict, wait_on_rate_limit=False)
    client.session.mount(HOST, _Elsewhere(account.server))
    try:
        yield client, "oauth2_token" not in keys
    finally:
        client.session.close()


def _is(post: Any, draft: Draft) -> bool:
    links = [link.get("expanded_url", "") for link in post.get("entities", {}).get("urls", [])]
    return draft.link in links if draft.link else bool(post["text"] == draft.text)


def _outcome(error: Exception) -> answers.Trouble:
    if isinstance(error, tweepy.TooManyRequests):
        reset = error.response.headers.get("x-rate-limit-reset", "")
        until = datetime.fromtimestamp(int(reset), UTC) if reset.isdigit() else None
        return Deferred(until=until, reason="X asks for patience", code="429")
    if isinstance(error, tweepy.Forbidden) and DUPLICATE in str(error).lower():
        return Unknown(reason="X says it has this text already", evidence={"status": 403, "words": str(error)[:300]})
    if isinstance(error, tweepy.HTTPException):
        return answers.of_status(error.response.status_code, " ".join(error.api_messages) or str(error))
    if isinstance(error, tweepy.TweepyException):
        return Refused(reason=str(error)[:300])
    return answers.of_failure(error)
