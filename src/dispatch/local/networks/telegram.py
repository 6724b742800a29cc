"""Telegram's Bot API (core.telegram.org/bots/api): send, with and without pictures, edit, delete, pin, who and where."""

import html
import json
import re
import time
from typing import Any

from dispatch.local.networks import saying
from dispatch.local.networks.server import Answer, Request, Speaker
from dispatch.local.networks.store import Store
from dispatch.social import counting

TAG = re.compile(r"</?(?:b|strong|i|em|u|s|code|pre|blockquote|tg-spoiler|a)(?: href=\"[^\"<>]*\")?>")
_CHAT = {"id": -1001, "type": "channel", "title": "Office", "username": "office"}
_GIFTS = dict.fromkeys(
    ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"), False
)


def answer(request: Request, store: Store) -> Answer:
    """By the name of the method."""
    method = request.path.rpartition("/")[2]
    if method == "getMe":
        return _done({"id": 42, "is_bot": True, "first_name": "Office", "username": "office_bot"})
    if method == "getChat":
        return _done(_CHAT | {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": _GIFTS})
    if method == "getChatMember":  # core.telegram.org/bots/api#chatmemberadministrator
        who = {"id": 42, "is_bot": True, "first_name": "Office"}
        return _done({"status": "administrator", "user": who, "can_post_messages": True})
    if publishes(request):
        return _send(method, request, store)
    if method in {"editMessageText", "editMessageCaption", "deleteMessage", "deleteMessages", "pinChatMessage"}:
        return _change(method, request, store)
    return Answer({"ok": False, "error_code": 404, "description": "Not Found"}, 404)


def publishes(request: Request) -> bool:
    """sendMessage, sendPhoto, sendMediaGroup."""
    return "/send" in request.path


def _send(method: str, request: Request, store: Store) -> Answer:
    reply = json.loads(str(request.body.get("reply_parameters", "{}"))).get("message_id", 0)
    if reply and store.get(reply) is None:
        return _refused("message to be replied not found")
    if method == "sendMessage":
        text, wrong = _read(str(request.body.get("text", "")), request.body.get("parse_mode"), 4096)
        if wrong or not text:
            return _refused(wrong or "message text is empty")
        raw = {"text": text, "reply": reply}
        return _done(_message(store.add("telegram", "@office", text, raw, link=saying.link(text)), text=text))
    if method == "sendPhoto":
        shown = [
            {"media": request.body.get("photo"), **{name: request.body.get(name) for name in ("caption", "parse_mode")}}
        ]
    else:
        shown = json.loads(str(request.body.get("media", "[]")))
        if not 2 <= len(shown) <= 10:
            return _refused("wrong number of media in the group")
    return _pictures(method, shown, request, store, reply)


def _pictures(method: str, shown: list[Any], request: Request, store: Store, reply: int) -> Answer:
    """One message for each picture; the first has the caption, and stands for all in the store."""
    text, wrong = _read(str(shown[0].get("caption") or ""), shown[0].get("parse_mode"), 1024)
    if wrong:
        return _refused("message caption is too long" if "long" in wrong else wrong)
    contents = [_attached(one["media"], request) for one in shown]
    if not all(contents):
        return _refused("there is no photo in the request")
    numbers = [store.keep("telegram", content, kind="photo") for content in contents]
    raw = {"text": text, "reply": reply}
    first = store.add("telegram", "@office", text, raw, link=saying.link(text), pictures=numbers)
    sizes = {"photo": [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]}
    messages = [
        _message(first, caption=text, **sizes),
        *(_message(first * 1000 + n, **sizes) for n in range(1, len(shown))),
    ]
    return _done(messages[0] if method == "sendPhoto" else messages)


def _attached(media: Any, request: Request) -> bytes:
    """Files are named as "attach://name", or stand in the field itself."""
    name = str(media).removeprefix("attach://") if not isinstance(media, bytes) else ""
    found = media if isinstance(media, bytes) else request.body.get(name, b"")
    return found if isinstance(found, bytes) else b""


def _change(method: str, request: Request, store: Store) -> Answer:
    numbers = json.loads(str(request.body.get("message_ids", "[]"))) or [int(request.body.get("message_id", 0))]
    post = store.get(numbers[0])
    if post is None:
        return _refused("message to delete not found" if "delete" in method else "message to edit not found")
    if method.startswith("delete"):
        store.remove(post.id)
    if not method.startswith("edit"):
        return _done(True)
    caption = method == "editMessageCaption"
    if caption != bool(post.pictures):
        return _refused(
            "there is no caption in the message to edit" if caption else "there is no text in the message to edit"
        )
    said = request.body.get("caption" if caption else "text", "")
    text, wrong = _read(str(said), request.body.get("parse_mode"), 1024 if caption else 4096)
    if wrong:
        return _refused(wrong)
    if text == post.text:
        return _refused("message is not modified: specified new message content and reply markup are exactly the same")
    store.change(post.id, text)
    return _done(_message(post.id, **{"caption" if caption else "text": text}))


def _read(text: str, mode: Any, longest: int) -> tuple[str, str]:
    """What a reader sees of it, and what is wrong with it."""
    if mode == "HTML":
        if not _is_html(text):
            return "", "can't parse entities"
        text = html.unescape(TAG.sub("", text))
    return text, "message is too long" if counting.utf16(text) > longest else ""


def _is_html(text: str) -> bool:
    """Only its own tags, closed in order, and no stray < (core.telegram.org/bots/api#html-style)."""
    still_open: list[str] = []
    for tag in TAG.findall(text):
        name = tag.strip("</>").partition(" ")[0]
        if not tag.startswith("</"):
            still_open.append(name)
        elif not still_open or still_open.pop() != name:
            return False
    return not still_open and "<" not in TAG.sub("", text)


def _message(number: int, **content: Any) -> dict[str, Any]:
    return {"message_id": number, "date": int(time.time()), "chat": _CHAT, **content}


def _done(result: Any) -> Answer:
    return Answer({"ok": True, "result": result})


def _refused(why: str) -> Answer:
    return Answer({"ok": False, "error_code": 400, "description": f"Bad Request: {why}"}, 400)


def limited(later: int) -> Answer:
    """core.telegram.org/bots/api#responseparameters."""
    wait = max(1, later - int(time.time()))
    words = f"Too Many Requests: retry after {wait}"
    return Answer({"ok": False, "error_code": 429, "description": words, "parameters": {"retry_after": wait}}, 429)


SPEAKER = Speaker(
    answer, publishes, limited, {"token": "1000000001:demo-token-of-nobody-0000000000000"}, account="@office"
)
