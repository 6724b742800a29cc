"""X through tweepy. Nothing makes a repeat safe here: an unknown outcome is looked for among the account's own posts."""

import base64
import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
import tweepy
from requests.adapters import HTTPAdapter

from dispatch.outcomes import Deferred, Outcome, Refused, Sent, Unknown
from dispatch.social import counting
from dispatch.social.networks import allowances, answers, checking, keeping, publicly, xposts
from dispatch.social.networks.base import (
    CLOCKS_DIFFER,
    TIMEOUT,
    Account,
    CannotTell,
    Counts,
    Draft,
    Found,
    Health,
    Limits,
    Look,
    NotFound,
    Picture,
    Prepared,
    Renewed,
    Unsupported,
    ends,
)

HOST = "https://api.twitter.com"
AUTHORIZE, TOKEN = "https://x.com/i/oauth2/authorize", "https://api.x.com/2/oauth2/token"
COST = {"plain": 0.015, "with_link": 0.20}
"""Dollars a post (docs.x.com/x-api/getting-started/pricing)."""
LIMITS = Limits(
    longest=280,
    link_cost=23,
    unit="characters",
    counting="X counts every link as 23 characters, and an emoji or a Chinese, Japanese or Korean sign as two.",
    pictures=4,
    picture_bytes=5_000_000,
    picture_kinds=("image/jpeg", "image/png", "image/gif"),
    alt_longest=1000,
    deletes=True,
    price=COST["plain"],
    price_with_link=COST["with_link"],
)
FIELDS = ["entities", "edit_history_tweet_ids", "referenced_tweets"]
FAILURES = (tweepy.TweepyException, requests.RequestException, *answers.UNREADABLE)
DUPLICATE = "duplicate content"
CAPPED = "usage-capped"
BUDGETS = {
    "x-rate-limit": "questions about the account in 15 minutes",
    "x-user-limit-24hour": "the account’s calls in 24 hours",
    "x-app-limit-24hour": "the program’s calls in 24 hours",
}
"""As headers begin with them (docs.x.com/x-api/fundamentals/rate-limits), and what they are."""
SOON = timedelta(minutes=10)
"""An OAuth 2 token lives for two hours; it is renewed this long before its end."""


