"""How each network answers. Shapes are those of the providers' public documentation, as far as their clients read them:
docs.x.com/x-api, docs.joinmastodon.org, docs.bsky.app/docs/api, core.telegram.org/bots/api."""

import html
import re
import time
from datetime import UTC, datetime
from typing import Any

from dispatch.local.networks.server import Answer, Request
from dispatch.local.networks.store import Posted, Store
from dispatch.social import counting

LINK = re.compile(r"https?://\S+")


def x(request: Request, store: Store) -> Answer:
    """X API v2: me, own posts, create, delete."""
    if not request.headers.get("authorization"):
        return Answer({"title": "Unauthorized", "status": 401, "detail": "Unauthorized"}, 401)
    if request.path == "/2/users/me":
        return Answer({"data": {"id": "1", "name": "Office", "username": "office"}})
    if request.method == "POST" and request.path == "/2/tweets":
        return _x_create(str(request.body.get("text", "")), store)
    if request.path.endswith("/tweets"):
        since = request.query.get("start_time", "1970-01-01T00:00:00Z")
        earliest = datetime.fromisoformat(since).timestamp()
        posts = [_x_post(post) for post in store.posts("x", limit=40) if post.at >= earliest]
        return Answer({"data": posts, "meta": {"result_count": len(posts)}} if posts else {"meta": {"result_count": 0}})
    if request.method == "DELETE":
        store.remove(int(request.path.rpartition("/")[2]))
        return Answer({"data": {"deleted": True}})
    return Answer({"title": "Not Found", "status": 404}, 404)


def _x_create(text: str, store: Store) -> Answer:
    if not text or counting.x(text) > 280:
        return Answer({"title": "Invalid Request", "status": 400, "detail": "Your Tweet text is too long."}, 400)
    recent = [post for post in store.posts("x", limit=50) if post.at > time.time() - 12 * 3600]
    if any(post.text == text for post in recent):
        words = "You are not allowed to create a Tweet with duplicate content."
        return Answer({"title": "Forbidden", "status": 403, "detail": words}, 403)
    number = store.add("x", "office", text, {"text": text}, link=_link(text))
    return Answer({"data": {"id": str(number), "text": text}}, 201)


def _x_post(post: Posted) -> dict[str, Any]:
    links = [{"url": "https://t.co/x", "expanded_url": link} for link in LINK.findall(post.text)]
    number = str(post.id)
    return {"id": number, "text": post.text, "edit_history_tweet_ids": [number], "entities": {"urls": links}}


def mastodon(request: Request, store: Store) -> Answer:
    """An instance: its limits, who we are, statuses with Idempotency-Key."""
    if request.path == "/api/v2/instance":
        statuses = {"max_characters": 500, "max_media_attachments": 4, "characters_reserved_per_url": 23}
        return Answer(
            {
                "domain": "social.example.org",
                "title": "Example",
                "version": "4.5.0",
                "configuration": {"statuses": statuses},
            }
        )
    if not request.headers.get("authorization"):
        return Answer({"error": "The access token is invalid"}, 401)
    if request.path == "/api/v1/accounts/verify_credentials":
        return Answer(_MASTODON_ACCOUNT)
    if request.method == "POST" and request.path == "/api/v1/statuses":
        return _mastodon_create(request, store)
    if request.path.endswith("/statuses"):
        return Answer([_status(post) for post in store.posts("mastodon", limit=40)])
    last = request.path.rpartition("/")[2]
    number = int(last) if last.isdigit() else 0
    if request.method == "PUT":
        store.change(number, str(request.body.get("status", "")))
    post = store.get(number)
    if request.method == "DELETE":
        store.remove(number)
    return Answer(_status(post)) if post else Answer({"error": "Record not found"}, 404)


_MASTODON_ACCOUNT = {
    "id": "1",
    "username": "office",
    "acct": "office",
    "display_name": "Office",
    "url": "https://social.example.org/@office",
}


def _mastodon_create(request: Request, store: Store) -> Answer:
    text, key = str(request.body.get("status", "")), request.headers.get("idempotency-key", "")
    if key and (known := store.posts("mastodon", key=key)):
        return Answer(_status(known[0]))
    if counting.mastodon(text, 23) > 500:
        return Answer({"error": "Validation failed: Text character limit of 500 exceeded"}, 422)
    language = str(request.body.get("language", ""))
    number = store.add("mastodon", "office", text, dict(request.body), key=key, link=_link(text), language=language)
    post = store.get(number)
    assert post is not None
    return Answer(_status(post))


def _status(post: Posted) -> dict[str, Any]:
    url = f"https://social.example.org/@office/{post.id}"
    moment = datetime.fromtimestamp(post.at, UTC).isoformat()
    content = f"<p>{html.escape(post.text, quote=False)}</p>"
    return {
        "id": str(post.id),
        "url": url,
        "uri": url,
        "content": content,
        "created_at": moment,
        "account": _MASTODON_ACCOUNT,
    }


