"""Mastodon: any instance, through Mastodon.py. Its limits are its own; an Idempotency-Key makes a repeat safe for an hour."""

import contextlib
import html
import io
import math
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import mastodon
import requests

from dispatch.outcomes import Deferred, Outcome, Refused, Sent
from dispatch.social import counting
from dispatch.social.networks import allowances, answers, checking, keeping, publicly
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
    Unsupported,
)

KNOWN = {
    "statuses": ("max_characters", "characters_reserved_per_url", "max_media_attachments"),
    "media_attachments": ("description_limit", "image_size_limit", "image_matrix_limit"),
}
REGISTER, AUTHORIZE, TOKEN = "/api/v1/apps", "/oauth/authorize", "/oauth/token"
"""On each instance of its own, where a program first makes itself known (docs.joinmastodon.org/methods/apps, /oauth)."""
WORKING = timedelta(seconds=10)
"""When to come back to pictures that the instance still works on."""
TAG = re.compile(r"<[^>]*>")
FAILURES = (mastodon.MastodonError, requests.RequestException, *answers.UNREADABLE)


class Mastodon:
    """See Network. Credentials: access_token."""

    name = "mastodon"

    def replays(self, draft: Draft) -> bool:  # noqa: ARG002 - the contract's shape
        """By the Idempotency-Key, for an hour."""
        return True

    def limits(self, account: Account) -> Limits:
        """As the instance says (GET /api/v2/instance), Mastodon's own defaults until it was asked."""
        known = ({name: said for name, said in account.known.get(part, {}).items() if said} for part in KNOWN)
        said, pictures = known  # an older instance says less
        return Limits(
            longest=int(said.get("max_characters", 500)),
            link_cost=int(said.get("characters_reserved_per_url", 23)),
            unit="characters",
            pictures=int(said.get("max_media_attachments", 4)),
            picture_bytes=int(pictures.get("image_size_limit", 8_000_000)),
            picture_side=min(4096, math.isqrt(int(pictures.get("image_matrix_limit", 16_777_216)))),
            picture_kinds=("image/jpeg", "image/png", "image/gif"),
            alt_longest=int(pictures.get("description_limit", 1500)),
            threads=True,
            comments=True,
            warnings=True,
            edits=True,
            deletes=True,
        )

    def count(self, text: str, account: Account) -> int:
        """StatusLengthValidator's way."""
        return counting.mastodon(text, self.limits(account).link_cost or 23)

    def check(self, draft: Draft, account: Account) -> list[str]:
        """By its limits; a content warning is a part of the text."""
        length = self.count(draft.text, account) + counting.graphemes(draft.content_warning)
        return checking.problems(draft, account, self.limits(account), length)

    def prepare(self, draft: Draft, account: Account) -> Prepared:
        """POST /api/v2/media for each picture."""
        if not draft.media:
            return {}
        try:
            with _client(account) as client:
                numbers = [_upload(client, picture) for picture in draft.media]
        except FAILURES as error:
            return answers.before_publishing(_outcome(error))
        return {"media": numbers}

    def publish(self, draft: Draft, account: Account) -> Outcome:
        """POST /api/v1/statuses with an Idempotency-Key."""
        try:
            with _client(account) as client:
                answer = _post(client, draft, account)
                if answer.status_code == 422 and _works_on(client, draft):
                    words = "the instance still works on the pictures"
                    return Deferred(until=datetime.now(UTC) + WORKING, reason=words, code="422")
            if answer.status_code != 200:
                return _refusal(answer)
            status = answer.json()
            number, url = str(status["id"]), str(status["url"] or "")
        except FAILURES as error:
            return _outcome(error)
        return Sent(remote_id=number, url=url)

    def find(self, draft: Draft, account: Account) -> Look:
        """Among the account's statuses since the first attempt, by the link or else the text."""
        try:
            with _client(account) as client:
                statuses = client.account_statuses(client.account_verify_credentials(), limit=40)
            found = next((Found(str(each["id"]), str(each["url"])) for each in statuses if _is(each, draft)), None)
        except FAILURES as error:
            return CannotTell(type(error).__name__)
        return found or NotFound()

    def edit(self, remote_id: str, draft: Draft, account: Account) -> Outcome | Unsupported:
        """PUT /api/v1/statuses/:id, with the pictures that it shows: an instance takes away those that are not named
        (UpdateStatusService)."""
        try:
            with _client(account) as client:
                before = client.status(remote_id)
                shown = [str(one["id"]) for one in before["media_attachments"]]
                is_sensitive = bool(draft.content_warning or (before["sensitive"] and not before["spoiler_text"]))
                told = {"spoiler_text": draft.content_warning, "sensitive": is_sensitive, "media_ids": shown}
                status = client.status_update(remote_id, draft.text, **told)
        except FAILURES as error:
            return _outcome(error)
        return Sent(remote_id=remote_id, url=str(status["url"] or ""))

    def delete(self, remote_id: str, account: Account) -> Outcome | Unsupported:
        """DELETE /api/v1/statuses/:id."""
        try:
            with _client(account) as client:
                client.status_delete(remote_id)
        except mastodon.MastodonNotFoundError:
            return Sent(remote_id=remote_id)
        except FAILURES as error:
            return _outcome(error)
        return Sent(remote_id=remote_id)

    def counts(self, remote_id: str, account: Account) -> Counts | CannotTell:
        """GET /api/v1/statuses/:id."""
        try:
            with _client(account) as client:
                said = client.status(remote_id)
        except FAILURES as error:
            return CannotTell(_outcome(error).reason)
        return publicly.of(said, replies="replies_count", likes="favourites_count", reposts="reblogs_count")

    def probe(self, account: Account) -> Health:
        """Who we are there, and what the instance allows."""
        try:
            with _client(account) as client:
                me = client.account_verify_credentials()
                left = _left(client)
                said = client.instance_v2()["configuration"]
            known = {part: {name: said[part].get(name) for name in names} for part, names in KNOWN.items()}
            words = f"signed in as {me['acct']}"
        except FAILURES as error:
            return answers.ill(_outcome(error))
        return Health(ok=True, words=words, known=known | left)


