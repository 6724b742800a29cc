"""Instagram's professional accounts: a container that Meta fills from addresses of ours, then one call that publishes it.

developers.facebook.com/docs/instagram-platform/content-publishing and its reference, read in November 2026.
"""

from datetime import datetime, timedelta
from typing import Any

from dispatch.outcomes import Deferred, Outcome, Refused, Sent, Unknown
from dispatch.social.networks import allowances, answers, checking, containers, graph, publicly
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
from dispatch.social.networks.graph import FAILURES, Graph

HOST = "https://graph.instagram.com"
"""Of tokens from Instagram's own login; those from Facebook's begin with EAA and speak at Facebook's host."""
AUTHORIZE = "https://www.instagram.com/oauth/authorize"
TOKEN = "https://api.instagram.com/oauth/access_token"  # noqa: S105 - an address
EXCHANGE = f"{HOST}/access_token"
"""A short-lived token for one of sixty days: GET with grant_type=ig_exchange_token."""
USED_UP = 24
"""What is said of a container that was published before: of whatever says so, something may be out."""
LIMITS = Limits(
    longest=2200,
    unit="characters",
    pictures=10,
    pictures_needed=1,
    pictures_by_address=True,
    picture_bytes=8_000_000,
    picture_side=1440,
    picture_kinds=("image/jpeg",),
    frame=(4 / 5, 1.91),
    alt_longest=1000,
    comments=True,
    deletes=True,
)
MOST_TAGS, MOST_MENTIONS = 30, 20
SHELF = containers.Shelf("media_publish", "media", "media", "status_code", "status", "caption")
SOON = timedelta(days=10)
"""A token lives for sixty days; it is renewed this long before its end."""