class X:
    """See Network and Renewing. Credentials: consumer_key, consumer_secret, access_token, access_token_secret (OAuth 1.0a);
    or oauth2_token, and with it refresh_token, client_id, client_secret (of a confidential client), expires_at (ISO).

    Channel settings: `threads`, since X lets most programs reply only to those who asked for it; `edits`, for who pays."""

    name = "x"

    def replays(self, draft: Draft) -> bool:  # noqa: ARG002 - the contract's shape
        """Nothing makes a repeat safe."""
        return False

    def limits(self, account: Account) -> Limits:
        """280 weighted characters, a link 23, four pictures."""
        wanted = account.settings
        return replace(LIMITS, threads=bool(wanted.get("threads")), edits=bool(wanted.get("edits")))

    def count(self, text: str, account: Account) -> int:  # noqa: ARG002 - the contract's shape
        """twitter-text."""
        return counting.x(text)

    def check(self, draft: Draft, account: Account) -> list[str]:
        """By its limits."""
        return checking.problems(draft, account, self.limits(account), self.count(draft.text, account))

    def prepare(self, draft: Draft, account: Account) -> Prepared:
        """POST /2/media/upload for each picture, then /2/media/metadata with what is said of it."""
        if not draft.media:
            return {}
        try:
            with _client(account) as (client, as_user):
                numbers = [_upload(client, picture, as_user) for picture in draft.media]
        except FAILURES as error:
            return answers.before_publishing(_outcome(error))
        return {"media": numbers}

    def publish(self, draft: Draft, account: Account) -> Outcome:
        """POST /2/tweets, once."""
        about: dict[str, Any] = {
            "media_ids": draft.prepared.get("media"),
            "in_reply_to_tweet_id": draft.reply_to or None,
        }
        try:
            with _client(account) as (client, as_user):
                number = str(client.create_tweet(text=draft.text, user_auth=as_user, **about)["data"]["id"])
        except FAILURES as error:
            return _outcome(error)
        return Sent(remote_id=number, url=xposts.address(number))

    def find(self, draft: Draft, account: Account) -> Look:
        """Among our own posts since the first attempt (an owned read), by the link behind t.co or else the text."""
        since = draft.created_at - CLOCKS_DIFFER if draft.created_at else None
        wanted = {"max_results": 40, "start_time": since, "tweet_fields": FIELDS}
        try:
            with _client(account) as (client, as_user):
                me = client.get_me(user_auth=as_user)["data"]
                posts = client.get_users_tweets(me["id"], user_auth=as_user, **wanted).get("data", [])
            number = next((str(post["id"]) for post in posts if xposts.says(post, draft)), None)
        except FAILURES as error:
            return CannotTell(type(error).__name__)
        return Found(number, xposts.address(number)) if number else NotFound()

    def edit(self, remote_id: str, draft: Draft, account: Account) -> Outcome | Unsupported:
        """POST /2/tweets with edit_options, which makes a post of a new number. Asked twice, it finds its own."""
        if not account.settings.get("edits"):
            return Unsupported()
        try:
            with _client(account) as (client, as_user):
                newest, said = _latest(client, remote_id, as_user)
                if said == xposts.normal(draft.text):
                    return Sent(remote_id=newest, url=xposts.address(newest))
                body = {"text": draft.text, "edit_options": {"previous_post_id": newest}}
                if pictures := draft.prepared.get("media"):
                    body["media"] = {"media_ids": pictures}
                answer = client.request("POST", "/2/tweets", json=body, user_auth=as_user).json()
            number = str(answer["data"]["id"])
        except FAILURES as error:
            return _outcome(error)
        return Sent(remote_id=number, url=xposts.address(number))

    def delete(self, remote_id: str, account: Account) -> Outcome | Unsupported:
        """DELETE /2/tweets/:id."""
        try:
            with _client(account) as (client, as_user):
                client.delete_tweet(remote_id, user_auth=as_user)
        except tweepy.NotFound:
            return Sent(remote_id=remote_id)
        except FAILURES as error:
            return _outcome(error)
        return Sent(remote_id=remote_id)

    def counts(self, remote_id: str, account: Account) -> Counts | CannotTell:
        """GET /2/tweets/:id with public_metrics, where the channel's setting `counts` allows what it costs."""
        if not account.settings.get("counts"):
            return CannotTell(publicly.COSTS)
        try:
            with _client(account) as (client, as_user):
                said = client.get_tweet(remote_id, user_auth=as_user, tweet_fields=["public_metrics"])["data"]
        except FAILURES as error:
            return CannotTell(_outcome(error).reason)
        metrics = said.get("public_metrics", {})
        return publicly.of(metrics, replies="reply_count", likes="like_count", reposts="retweet_count")

    def probe(self, account: Account) -> Health:
        """GET /2/users/me, and what is left of the budgets that its answer names."""
        try:
            with _client(account) as (client, as_user):
                answer = client.request("GET", "/2/users/me", user_auth=as_user)
            name = answer.json()["data"]["username"]
        except FAILURES as error:
            return answers.ill(_outcome(error))
        return Health(ok=True, words=f"signed in as {name}", account=f"@{name}", known=_left(answer.headers))

    def renews_at(self, account: Account) -> datetime | None:
        """Shortly before the token's end, where there is a token for a new one."""
        end = ends(account.credentials)
        return end - SOON if end and account.credentials.get("refresh_token") else None

    def renew(self, account: Account) -> Renewed | Deferred | Refused:
        """POST /2/oauth2/token with the refresh token (RFC 6749 section 6). X gives a new refresh token with each answer."""
        keys = account.credentials
        form = {"grant_type": "refresh_token", "refresh_token": keys["refresh_token"], "client_id": keys["client_id"]}
        basic = (keys["client_id"], keys["client_secret"]) if keys.get("client_secret") else None
        try:
            with requests.Session() as session:
                session.mount(HOST, _Elsewhere(account.server))
                answer = session.post(f"{HOST}/2/oauth2/token", data=form, auth=basic)
            if not answer.ok:
                return answers.before_publishing(answers.of_status(answer.status_code, "X does not renew the token"))
            said = answer.json()
            end = datetime.now(UTC) + timedelta(seconds=int(said["expires_in"]))
            renewed = {"oauth2_token": str(said["access_token"]), "expires_at": end.isoformat()}
        except FAILURES as error:
            return answers.before_publishing(answers.of_failure(error))
        return Renewed(
            {**keys, **renewed, "refresh_token": str(said.get("refresh_token") or keys["refresh_token"])}, end
        )


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
    name = "oauth2_token" if "oauth2_token" in keys else ""
    names = () if name else ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
    signs = {"bearer_token": keys[name]} if name else {each: keys[each] for each in names}

    def make() -> tuple[Any, Callable[[], object]]:
        client = tweepy.Client(**signs, return_type=dict, wait_on_rate_limit=False)
        client.session.mount(HOST, _Elsewhere(account.server))
        return client, client.session.close

    with keeping.client(("x", account.server, *signs.values()), make) as client:
        yield client, not name


