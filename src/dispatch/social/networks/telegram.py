"""Telegram: a bot that is a channel's administrator. It cannot look at the channel, so a person settles what is unknown."""

import asyncio
import html
import os
from datetime import UTC, datetime, timedelta
from typing import Any

import telegram
from telegram import LinkPreviewOptions
from telegram.constants import ParseMode
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)
from telegram.request import HTTPXRequest

from dispatch.outcomes import Deferred, Outcome, Refused, Sent
from dispatch.social import counting
from dispatch.social.networks import answers, checking
from dispatch.social.networks.base import (
    TIMEOUT,
    Account,
    CannotTell,
    Draft,
    Health,
    Limits,
    Look,
    Prepared,
    Unsupported,
)

os.environ.setdefault("PTB_TIMEDELTA", "true")  # waits as timedelta, the library's own future
LONGEST = int(telegram.constants.MessageLimit.MAX_TEXT_LENGTH)
LIMITS = Limits(longest=LONGEST, unit="UTF-16 characters", edits=True, deletes=True)
FAILURES = (TelegramError, OSError, *answers.UNREADABLE)
DEFINITE = (BadRequest, Forbidden, InvalidToken, ChatMigrated, Conflict)


class Telegram:
    """See Network. Credentials: token. The channel's account is its @name or number."""

    name = "telegram"
    replays = False

    def limits(self, account: Account) -> Limits:  # noqa: ARG002 - the contract's shape
        """telegram.constants."""
        return LIMITS

    def count(self, text: str, account: Account) -> int:  # noqa: ARG002 - the contract's shape
        """UTF-16 code units."""
        return counting.utf16(text)

    def check(self, draft: Draft, account: Account) -> list[str]:
        """By its limits."""
        return checking.problems(draft, account, self.limits(account), self.count(draft.text, account))

    def prepare(self, draft: Draft, account: Account) -> Prepared:  # noqa: ARG002 - the contract's shape
        """Nothing is put there first."""
        return {}

    def publish(self, draft: Draft, account: Account) -> Outcome:
        """sendMessage, once. The title is bold; everything else that looks like markup is text."""
        preview = LinkPreviewOptions(url=draft.link or None, is_disabled=not draft.link, prefer_large_media=True)
        options = {"parse_mode": ParseMode.HTML, "link_preview_options": preview}
        try:
            sent = _ask(account, "send_message", account.name, marked_up(draft), **options)
        except FAILURES as error:
            return _outcome(error)
        return Sent(remote_id=str(sent.message_id), url=str(sent.link or ""))

    def find(self, draft: Draft, account: Account) -> Look:  # noqa: ARG002 - the contract's shape
        """The Bot API has no way to read a channel's history."""
        return CannotTell("a Telegram bot cannot read its channel; look there and decide")

    def edit(self, remote_id: str, draft: Draft, account: Account) -> Outcome | Unsupported:
        """editMessageText."""
        try:
            _ask(
                account, "edit_message_text", marked_up(draft), account.name, int(remote_id), parse_mode=ParseMode.HTML
            )
        except FAILURES as error:
            return _outcome(error)
        return Sent(remote_id=remote_id)

    def delete(self, remote_id: str, account: Account) -> Outcome | Unsupported:
        """deleteMessage."""
        try:
            _ask(account, "delete_message", account.name, int(remote_id))
        except FAILURES as error:
            return _outcome(error)
        return Sent(remote_id=remote_id)

    def probe(self, account: Account) -> Health:
        """getMe and getChat."""
        try:
            me = _ask(account, "get_me")
            chat = _ask(account, "get_chat", account.name)
        except FAILURES as error:
            return Health(ok=False, words=_outcome(error).reason)
        return Health(ok=True, words=f"@{me.username} in {chat.title or chat.id}")


def marked_up(draft: Draft) -> str:
    """HTML in Telegram's sense; markup does not count towards its limit (core.telegram.org/bots/api#html-style)."""
    text, title = html.escape(draft.text, quote=False), html.escape(draft.title, quote=False)
    return f"<b>{title}</b>{text[len(title) :]}" if title and text.startswith(title) else text


def _ask(account: Account, method: str, *args: Any, **kwargs: Any) -> Any:
    """One request in an event loop of its own; the library is asynchronous, the workers are not."""

    async def once() -> Any:
        request = HTTPXRequest(connect_timeout=TIMEOUT, read_timeout=TIMEOUT, write_timeout=TIMEOUT)
        base = f"{account.server.rstrip('/')}/bot" if account.server else "https://api.telegram.org/bot"
        bot = telegram.Bot(account.credentials["token"], base_url=base, request=request, get_updates_request=request)
        try:
            return await getattr(bot, method)(*args, **kwargs)
        finally:
            await request.shutdown()

    return asyncio.run(once())


def _outcome(error: Exception) -> answers.Trouble:
    if isinstance(error, RetryAfter):
        wait = error.retry_after
        until = datetime.now(UTC) + (wait if isinstance(wait, timedelta) else timedelta(seconds=wait))
        return Deferred(until=until, reason="Telegram asks for patience", code="429")
    if isinstance(error, DEFINITE):
        return Refused(reason=error.message[:300], code="400")
    return answers.of_failure(error)
