"""Facebook Pages through the Graph API. Nothing makes a repeat safe: an unknown outcome is looked for in the Page's feed.

developers.facebook.com/docs/pages-api/posts and /docs/graph-api/reference/page/feed, /photos; read in November 2026.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from dispatch.outcomes import Deferred, Outcome, Refused, Sent
from dispatch.social.networks import allowances, answers, calling, checking, graph, publicly
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

HOST = "https://graph.facebook.com"
AUTHORIZE = f"https://www.facebook.com/{graph.VERSION}/dialog/oauth"
TOKEN = f"{HOST}/{graph.VERSION}/oauth/access_token"
LIMITS = Limits(
    longest=63_206,
    unit="characters",
    pictures=10,
    picture_bytes=4_000_000,
    picture_kinds=("image/jpeg", "image/png"),
    alt_longest=1000,
    comments=True,
    edits=True,
    deletes=True,
)
COMMENTING = "pages_manage_engagement"
FIELDS = "id,message,created_time,permalink_url,attachments{unshimmed_url}"
COUNTED = "comments.limit(0).summary(total_count),reactions.limit(0).summary(total_count),shares"
COMMENT_FIELDS = "id,message,created_time,permalink_url"
SOON = timedelta(days=10)
"""A user's long-lived token lives for sixty days; it is renewed this long before its end."""


class Facebook:
    """See Network and Renewing. Credentials: page_id, access_token (the Page's); and for a Page token that ends with its
    user's: user_token (long-lived), app_id, app_secret, expires_at (ISO)."""

    name = "facebook"

    def replays(self, draft: Draft) -> bool:  # noqa: ARG002 - the contract's shape
        """Nothing makes a repeat safe."""
        return False

    def limits(self, account: Account) -> Limits:  # noqa: ARG002 - the contract's shape
        """A feed's."""
        return LIMITS

    def count(self, text: str, account: Account) -> int:  # noqa: ARG002 - the contract's shape
        """Characters."""
        return len(text)

    def check(self, draft: Draft, account: Account) -> list[str]:
        """By its limits."""
        return checking.problems(draft, account, LIMITS, self.count(draft.text, account))

    def prepare(self, draft: Draft, account: Account) -> Prepared:
        """POST /{page}/photos, unpublished, for each picture."""
        try:
            numbers = [_upload(account, picture) for picture in draft.media]
        except FAILURES as error:
            return answers.before_publishing(graph.outcome(error))
        return {"photos": numbers} if numbers else {}

    def publish(self, draft: Draft, account: Account) -> Outcome:
        """POST /{page}/feed, or to what is commented on /comments."""
        path, said = _post(draft, account)
        try:
            number = str(_graph(account).post(path, **said)["id"])
        except FAILURES as error:
            return graph.outcome(error)
        return Sent(remote_id=number, url=_address(number))

    def find(self, draft: Draft, account: Account) -> Look:
        """In the Page's feed, or among the comments, since the first attempt: by the link, or else the text."""
        since = int((draft.created_at - CLOCKS_DIFFER).timestamp()) if draft.created_at else 0
        try:
            if draft.reply_to:
                query = {"fields": COMMENT_FIELDS, "filter": "stream", "order": "reverse_chronological", "limit": 50}
                posts = _graph(account).get(f"{draft.reply_to}/comments", **query)["data"]
            else:
                query = {"fields": FIELDS, "since": since, "limit": 50}
                posts = _graph(account).get(f"{account.credentials['page_id']}/feed", **query)["data"]
            found = next(
                (post for post in posts if graph.moment(post["created_time"]) >= since and _is(post, draft)), None
            )
            look = Found(str(found["id"]), str(found.get("permalink_url") or _address(found["id"]))) if found else None
        except FAILURES as error:
            return CannotTell(str(error)[:200] or type(error).__name__)
        return look or NotFound()

    def edit(self, remote_id: str, draft: Draft, account: Account) -> Outcome | Unsupported:
        """POST /{post} or /{comment} with its new message."""
        try:
            _graph(account).post(remote_id, message=draft.text)
        except FAILURES as error:
            return graph.outcome(error)
        return Sent(remote_id=remote_id)

    def delete(self, remote_id: str, account: Account) -> Outcome | Unsupported:
        """DELETE /{post} or /{comment}."""
        try:
            _graph(account).delete(remote_id)
        except FAILURES as error:
            return Sent(remote_id=remote_id) if graph.is_gone(error) else graph.outcome(error)
        return Sent(remote_id=remote_id)

    def counts(self, remote_id: str, account: Account) -> Counts | CannotTell:
        """GET /{page post} with totals alone, of nobody's names (docs/graph-api/reference/page-post)."""
        try:
            said = _graph(account).get(remote_id, fields=COUNTED)
            totals = {
                edge: said.get(edge, {}).get("summary", {}).get("total_count") for edge in ("comments", "reactions")
            }
            totals["shares"] = said.get("shares", {}).get("count", 0)  # left out where there are none
        except FAILURES as error:
            return graph.untold(error)
        return publicly.of(totals, replies="comments", likes="reactions", reposts="shares")

    def probe(self, account: Account) -> Health:
        """Which Page the token speaks for, and until when (GET /debug_token)."""
        try:
            answer = _graph(account).answer("GET", "me", params={"fields": "id,name"})
            page = graph.read(answer)
            told = _graph(account).get("debug_token", input_token=account.credentials["access_token"])["data"]
            words = _wrong(page, told, account) or f"signed in as {page['name']}{_without(told)}"
            end = graph.moment_of(told.get("expires_at")) or ends(account.credentials)
        except FAILURES as error:
            return answers.ill(graph.outcome(error))
        known = allowances.known(graph.left(answer.headers))
        return Health(ok=not _wrong(page, told, account), words=words, expires_at=end, known=known)

    def renews_at(self, account: Account) -> datetime | None:
        """Days before the user's token ends, where the app's keys are here to ask for another."""
        keys, end = account.credentials, ends(account.credentials)
        wanted = all(keys.get(name) for name in ("user_token", "app_id", "app_secret"))
        return end - SOON if end and wanted else None

    def renew(self, account: Account) -> Renewed | Deferred | Refused:
        """GET /oauth/access_token with fb_exchange_token, then the Page's own token by the user's new one
        (docs/facebook-login/guides/access-tokens/get-long-lived)."""
        keys = account.credentials
        app = {"client_id": keys["app_id"], "client_secret": keys["app_secret"]}
        form = {"grant_type": "fb_exchange_token", "fb_exchange_token": keys["user_token"], **app}
        place = graph.root(account.server, HOST)
        try:
            said = graph.read(calling.ask("POST", f"{place}/oauth/access_token", TIMEOUT, data=form))
            user = str(said["access_token"])
            page = Graph(place, user, TIMEOUT).get(keys["page_id"], fields="access_token")
            end = datetime.now(UTC) + timedelta(seconds=int(said.get("expires_in") or 60 * 86400))
            renewed = {"access_token": str(page["access_token"]), "user_token": user, "expires_at": end.isoformat()}
        except FAILURES as error:
            return answers.before_publishing(graph.outcome(error))
        return Renewed({**keys, **renewed}, end)