class Instagram:
    """See Network and Renewing. Credentials: user_id, access_token; and of Instagram's own login expires_at (ISO)."""

    name = "instagram"

    def replays(self, draft: Draft) -> bool:
        """A container is published once; a comment is as new each time."""
        return not draft.reply_to

    def limits(self, account: Account) -> Limits:  # noqa: ARG002 - the contract's shape
        """POST /{user}/media's."""
        return LIMITS

    def count(self, text: str, account: Account) -> int:  # noqa: ARG002 - the contract's shape
        """Characters."""
        return len(text)

    def check(self, draft: Draft, account: Account) -> list[str]:
        """By its limits; a comment takes no pictures and needs none."""
        problems = checking.problems(draft, account, LIMITS, self.count(draft.text, account))
        for sign, most, what in (("#", MOST_TAGS, "hashtags"), ("@", MOST_MENTIONS, "mentions")):
            count = sum(word.startswith(sign) and len(word) > 1 for word in draft.text.split())
            if count > most:
                problems.append(f"{count} {what}, {most} fit")
        return problems

    def prepare(self, draft: Draft, account: Account) -> Prepared:
        """POST /{user}/media: one picture, or one container for each and a carousel around them."""
        return {} if draft.reply_to else containers.prepare(lambda: _container(draft, account), _place(account))

    def publish(self, draft: Draft, account: Account) -> Outcome:
        """POST /{user}/media_publish; a comment: POST /{media}/comments."""
        if not draft.reply_to:
            return containers.publish(_place(account), draft)
        try:
            number = str(_graph(account).post(f"{draft.reply_to}/comments", message=draft.text)["id"])
        except FAILURES as error:
            if isinstance(error, graph.Failed) and error.code == USED_UP:
                return Unknown(reason="the network says that it was used up", evidence={"words": str(error)[:300]})
            return graph.outcome(error)
        return Sent(remote_id=number)

    def find(self, draft: Draft, account: Account) -> Look:
        """By the container; a comment among the post's own."""
        if not draft.reply_to:
            return containers.find(_place(account), draft)
        since = (draft.created_at - CLOCKS_DIFFER).timestamp() if draft.created_at else 0.0
        try:
            said = _graph(account).get(f"{draft.reply_to}/comments", fields="id,text,timestamp", limit=50)["data"]
            mine = [one for one in said if one["text"].split() == draft.text.split()]
            found = next((one for one in mine if graph.moment(one["timestamp"]) >= since), None)
        except FAILURES as error:
            return CannotTell(str(error)[:200] or type(error).__name__)
        return Found(str(found["id"]), "") if found else NotFound()

    def edit(self, remote_id: str, draft: Draft, account: Account) -> Outcome | Unsupported:  # noqa: ARG002
        """The API changes no caption."""
        return Unsupported()

    def delete(self, remote_id: str, account: Account) -> Outcome | Unsupported:
        """DELETE /{media} or /{comment}; media only with a token of Facebook's login and instagram_manage_contents."""
        try:
            _graph(account).delete(remote_id)
        except FAILURES as error:
            return Sent(remote_id=remote_id) if graph.is_gone(error) else graph.outcome(error)
        return Sent(remote_id=remote_id)

    def counts(self, remote_id: str, account: Account) -> Counts | CannotTell:
        """GET /{media} (reference/ig-media#fields); reposts are not told. Without like_count its owner hides likes."""
        try:
            said = _graph(account).get(remote_id, fields="like_count,comments_count")
        except FAILURES as error:
            return graph.untold(error)
        return publicly.of(said, replies="comments_count", likes="like_count")

    def probe(self, account: Account) -> Health:
        """Who we are there, and how many posts are left today (GET /{user}/content_publishing_limit)."""
        owner, end = account.credentials["user_id"], ends(account.credentials)
        try:
            me = _graph(account).get(owner, fields="username")
            used, most = _quota(account)
        except FAILURES as error:
            return answers.ill(graph.outcome(error))
        if used >= most:
            return Health(ok=False, words=f"today's {most} posts are used up", expires_at=end)
        words = f"signed in as {me['username']}, {most - used} posts left today"
        left = allowances.known(allowances.Allowance("posts in 24 hours", most - used))
        return Health(ok=True, words=words, expires_at=end, known=left)

    def renews_at(self, account: Account) -> datetime | None:
        """Days before a token of Instagram's own login ends."""
        end = ends(account.credentials)
        return end - SOON if end and not _by_facebook(account) else None

    def renew(self, account: Account) -> Renewed | Deferred | Refused:
        """GET /refresh_access_token with ig_refresh_token: a token that is a day old, for sixty days more."""
        place = (account.server or HOST).rstrip("/")
        return graph.renewed(f"{place}/refresh_access_token", "ig_refresh_token", account, TIMEOUT)


def _by_facebook(account: Account) -> bool:
    return account.credentials["access_token"].startswith("EAA")


def _graph(account: Account) -> Graph:
    host = "https://graph.facebook.com" if _by_facebook(account) else HOST
    return Graph(graph.root(account.server, host), account.credentials["access_token"], TIMEOUT)


def _place(account: Account) -> containers.Place:
    return containers.Place(_graph(account), account.credentials["user_id"], SHELF)


def _container(draft: Draft, account: Account) -> str:
    if len(draft.media) == 1:
        return _make(account, caption=draft.text, **_shown(draft.media[0]))
    parts = [_make(account, is_carousel_item="true", **_shown(picture)) for picture in draft.media]
    return _make(account, media_type="CAROUSEL", caption=draft.text, children=",".join(parts))


def _make(account: Account, **said: Any) -> str:
    return str(_graph(account).post(f"{account.credentials['user_id']}/media", **said)["id"])


def _shown(picture: Picture) -> dict[str, str | None]:
    return {"image_url": picture.url, "alt_text": picture.alt or None}


def _quota(account: Account) -> tuple[int, int]:
    """How many posts were published in the last day, and how many may be; Meta's number differs by account."""
    path = f"{account.credentials['user_id']}/content_publishing_limit"
    (told,) = _graph(account).get(path, fields="config,quota_usage")["data"]
    return int(told["quota_usage"]), int(told["config"]["quota_total"])