def _upload(client: Any, picture: Picture, as_user: bool) -> str:
    category = "tweet_gif" if picture.kind == "image/gif" else "tweet_image"
    body = {"media": base64.b64encode(picture.content).decode(), "media_category": category}
    number = str(client.request("POST", "/2/media/upload", json=body, user_auth=as_user).json()["data"]["id"])
    if picture.alt:
        said = {"id": number, "metadata": {"alt_text": {"text": picture.alt}}}
        client.request("POST", "/2/media/metadata", json=said, user_auth=as_user)
    return number


def _latest(client: Any, number: str, as_user: bool) -> tuple[str, str]:
    """The number and the text of a post as it stands after its edits."""
    post = client.get_tweet(number, user_auth=as_user, tweet_fields=FIELDS)["data"]
    newest = str((xposts.field(post, "edit_history_tweet_ids") or [number])[-1])
    if newest != number:
        post = client.get_tweet(newest, user_auth=as_user, tweet_fields=FIELDS)["data"]
    return newest, xposts.text(post)


def _outcome(error: Exception) -> answers.Trouble:
    if isinstance(error, tweepy.TooManyRequests):
        return _later(error.response)
    if isinstance(error, tweepy.Forbidden) and DUPLICATE in str(error).lower():
        return Unknown(reason="X says it has this text already", evidence={"status": 403, "words": str(error)[:300]})
    if isinstance(error, tweepy.HTTPException):
        return answers.of_status(error.response.status_code, " ".join(error.api_messages) or str(error))
    if isinstance(error, tweepy.TweepyException):
        return Refused(reason=str(error)[:300])
    return answers.of_failure(error)


def _left(headers: Mapping[str, str]) -> dict[str, Any]:
    said = (
        allowances.of_headers(words, headers, f"{name}-remaining", f"{name}-reset") for name, words in BUDGETS.items()
    )
    return allowances.known(*said)


def _later(response: requests.Response) -> answers.Trouble:
    """A window of fifteen minutes or a day is waited for; a month's is for a person to buy more of."""
    if CAPPED in response.text and "monthly" in response.text.lower():
        return Refused(reason="this month's posts through X's API are used up", code="429")
    spent = [name for name in BUDGETS if response.headers.get(f"{name}-remaining", "0") == "0"]
    resets = [response.headers.get(f"{name}-reset", "") for name in spent]
    moments = [datetime.fromtimestamp(int(reset), UTC) for reset in resets if reset.isdigit()]
    return Deferred(until=max(moments, default=None), reason="X asks for patience", code="429")
