"""A Mastodon instance (docs.joinmastodon.org): its limits, who we are, pictures, statuses with Idempotency-Key."""

import html
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from dispatch.local.networks import saying, signing_in
from dispatch.local.networks.server import Answer, Request, Speaker
from dispatch.local.networks.store import Posted, Store
from dispatch.social import counting

_STATUSES = {"max_characters": 500, "max_media_attachments": 4, "characters_reserved_per_url": 23}
_MEDIA = {"description_limit": 1500, "image_size_limit": 16_777_216, "image_matrix_limit": 33_177_600}
_INSTANCE = {
    "domain": "social.example.org",
    "title": "Example",
    "version": "4.5.0",
    "configuration": {"statuses": _STATUSES, "media_attachments": _MEDIA},
}
_ACCOUNT = {
    "id": "1",
    "username": "office",
    "acct": "office",
    "display_name": "Office",
    "url": "https://social.example.org/@office",
}

_OTHER = _ACCOUNT | {"id": "2", "username": "other", "acct": "other", "url": "https://social.example.org/@other"}
REVOKED = "revoked"
"""A token that somebody took back."""


def answer(request: Request, store: Store) -> Answer:
    """By method and path."""
    if request.path == "/api/v2/instance":
        return Answer(_INSTANCE)
    token = request.headers.get("authorization", REVOKED)
    if token.endswith(REVOKED):
        return Answer({"error": "The access token is invalid"}, 401)
    if request.path == "/api/v1/accounts/verify_credentials":
        return Answer(_OTHER if token.endswith(signing_in.OTHER) else _ACCOUNT, headers=_left())
    if "/media" in request.path:
        return _picture(request, store)
    return _create(request, store) if publishes(request) else _kept(request, store)


def _left() -> dict[str, str]:
    """docs.joinmastodon.org/api/rate-limits: of 300 requests in the five minutes that run now."""
    reset = datetime.fromtimestamp((time.time() // 300 + 1) * 300, UTC).isoformat()
    return {"X-RateLimit-Limit": "300", "X-RateLimit-Remaining": "299", "X-RateLimit-Reset": reset}


def publishes(request: Request) -> bool:
    """POST /api/v1/statuses."""
    return request.method == "POST" and request.path == "/api/v1/statuses"


def _picture(request: Request, store: Store) -> Answer:
    """Taken with 202, and films worked on until they are asked for (docs.joinmastodon.org/methods/media)."""
    if request.method == "POST":
        content, said = request.body.get("file", b""), str(request.body.get("description", ""))
        if not content or len(said) > 1500:
            return Answer({"error": "Validation failed: File content type is invalid"}, 422)
        kind = "working" if content.startswith(b"GIF8") else "done"  # it makes a film of what may move
        number = store.keep("mastodon", content, kind=kind, alt=said)
        return Answer({"id": str(number), "type": "image", "url": None, "description": said}, 202)
    kept = store.picture("mastodon", request.path.rpartition("/")[2])
    if kept is None:
        return Answer({"error": "Record not found"}, 404)
    if kept.kind == "working":
        store.finish(kept.id)
        return Answer({"id": str(kept.id), "type": "gifv", "url": None}, 206)
    return Answer({"id": str(kept.id), "type": "image", "url": f"https://social.example.org/{kept.id}"})


def _create(request: Request, store: Store) -> Answer:
    text, key = str(request.body.get("status", "")), request.headers.get("idempotency-key", "")
    if key and (known := store.posts("mastodon", key=key)):
        return Answer(_status(known[0]))
    warning = str(request.body.get("spoiler_text", ""))
    if counting.mastodon(text, 23) + counting.graphemes(warning) > 500:
        return Answer({"error": "Validation failed: Text character limit of 500 exceeded"}, 422)
    pictures = list(request.body.get("media_ids[]", []))
    kept = [store.picture("mastodon", number) for number in pictures]
    if len(pictures) > 4 or not all(kept):
        return Answer({"error": "Cannot attach more than 4 files"}, 422)
    if any(one and one.kind == "working" for one in kept):
        return Answer({"error": "Cannot attach files that have not finished processing. Try again in a moment!"}, 422)
    reply = str(request.body.get("in_reply_to_id", ""))
    if reply and store.get(int(reply)) is None:
        return Answer({"error": "The post you are trying to reply to does not appear to exist."}, 404)
    raw = {"reply": reply, "warning": warning, "pictures": pictures}
    language = str(request.body.get("language", ""))
    more = {"language": language, "warning": warning, "pictures": [int(number) for number in pictures]}
    number = store.add("mastodon", "office", text, raw, key=key, link=saying.link(text), **more)
    post = store.get(number)
    assert post is not None
    return Answer(_status(post))


def _kept(request: Request, store: Store) -> Answer:
    if request.path.endswith("/statuses"):
        return Answer([_status(post) for post in store.posts("mastodon", limit=40)])
    last = request.path.rpartition("/")[2]
    number = int(last) if last.isdigit() else 0
    post = store.get(number)
    if post is None:
        return Answer({"error": "Record not found"}, 404)
    if request.method == "PUT":
        return _edit(post, request, store)
    if request.method == "DELETE":
        store.remove(number)
    return Answer(_status(post))


def _edit(post: Posted, request: Request, store: Store) -> Answer:
    """UpdateStatusService of Mastodon 4.5: the pictures that are named are all that it shows from then on, and without a word
    about what is sensitive that is what hides behind a warning."""
    warning = str(request.body.get("spoiler_text", ""))
    pictures = [int(number) for number in request.body.get("media_ids[]", [])]
    if not all(store.picture("mastodon", number) for number in pictures):
        return Answer({"error": "Validation failed: Media not found"}, 422)
    is_sensitive = request.body.get("sensitive") in {"1", "true", "True"} or bool(warning)
    raw = {**post.raw, "warning": warning, "pictures": pictures, "sensitive": is_sensitive}
    store.change(post.id, str(request.body.get("status", "")), raw, pictures)
    return Answer(_status(replace(post, raw=raw, pictures=tuple(pictures))))


def _status(post: Posted) -> dict[str, Any]:
    url = f"https://social.example.org/@office/{post.id}"
    return {
        "id": str(post.id),
        "url": url,
        "uri": url,
        "content": f"<p>{html.escape(post.text, quote=False)}</p>",
        "spoiler_text": post.raw.get("warning", ""),
        "sensitive": post.raw.get("sensitive", False),
        "media_attachments": [{"id": str(number), "type": "image", "url": url} for number in post.pictures],
        "in_reply_to_id": post.raw.get("reply") or None,
        "created_at": datetime.fromtimestamp(post.at, UTC).isoformat(),
        "account": _ACCOUNT,
        **{f"{what}_count": post.raw.get(what, 0) for what in ("replies", "favourites", "reblogs")},
    }


def limited(later: int) -> Answer:
    """docs.joinmastodon.org/api/rate-limits."""
    moment = datetime.fromtimestamp(later, UTC).isoformat()
    headers = {"X-RateLimit-Reset": moment, "X-RateLimit-Remaining": "0", "X-RateLimit-Limit": "300"}
    return Answer({"error": "Too many requests"}, 429, headers)


SPEAKER = Speaker(answer, publishes, limited, {"access_token": "demo"})
