"""Telegram: a bot that is a channel's administrator. It cannot look at the channel, so a person settles what is unknown."""

import asyncio
import html
import os
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import telegram
from telegram import InputMediaPhoto, LinkPreviewOptions, ReplyParameters
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
ENTITIES = int(telegram.constants.MessageLimit.MESSAGE_ENTITIES)
LIMITS = Limits(
    longest=LONGEST,
    longest_caption=int(telegram.constants.MessageLimit.CAPTION_LENGTH),
    unit="characters",
    counting="Telegram counts most emoji as two characters, some as more.",
    pictures=int(telegram.constants.MediaGroupLimit.MAX_MEDIA_LENGTH),
    picture_bytes=int(telegram.constants.FileSizeLimit.PHOTOSIZE_UPLOAD),
    picture_side=2560,
    frame=(1 / 20, 20.0),
    threads=True,
    comments=True,
    edits=True,
    deletes=True,
)
MARKED = re.compile(r"https?://\S+|[@#]\w+")
GONE, SAME = "message to delete not found", "message is not modified"
FAILURES = (TelegramError, OSError, *answers.UNREADABLE)
DEFINITE = (BadRequest, Forbidden, InvalidToken, ChatMigrated, Conflict)


class Telegram:
    """See Network. Credentials: token. The channel's (or group's) account is its @name or number.

    A post's settings: `pin`. The messages of an album are one post: its name is their numbers with commas between."""

    name = "telegram"

    def replays(self, draft: Draft) -> bool:  # noqa: ARG002 - the contract's shape
        """Nothing makes a repeat safe."""
        return False

    def limits(self, account: Account) -> Limits:  # noqa: ARG002 - the contract's shape
        """telegram.constants."""
        return LIMITS

    def count(self, text: str, account: Account) -> int:  # noqa: ARG002 - the contract's shape
        """UTF-16 code units."""
        return counting.utf16(text)

    def check(self, draft: Draft, account: Account) -> list[str]:
        """By its limits, and not more links, mentions and hashtags than it would mark."""
        problems = checking.problems(draft, account, LIMITS, self.count(draft.text, account))
        marked = len(MARKED.findall(draft.text))
        more = [f"{marked} links, mentions and hashtags, {ENTITIES} fit"] if marked >= ENTITIES else []
        return problems + more

    def prepare(self, draft: Draft, account: Account) -> Prepared:  # noqa: ARG002 - the contract's shape
        """Nothing is put there first."""
        return {}

    def publish(self, draft: Draft, account: Account) -> Outcome:
        """sendMessage, sendPhoto or sendMediaGroup, once. The title is bold; all else that looks like markup is text."""
        reply = ReplyParameters(int(_numbers(draft.reply_to)[0])) if draft.reply_to else None
        method, what = _message(draft)
        try:
            answer = _ask(account, method, account.name, reply_parameters=reply, **what)
            sent = list(answer) if method == "send_media_group" else [answer]
            name, url = ",".join(str(one.message_id) for one in sent), str(sent[0].link or "")
        except FAILURES as error:
            return _outcome(error)
        return Sent(remote_id=name, url=url, evidence=_pinned(draft, name, account))

    def find(self, draft: Draft, account: Account) -> Look:  # noqa: ARG002 - the contract's shape
        """The Bot API has no way to read a channel's history."""
        return CannotTell("a Telegram bot cannot read its channel; look there and decide")

    def edit(self, remote_id: str, draft: Draft, account: Account) -> Outcome | Unsupported:
        """editMessageText, or editMessageCaption of what has pictures."""
        number, said = int(_numbers(remote_id)[0]), {"parse_mode": ParseMode.HTML}
        try:
            if draft.media:
                _ask(account, "edit_message_caption", account.name, number, caption=marked_up(draft), **said)
            else:
                _ask(account, "edit_message_text", marked_up(draft), account.name, number, **said, **_preview(draft))
        except FAILURES as error:
            return Sent(remote_id=remote_id) if _says(error, SAME) else _outcome(error)
        return Sent(remote_id=remote_id)

    def delete(self, remote_id: str, account: Account) -> Outcome | Unsupported:
        """deleteMessage, or deleteMessages of an album."""
        numbers = [int(number) for number in _numbers(remote_id)]
        try:
            if len(numbers) > 1:
                _ask(account, "delete_messages", account.name, numbers)
            else:
                _ask(account, "delete_message", account.name, numbers[0])
        except FAILURES as error:
            return Sent(remote_id=remote_id) if _says(error, GONE) else _outcome(error)
        return Sent(remote_id=remote_id)

    def probe(self, account: Account) -> Health:
        """getMe and getChat."""
        try:
            me = _ask(account, "get_me")
            chat = _ask(account, "get_chat", account.name)
        except FAILURES as error:
            return answers.ill(_outcome(error))
        return Health(ok=True, words=f"@{me.username} in {chat.title or chat.id}")


def marked_up(draft: Draft) -> str:
    """HTML in Telegram's sense; markup does not count towards its limit (core.telegram.org/bots/api#html-style)."""
    text, title = html.escape(draft.text, quote=False), html.escape(draft.title, quote=False)
    return f"<b>{title}</b>{text[len(title) :]}" if title and text.startswith(title) else text


def _message(draft: Draft) -> tuple[str, dict[str, Any]]:
    """The method that sends it, and what it is sent with."""
    said: dict[str, Any] = {"parse_mode": ParseMode.HTML}
    if not draft.media:
        return "send_message", {"text": marked_up(draft), **said, **_preview(draft)}
    caption: dict[str, Any] = {"caption": marked_up(draft), **said}
    if len(draft.media) == 1:
        return "send_photo", {"photo": draft.media[0].content, **caption}
    first, *others = (picture.content for picture in draft.media)
    return "send_media_group", {"media": [InputMediaPhoto(first, **caption), *map(InputMediaPhoto, others)]}


def _preview(draft: Draft) -> dict[str, Any]:
    options = LinkPreviewOptions(url=draft.link or None, is_disabled=not draft.link, prefer_large_media=True)
    return {"link_preview_options": options}


def _pinned(draft: Draft, name: str, account: Account) -> dict[str, Any]:
    """pinChatMessage where that is wanted. It is out already, so what goes wrong here is only told."""
    if not draft.settings.get("pin"):
        return {}
    try:
        _ask(account, "pin_chat_message", account.name, int(_numbers(name)[0]), disable_notification=True)
    except FAILURES as error:
        return {"pinned": False, "words": _outcome(error).reason}
    return {"pinned": True}


def _numbers(name: str) -> list[str]:
    return name.split(",")


def _says(error: Exception, words: str) -> bool:
    return isinstance(error, BadRequest) and words in error.message.lower()


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
    if isinstance(error, InvalidToken):
        return Refused(reason=error.message[:300], code="401")
    if isinstance(error, DEFINITE):
        return Refused(reason=error.message[:300], code="400")
    return answers.of_failure(error)