def _graph(account: Account) -> Graph:
    return Graph(graph.root(account.server, HOST), account.credentials["access_token"], TIMEOUT)


def _upload(account: Account, picture: Picture) -> str:
    files = {"source": ("picture", picture.content, picture.kind)}
    said = {"published": "false", "alt_text_custom": picture.alt or None}
    return str(_graph(account).post(f"{account.credentials['page_id']}/photos", files=files, **said)["id"])


def _post(draft: Draft, account: Account) -> tuple[str, Mapping[str, Any]]:
    """Where to, and what. Facebook makes the link's card itself; a post with photos has none."""
    if draft.reply_to:
        return f"{draft.reply_to}/comments", {"message": draft.text}
    path = f"{account.credentials['page_id']}/feed"
    photos = draft.prepared.get("photos")
    if photos:
        return path, {"message": draft.text, "attached_media": json.dumps([{"media_fbid": one} for one in photos])}
    return path, {"message": draft.text, "link": draft.link or None}


def _wrong(page: Mapping[str, Any], told: Mapping[str, Any], account: Account) -> str:
    """What of a token that lives keeps it from posting. Scopes are not told of every kind of token."""
    if str(page["id"]) != account.credentials["page_id"]:
        return f"the token speaks for {page['name']}, not for this Page; a Page token is needed"
    missing = [one for one in ("pages_manage_posts",) if told.get("scopes") and one not in told["scopes"]]
    return f"the token lacks {', '.join(missing)}" if missing else ""


def _without(told: Mapping[str, Any]) -> str:
    """What a token that posts may not do beside it: one that was given before comments were asked for."""
    lacks = told.get("scopes") and COMMENTING not in told["scopes"]
    return f"; without {COMMENTING}, so first comments are refused until it is reconnected" if lacks else ""


def _is(post: Mapping[str, Any], draft: Draft) -> bool:
    said = str(post.get("message") or "")
    if draft.link and draft.link in draft.text:
        return draft.link in said or draft.link in _links(post)
    return said.split() == draft.text.split()


def _links(post: Mapping[str, Any]) -> Iterable[str]:
    return [str(one.get("unshimmed_url")) for one in post.get("attachments", {}).get("data", [])]


def _address(number: Any) -> str:
    return f"https://www.facebook.com/{number}"
