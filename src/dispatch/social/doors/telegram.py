"""Telegram: a bot's token, and the channel or group where it is an administrator (core.telegram.org/bots/api)."""

from collections.abc import Mapping
from typing import Any

from dispatch import fetching
from dispatch.social import programs
from dispatch.social.doors import asking
from dispatch.social.doors.base import Field, Identity, No, Way


class Telegram:
    """See Paste."""

    way = Way(
        network="telegram",
        name="bot",
        label="Connect a bot",
        words="Make a bot with @BotFather, make it an administrator that may post in your channel, and paste its token.",
        fields=(
            Field("token", "The bot's token", "such as 123456789:AA…", kind="password"),
            Field("account", "Channel or group", "its @name; for a private one its number, such as -1001234567890"),
        ),
    )

    def check(self, given: Mapping[str, str]) -> Identity:
        """getMe, getChat and getChatMember."""
        token, place = given["token"], _place(given["account"])
        program = programs.find("telegram")
        server = program.server if program else ""
        me = _ask(server, token, "getMe", "This is no token of a bot, or it was revoked")
        chat = _ask(
            server, token, "getChat", "The bot does not see that channel: is it an administrator?", chat_id=place
        )
        asked = {"chat_id": str(chat["id"]), "user_id": str(me["id"])}
        member = _ask(server, token, "getChatMember", "The bot cannot see its own rights there", **asked)
        if problem := _objection(chat, member):
            raise No(f"@{me['username']} {problem}")
        account = f"@{chat['username']}" if chat.get("username") else str(chat["id"])
        return Identity(key=str(chat["id"]), account=account, server=server, credentials={"token": token})


def _place(typed: str) -> str:
    text = typed.strip().removeprefix("https://t.me/").strip("/")
    return text if text.startswith(("@", "-")) or text.isdecimal() else f"@{text}"


def _objection(chat: Mapping[str, Any], member: Mapping[str, Any]) -> str:
    """Why it may not post (core.telegram.org/bots/api#chatmember); empty: it may."""
    status = member.get("status")
    if chat.get("type") == "channel":
        may = status == "creator" or (status == "administrator" and member.get("can_post_messages"))
        return (
            ""
            if may
            else "is no administrator of that channel that may post messages. Give it that right, then try again."
        )
    if status in {"creator", "administrator", "member"}:
        return ""
    return "may not write in that group. Add it, or make it an administrator, then try again."


def _ask(server: str, token: str, method: str, otherwise: str, **form: str) -> Any:
    """The token stands in the address, so no failure of the address is repeated in words."""
    url = f"{server or 'https://api.telegram.org'}/bot{token}/{method}"
    if not token.replace(":", "").replace("-", "").replace("_", "").isalnum():
        raise No("That is no bot's token: it has letters, digits, a colon and no spaces.")
    answer = fetching.send(url, form=form)
    if isinstance(answer, fetching.Fetched) and 400 <= answer.status < 500 and answer.status != 429:
        raise No(f"{otherwise.rstrip('?.')}{'?' if otherwise.endswith('?') else '.'}")
    return asking.read(answer, server or "https://api.telegram.org")["result"]
