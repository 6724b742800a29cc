"""A personal data server of Bluesky's (docs.bsky.app/docs/api): sessions, pictures, records under the client's own keys."""

import hashlib
import re
import time
from typing import Any

from dispatch.local.networks import saying
from dispatch.local.networks.server import Answer, Request, Speaker
from dispatch.local.networks.store import Posted, Store
from dispatch.social import counting

DID = "did:plc:standinstandinstandinsta"
OVER = "over.over.over"
"""An access token of which the stand-in says that its time is over."""
_SESSION = {"did": DID, "handle": "office.example.org", "refreshJwt": "d.e.f", "active": True}


def answer(request: Request, store: Store) -> Answer:
    """By the name of the method."""
    method = request.path.removeprefix("/xrpc/")
    if method == "com.atproto.server.createSession":
        return Answer(_SESSION | {"accessJwt": "a.b.c"})
    if method == "com.atproto.identity.resolveHandle":
        known = {"alice.example.org": "did:plc:alice", _SESSION["handle"]: DID}.get(request.query.get("handle", ""))
        return Answer({"did": known}) if known else _error("InvalidRequest", "Unable to resolve handle")
    if method == "com.atproto.repo.getRecord":
        found = store.posts("bluesky", key=request.query.get("rkey", ""))
        return Answer(_record(found[0])) if found else _error("RecordNotFound", "Could not locate record")
    if method == "app.bsky.feed.getPosts":
        found = store.posts("bluesky", key=request.query.get("uris", "").rpartition("/")[2])
        return Answer({"posts": [_record(post) | _UNSEEN for post in found]})
    if not request.headers.get("authorization"):
        return Answer({"error": "AuthMissing", "message": "Authentication Required"}, 401)
    return _signed_in(method, request, store)


def _signed_in(method: str, request: Request, store: Store) -> Answer:
    if request.headers["authorization"].endswith(OVER):
        return _error("ExpiredToken", "Token has expired")
    if method == "com.atproto.server.getSession":
        return Answer(_SESSION, headers=_left())
    return _changing(method, request, store)


def _changing(method: str, request: Request, store: Store) -> Answer:
    match method:
        case "com.atproto.server.refreshSession":
            return Answer(_SESSION | {"accessJwt": "r.r.r"})
        case "com.atproto.repo.uploadBlob":
            return _blob(request, store)
        case "com.atproto.repo.putRecord":
            return _put(request, store)
        case "com.atproto.repo.deleteRecord":
            for post in store.posts("bluesky", key=str(request.body.get("rkey"))):
                store.remove(post.id)
            return Answer({})
    return Answer({"error": "MethodNotImplemented", "message": method}, 501)


def _left() -> dict[str, str]:
    """docs.bsky.app/docs/advanced-guides/rate-limits: of 3,000 requests in the five minutes that run now."""
    reset = str((int(time.time()) // 300 + 1) * 300)
    return {"ratelimit-limit": "3000", "ratelimit-remaining": "2999", "ratelimit-reset": reset}


def _blob(request: Request, store: Store) -> Answer:
    name = "bafkrei" + hashlib.sha256(request.raw).hexdigest()
    kind = request.headers.get("content-type", "")
    if store.picture("bluesky", name) is None:
        store.keep("bluesky", request.raw, kind=kind, name=name)
    return Answer({"blob": {"$type": "blob", "ref": {"$link": name}, "mimeType": kind, "size": len(request.raw)}})


def _put(request: Request, store: Store) -> Answer:
    record, key = dict(request.body.get("record", {})), str(request.body.get("rkey", ""))
    text = str(record.get("text", ""))
    if not re.fullmatch(r"[234567abcdefghij][234567a-z]{12}", key):
        return _error("InvalidRequest", "Invalid TID string")
    if counting.graphemes(text) > 300 or len(text.encode()) > 3000:
        return _error("InvalidRequest", "grapheme too big (maximum 300)")
    if wrong := _wrong_embed(record.get("embed", {}), store):
        return _error("InvalidRequest", wrong)
    known = store.posts("bluesky", key=key)
    if known and known[0].raw != record:
        return _error("InvalidSwap", "Record was at another state")
    if not known:
        card = dict(record.get("embed", {}).get("external", {}))
        language = str((record.get("langs") or [""])[0])
        link = str(card.get("uri", "")) or saying.link(text)
        more = {"card": card, "language": language, "pictures": _numbers(record.get("embed", {}), store)}
        store.add("bluesky", "office.example.org", text, record, key=key, link=link, **more)
    return Answer(_record(store.posts("bluesky", key=key)[0]))


def _wrong_embed(embed: Any, store: Store) -> str:
    """What the lexicons app.bsky.embed.images and app.bsky.embed.external do not allow."""
    images = embed.get("images", [])
    if len(images) > 4:
        return "Record/embed/images must not have more than 4 elements"
    blobs = [(image.get("image", {}), 2_000_000) for image in images]
    if thumb := embed.get("external", {}).get("thumb"):
        blobs.append((thumb, 1_000_000))
    for blob, most in blobs:
        kept = store.picture("bluesky", str(blob.get("ref", {}).get("$link")))
        if kept is None:
            return "Could not find blob"
        if len(kept.content) > most:
            return f"This file is too large. The maximum size is {most} bytes."
    return "" if all("alt" in image for image in images) else 'Record/embed/images/0 must have the property "alt"'


def _numbers(embed: Any, store: Store) -> list[int]:
    """Of the pictures that an embed shows; their descriptions stand in the record."""
    found = []
    for image in embed.get("images", []):
        kept = store.picture("bluesky", image["image"]["ref"]["$link"])
        if kept:
            store.describe(kept.id, image["alt"])
            found.append(kept.id)
    thumb = store.picture("bluesky", embed.get("external", {}).get("thumb", {}).get("ref", {}).get("$link", ""))
    return [*found, thumb.id] if thumb else found


def _record(post: Posted) -> dict[str, Any]:
    return {"uri": f"at://{DID}/app.bsky.feed.post/{post.key}", "cid": f"bafyrei{post.id}", "value": dict(post.raw)}


_UNSEEN = {"replyCount": 0, "repostCount": 0, "likeCount": 0, "quoteCount": 0}


def _error(name: str, words: str) -> Answer:
    return Answer({"error": name, "message": words}, 400)


def limited(later: int) -> Answer:
    """docs.bsky.app/docs/advanced-guides/rate-limits."""
    words = {"error": "RateLimitExceeded", "message": "Too Many Requests"}
    return Answer(words, 429, {"ratelimit-reset": str(later)})


SPEAKER = Speaker(
    answer,
    lambda request: request.path.endswith(".putRecord"),
    limited,
    {"identifier": "office.example.org", "app_password": "demo"},
)