def bluesky(request: Request, store: Store) -> Answer:
    """A personal data server: sessions and records under keys of the client's."""
    method = request.path.removeprefix("/xrpc/")
    if method == "com.atproto.server.createSession":
        session = {
            "did": DID,
            "handle": "office.example.org",
            "accessJwt": "a.b.c",
            "refreshJwt": "d.e.f",
            "active": True,
        }
        return Answer(session)
    if method == "com.atproto.repo.getRecord":
        known = store.posts("bluesky", key=request.query.get("rkey", ""))
        return (
            Answer(_record(known[0]))
            if known
            else Answer({"error": "RecordNotFound", "message": "Could not locate record"}, 400)
        )
    if not request.headers.get("authorization"):
        return Answer({"error": "AuthMissing", "message": "Authentication Required"}, 401)
    if method == "com.atproto.repo.putRecord":
        return _bluesky_put(request, store)
    if method == "com.atproto.repo.deleteRecord":
        for post in store.posts("bluesky", key=str(request.body.get("rkey"))):
            store.remove(post.id)
        return Answer({})
    return Answer({"error": "MethodNotImplemented", "message": method}, 501)


DID = "did:plc:stand1nstand1nstand1nst"


def _bluesky_put(request: Request, store: Store) -> Answer:
    record, key = dict(request.body.get("record", {})), str(request.body.get("rkey", ""))
    text = str(record.get("text", ""))
    if not re.fullmatch(r"[234567abcdefghij][234567a-z]{12}", key):
        return Answer({"error": "InvalidRequest", "message": "Invalid TID string"}, 400)
    if counting.graphemes(text) > 300 or len(text.encode()) > 3000:
        return Answer({"error": "InvalidRequest", "message": "grapheme too big (maximum 300)"}, 400)
    known = store.posts("bluesky", key=key)
    if known and known[0].raw != record:
        return Answer({"error": "InvalidSwap", "message": "Record was at another state"}, 400)
    if not known:
        card = dict(record.get("embed", {}).get("external", {}))
        language = str((record.get("langs") or [""])[0])
        link = str(card.get("uri", "")) or _link(text)
        store.add("bluesky", "office.example.org", text, record, key=key, link=link, card=card, language=language)
    return Answer(_record(store.posts("bluesky", key=key)[0]))


def _record(post: Posted) -> dict[str, Any]:
    return {"uri": f"at://{DID}/app.bsky.feed.post/{post.key}", "cid": f"bafy{post.id}", "value": dict(post.raw)}


def telegram(request: Request, store: Store) -> Answer:
    """The Bot API: send, edit, delete, who and where."""
    method = request.path.rpartition("/")[2]
    text, number = str(request.body.get("text", "")), int(request.body.get("message_id", 0))
    if request.body.get("parse_mode") == "HTML":
        if not _is_telegram_html(text):
            return Answer({"ok": False, "error_code": 400, "description": "Bad Request: can't parse entities"}, 400)
        text = html.unescape(TAG.sub("", text))
    if method == "sendMessage":
        return _telegram_send(text, store)
    if method == "editMessageText":
        store.change(number, text)
    if method == "deleteMessage":
        store.remove(number)
    results: dict[str, object] = {
        "getMe": {"id": 42, "is_bot": True, "first_name": "Office", "username": "office_bot"},
        "getChat": _CHAT | {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": _GIFTS},
        "editMessageText": _message(number, text),
        "deleteMessage": True,
    }
    if method not in results:
        return Answer({"ok": False, "error_code": 404, "description": "Not Found"}, 404)
    return Answer({"ok": True, "result": results[method]})


TAG = re.compile(r"</?(?:b|strong|i|em|u|s|code|pre)>")


def _is_telegram_html(text: str) -> bool:
    """Only its own tags, closed in order, and no stray < (core.telegram.org/bots/api#html-style)."""
    still_open: list[str] = []
    for tag in TAG.findall(text):
        if not tag.startswith("</"):
            still_open.append(tag)
        elif not still_open or still_open.pop() != tag.replace("/", ""):
            return False
    return not still_open and "<" not in TAG.sub("", text)


def _telegram_send(text: str, store: Store) -> Answer:
    if not text or counting.utf16(text) > 4096:
        return Answer({"ok": False, "error_code": 400, "description": "Bad Request: message is too long"}, 400)
    number = store.add("telegram", "@office", text, {"text": text}, link=_link(text))
    return Answer({"ok": True, "result": _message(number, text)})


_CHAT = {"id": -1001, "type": "channel", "title": "Office", "username": "office"}
_GIFTS = dict.fromkeys(
    ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"), False
)


def _message(number: int, text: str) -> dict[str, Any]:
    return {"message_id": number, "date": int(time.time()), "chat": _CHAT, "text": text}


def _link(text: str) -> str:
    found = LINK.findall(text)
    return found[-1] if found else ""


SPEAKERS = {"x": x, "mastodon": mastodon, "bluesky": bluesky, "telegram": telegram}


def limited() -> dict[str, Answer]:
    """How each network says "later"."""
    later = int(time.time()) + 60
    moment = datetime.fromtimestamp(later, UTC).isoformat()
    wait = {
        "ok": False,
        "error_code": 429,
        "description": "Too Many Requests: retry after 60",
        "parameters": {"retry_after": 60},
    }
    return {
        "x": Answer({"title": "Too Many Requests", "status": 429}, 429, {"x-rate-limit-reset": str(later)}),
        "mastodon": Answer(
            {"error": "Too many requests"},
            429,
            {"X-RateLimit-Reset": moment, "X-RateLimit-Remaining": "0", "X-RateLimit-Limit": "300"},
        ),
        "bluesky": Answer(
            {"error": "RateLimitExceeded", "message": "Too Many Requests"}, 429, {"ratelimit-reset": str(later)}
        ),
        "telegram": Answer(wait, 429),
    }
