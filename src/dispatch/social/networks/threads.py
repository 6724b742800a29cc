"""Threads: a container, then one call that publishes it; parts of a thread reply to one another.

developers.facebook.com/docs/threads: posts, reply-management, troubleshooting, delete-posts, insights; November 2026.
"""

from datetime import datetime, timedelta
from typing import Any

from dispatch.outcomes import Deferred, Outcome, Refused, Sent
from dispatch.social import counting
from dispatch.social.networks import allowances, answers, checking, containers, graph, publicly
from dispatch.social.networks.base import (
    TIMEOUT,
    Account,
    CannotTell,
    Counts,
    Draft,
    Health,
    Limits,
    Look,
    Picture,
    Prepared,
    Renewed,
    Unsupported,
    ends,
)
from dispatch.social.networks.graph import FAILURES, Graph

HOST, VERSION = "https://graph.threads.net", "v1.0"
AUTHORIZE = "https://threads.net/oauth/authorize"
TOKEN = f"{HOST}/oauth/access_token"
EXCHANGE = f"{HOST}/access_token"
"""A short-lived token for one of sixty days: GET with grant_type=th_exchange_token."""
LIMITS = Limits(
    longest=500,
    unit="characters",
    counting="Threads counts an emoji as four characters or more.",
    pictures=20,
    pictures_by_address=True,
    picture_bytes=8_000_000,
    picture_side=1440,
    picture_kinds=("image/jpeg", "image/png"),
    frame=(1 / 10, 10.0),
    alt_longest=1000,
    threads=True,
    comments=True,
    deletes=True,
)
MOST_LINKS = 5
SHELF = containers.Shelf("threads_publish", "threads", "replies", "status", "error_message", "text")
SOON = timedelta(days=10)
"""A token lives for sixty days; it is renewed this long before its end."""


class Threads:
    """See Network and Renewing. Credentials: user_id, access_token (long-lived), expires_at (ISO)."""

    name = "threads"

    def replays(self, draft: Draft) -> bool:  # noqa: ARG002 - the contract's shape
        """A container is published once."""
        return True

    def limits(self, account: Account) -> Limits:  # noqa: ARG002 - the contract's shape
        """POST /{user}/threads'."""
        return LIMITS

    def count(self, text: str, account: Account) -> int:  # noqa: ARG002 - the contract's shape
        """Characters, emoji by their UTF-8 bytes."""
        return counting.threads(text)

    def check(self, draft: Draft, account: Account) -> list[str]:
        """By its limits, and not more links than it takes."""
        problems = checking.problems(draft, account, LIMITS, self.count(draft.text, account))
        links = len(set(counting.LINK.findall(draft.text)))
        return [*problems, f"{links} links, {MOST_LINKS} fit"] if links > MOST_LINKS else problems

    def prepare(self, draft: Draft, account: Account) -> Prepared:
        """POST /{user}/threads: text, a picture, or one container for each picture and a carousel around them."""
        return containers.prepare(lambda: _container(draft, account), _place(account))

    def publish(self, draft: Draft, account: Account) -> Outcome:
        """POST /{user}/threads_publish."""
        return containers.publish(_place(account), draft)

    def find(self, draft: Draft, account: Account) -> Look:
        """By the container."""
        return containers.find(_place(account), draft)

    def edit(self, remote_id: str, draft: Draft, account: Account) -> Outcome | Unsupported:  # noqa: ARG002
        """The API changes no text."""
        return Unsupported()

    def delete(self, remote_id: str, account: Account) -> Outcome | Unsupported:
        """DELETE /{media}; a hundred a day."""
        try:
            _graph(account).delete(remote_id)
        except FAILURES as error:
            return Sent(remote_id=remote_id) if graph.is_gone(error) else graph.outcome(error)
        return Sent(remote_id=remote_id)

    def counts(self, remote_id: str, account: Account) -> Counts | CannotTell:
        """GET /{media}/insights (docs/threads/insights), over the post's whole life. Views are not asked for."""
        try:
            told = _graph(account).get(f"{remote_id}/insights", metric="likes,replies,reposts")["data"]
            totals = {one["name"]: value["value"] for one in told for value in one["values"]}
        except FAILURES as error:
            return graph.untold(error)
        return publicly.of(totals, replies="replies", likes="likes", reposts="reposts") if totals else publicly.NOTHING

    def probe(self, account: Account) -> Health:
        """Who we are there, and how many posts are left today (GET /{user}/threads_publishing_limit)."""
        owner = account.credentials["user_id"]
        try:
            me = _graph(account).get(owner, fields="username")
            (told,) = _graph(account).get(f"{owner}/threads_publishing_limit", fields="quota_usage,config")["data"]
            left = int(told["config"]["quota_total"]) - int(told["quota_usage"])
            words = f"signed in as {me['username']}, {left} posts left today"
        except FAILURES as error:
            return answers.ill(graph.outcome(error))
        known = allowances.known(allowances.Allowance("posts in 24 hours", left))
        return Health(ok=left > 0, words=words, expires_at=ends(account.credentials), known=known)

    def renews_at(self, account: Account) -> datetime | None:
        """Days before the token ends."""
        end = ends(account.credentials)
        return end - SOON if end else None

    def renew(self, account: Account) -> Renewed | Deferred | Refused:
        """GET /refresh_access_token with th_refresh_token: a token that is a day old, for sixty days more."""
        place = (account.server or HOST).rstrip("/")
        return graph.renewed(f"{place}/refresh_access_token", "th_refresh_token", account, TIMEOUT)


def _graph(account: Account) -> Graph:
    return Graph(graph.root(account.server, HOST, VERSION), account.credentials["access_token"], TIMEOUT)


def _place(account: Account) -> containers.Place:
    return containers.Place(_graph(account), account.credentials["user_id"], SHELF)


def _container(draft: Draft, account: Account) -> str:
    said = {"text": draft.text, "reply_to_id": draft.reply_to or None}
    if not draft.media:
        return _make(account, media_type="TEXT", **said)
    if len(draft.media) == 1:
        return _make(account, **said, **_shown(draft.media[0]))
    parts = [_make(account, is_carousel_item="true", **_shown(picture)) for picture in draft.media]
    return _make(account, media_type="CAROUSEL", children=",".join(parts), **said)


def _make(account: Account, **said: Any) -> str:
    return str(_graph(account).post(f"{account.credentials['user_id']}/threads", **said)["id"])


def _shown(picture: Picture) -> dict[str, str | None]:
    return {"media_type": "IMAGE", "image_url": picture.url, "alt_text": picture.alt or None}
