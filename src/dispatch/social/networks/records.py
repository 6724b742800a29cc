"""A post as a record of AT Protocol's, under a key that is ours: the same for every attempt of the same text."""

import hashlib
from datetime import UTC
from typing import Any

from dispatch.social.networks import richtext
from dispatch.social.networks.base import Draft

COLLECTION = "app.bsky.feed.post"
TID_LETTERS = "234567abcdefghijklmnopqrstuvwxyz"  # atproto.com/specs/tid


def record(draft: Draft) -> dict[str, Any]:
    """The record: text, facets, pictures or a card for the link, the language; the same for every attempt."""
    assert draft.created_at is not None
    put = draft.prepared
    made: dict[str, Any] = {
        "$type": COLLECTION,
        "text": draft.text,
        "createdAt": draft.created_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "langs": [draft.language],
        "facets": richtext.facets(draft.text, put.get("mentions", {})),
    }
    if "reply" in put:
        made["reply"] = put["reply"]
    if "images" in put:
        made["embed"] = {"$type": "app.bsky.embed.images", "images": put["images"]}
    elif draft.link:
        thumb = {"thumb": put["thumb"]} if "thumb" in put else {}
        card = {"uri": draft.link, "title": draft.title, "description": draft.summary, **thumb}
        made["embed"] = {"$type": "app.bsky.embed.external", "external": card}
    return made


def record_key(draft: Draft) -> str:
    """A TID made of the frozen moment and the post's key: the same for every attempt, different for every post."""
    assert draft.created_at is not None
    moment = int(draft.created_at.timestamp() * 1_000_000)
    clock = int.from_bytes(hashlib.sha256(draft.key.encode()).digest()[:2], "big") & 0x3FF
    number = (moment << 10 | clock) & 0x7FFFFFFFFFFFFFFF
    return "".join(TID_LETTERS[number >> 5 * place & 31] for place in range(12, -1, -1))


def address(did: str, key: str) -> str:
    """Where people see it."""
    return f"https://bsky.app/profile/{did}/post/{key}"
