"""Mastodon: any instance, through Mastodon.py. Its limits are its own; an Idempotency-Key makes a repeat safe for an hour."""

import contextlib
import html
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import mastodon
import requests

from dispatch.outcomes import Deferred, Outcome, Refused, Sent
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

KNOWN = ("max_characters", "characters_reserved_per_url", "max_media_attachments")
FAILURES = (mastodon.MastodonError, requests.RequestException, *answers.UNREADABLE)


class Mastodon:
    """See Network. Credentials: access_token."""

    name = "mastodon"
    replays = True

    def limits(self, account: Account) -> Limits:
        """As the instance says (GET /api/v2/instance), Mastodon's own defaults until it was asked."""
        said = account.known.get("statuses", {})
        return Limits(
            longest=int(said.get("max_characters", 500)),
            link_cost=int(said.get("characters_reserved_per_url", 23)),
            unit="characters",
            edits=True,
            deletes=True,
        )

    def count(self, text: str, account: Account) -> int:
        """StatusLengthValidator's way."""
        return counting.mastodon(text, self.limits(account).link_cost or 23)

    def check(self, draft: Draft, account: Account) -> list[str]:
        """By its limits."""
        return checking.problems(draft, account, self.limits(account), self.count(draft.text, account))

    def prepare(self, draft: Draft, account: Account) -> Prepared:  # noqa: ARG002 - the contract's shape
        """Nothing is put there first."""
        return {}

    def publish(self, draft: Draft, account: Account) -> Outcome:
        """POST /api/v1/statuses with an Idempotency-Key."""
        try:
            with _client(account) as client:
                status = client.status_post(
                    draft.text, language=draft.language, idempotency_key=draft.key, visibility="public"
                )
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
        """PUT /api/v1/statuses/:id."""
        try:
            with _client(account) as client:
                status = client.status_update(remote_id, draft.text)
        except FAILURES as error:
            return _outcome(error)
        return Sent(remote_id=remote_id, url=str(status["url"] or ""))

    def delete(self, remote_id: str, account: Account) -> Outcome | Unsupported:
        """DELETE /api/v1/statuses/:id."""
        try:
            with _client(account) as client:
                client.status_delete(remote_id)
        except FAILURES as error:
            return _outcome(error)
        return Sent(remote_id=remote_id)

    def probe(self, account: Account) -> Health:
        """Who we are there, and what the instance allows."""
        try:
            with _client(account) as client:
                me = client.account_verify_credentials()
                statuses = client.instance_v2()["configuration"]["statuses"]
            known = {"statuses": {name: statuses[name] for name in KNOWN if name in statuses}}
            words = f"signed in as {me['acct']}"
        except FAILURES as error:
            return Health(ok=False, words=_outcome(error).reason)
        return Health(ok=True, words=words, known=known)


@contextlib.contextmanager
def _client(account: Account) -> Iterator[Any]:
    with requests.Session() as session:
        client = mastodon.Mastodon(
            access_token=account.credentials["access_token"],
            api_base_url=account.server,
            request_timeout=TIMEOUT,
            ratelimit_method="throw",
            version_check_mode="none",
            session=session,
        )
        try:
            yield client
        except mastodon.MastodonRatelimitError as error:
            raise _Later(client.ratelimit_reset) from error


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


def _is(status: Any, draft: Draft) -> bool:
    if draft.created_at is not None and status["created_at"] < draft.created_at - CLOCKS_DIFFER:
        return False
    return (draft.link or draft.text) in html.unescape(str(status["content"]))