@contextlib.contextmanager
def _client(account: Account) -> Iterator[Any]:
    def make() -> tuple[Any, Callable[[], object]]:
        session = keeping.session(account.server)
        client = mastodon.Mastodon(
            access_token=account.credentials["access_token"],
            api_base_url=account.server,
            request_timeout=TIMEOUT,
            ratelimit_method="throw",
            version_check_mode="none",
            mastodon_version="4.0.0",  # any that has /api/v2/media; it would ask for it, again and again
            session=session,
        )
        return client, session.close

    name = ("mastodon", account.server, account.credentials["access_token"], str(TIMEOUT))
    with keeping.client(name, make) as client:
        try:
            yield client
        except mastodon.MastodonRatelimitError as error:
            raise _Later(client.ratelimit_reset) from error


def _left(client: Any) -> dict[str, Any]:
    """X-RateLimit-Remaining and -Reset, as the library read them (docs.joinmastodon.org/api/rate-limits)."""
    if client.ratelimit_lastcall is None:
        return {}
    reset = client.ratelimit_reset
    until = datetime.fromtimestamp(reset, UTC) if reset else None
    return allowances.known(allowances.Allowance("requests in 5 minutes", int(client.ratelimit_remaining), until))


class _Later(mastodon.MastodonRatelimitError):
    """The library's error, with the moment that only its client knows (X-RateLimit-Reset, seconds since 1970)."""

    def __init__(self, reset: float | None) -> None:
        super().__init__("Hit rate limit.")
        self.until = datetime.fromtimestamp(reset, UTC) if reset else None


def _outcome(error: Exception) -> answers.Trouble:
    if isinstance(error, _Later):
        return Deferred(until=error.until, reason="the instance asks for patience", code="429")
    if isinstance(error, mastodon.MastodonAPIError):
        status = next((int(arg) for arg in error.args if isinstance(arg, int)), 500)
        return answers.of_status(status, " ".join(str(arg) for arg in error.args[1:]))
    if isinstance(error, mastodon.MastodonIllegalArgumentError):
        return Refused(reason=str(error)[:300])
    return answers.of_failure(error)


def _upload(client: Any, picture: Picture) -> str:
    made = client.media_post(io.BytesIO(picture.content), mime_type=picture.kind, description=picture.alt or None)
    return str(made["id"])


def _post(client: Any, draft: Draft, account: Account) -> requests.Response:
    """What the instance says, whatever its status. Without the library: its types for a status cost more than the rest."""
    said = {"status": draft.text, "visibility": "public", "language": draft.language, "in_reply_to_id": draft.reply_to}
    form: dict[str, Any] = {name: value for name, value in said.items() if value}
    if draft.content_warning:
        form |= {"spoiler_text": draft.content_warning, "sensitive": "true"}
    if draft.prepared.get("media"):
        form["media_ids[]"] = draft.prepared["media"]
    headers = {"Authorization": f"Bearer {account.credentials['access_token']}", "Idempotency-Key": draft.key}
    session: requests.Session = client.session
    address = f"{account.server}/api/v1/statuses"
    return session.post(address, data=form, headers=headers, timeout=TIMEOUT, allow_redirects=False)


def _works_on(client: Any, draft: Draft) -> bool:
    """Whether it refused a status because it still works on its pictures: it has no address for them yet (206 when asked)."""
    return any(not client.media(number)["url"] for number in draft.prepared.get("media") or ())


def _refusal(answer: requests.Response) -> answers.Trouble:
    """By the instance's words; with 429 until the moment it says (docs.joinmastodon.org/api/rate-limits)."""
    try:
        words = answer.json()["error"]
    except answers.UNREADABLE:
        words = ""
    if answer.status_code == 429:
        until = _moment(answer.headers.get("X-RateLimit-Reset", ""))
        return Deferred(until=until, reason="the instance asks for patience", code="429")
    return answers.of_status(answer.status_code, f"{answer.reason} {words}".strip())


def _moment(said: str) -> datetime | None:
    """ISO 8601 as Mastodon writes it, or seconds since 1970 as GoToSocial does."""
    try:
        moment = datetime.fromtimestamp(int(said), UTC) if said.isdecimal() else datetime.fromisoformat(said)
    except (ValueError, OverflowError, OSError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _is(status: Any, draft: Draft) -> bool:
    """A part of a thread by what it replies to; else by its link, or by its text."""
    if draft.created_at is not None and status["created_at"] < draft.created_at - CLOCKS_DIFFER:
        return False
    if str(status["in_reply_to_id"] or "") != draft.reply_to:
        return False
    content = html.unescape(TAG.sub("", str(status["content"]).replace("<br", " <br").replace("</p>", " ")))
    said = draft.link if draft.link in draft.text else ""
    return _plain(said or draft.text) in _plain(content)


def _plain(text: str) -> str:
    return "".join(text.split())
