"""Links, mentions and hashtags of a Bluesky text, by UTF-8 byte offsets (app.bsky.richtext.facet).

The server takes any offsets, and readers' apps then show nonsense; so they are found in the bytes that are sent, as the
reference client finds them (bluesky-social/atproto, packages/api/src/rich-text).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import regex

LINK = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)\]}»”]")
MENTION = re.compile(r"(?:(?<=^)|(?<=[\s(]))@((?:[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z]{2,63})\b")
INVISIBLE = r"\u00AD\u2060\u200A-\u200D\u20e2"
TAG = regex.compile(rf"(?:(?<=^)|(?<=\s))[#＃]((?!\ufe0f)[^\s{INVISIBLE}]*[^\d\s\p{{P}}{INVISIBLE}]+[^\s{INVISIBLE}]*)")
LONGEST_TAG = 64
FEATURE = "app.bsky.richtext.facet#"
Marked = tuple[int, int, dict[str, str]]


def handles(text: str) -> list[str]:
    """Whom it mentions, each once, without the @."""
    return list(dict.fromkeys(match[1].lower() for match in MENTION.finditer(text)))


def facets(text: str, dids: Mapping[str, str]) -> list[dict[str, Any]]:
    """In the order of the text, none within another. A mention whose handle has no DID in `dids` stays plain text."""
    found: list[Marked] = []
    for start, end, feature in _features(text, dids):
        if all(end <= other[0] or start >= other[1] for other in found):
            found.append((start, end, feature))
    return [
        {"index": {"byteStart": _bytes(text[:start]), "byteEnd": _bytes(text[:end])}, "features": [feature]}
        for start, end, feature in sorted(found, key=lambda each: each[0])
    ]


def _features(text: str, dids: Mapping[str, str]) -> Iterator[Marked]:
    """Links first: what stands within one is a part of it."""
    for match in LINK.finditer(text):
        yield match.start(), match.end(), {"$type": f"{FEATURE}link", "uri": match[0]}
    for match in MENTION.finditer(text):
        if did := dids.get(match[1].lower()):
            yield match.start(), match.end(), {"$type": f"{FEATURE}mention", "did": did}
    for match in TAG.finditer(text):
        tag = regex.sub(r"\p{P}+$", "", match[1])
        if 0 < len(tag) <= LONGEST_TAG:
            yield match.start(), match.start() + 1 + len(tag), {"$type": f"{FEATURE}tag", "tag": tag}


def _bytes(text: str) -> int:
    return len(text.encode())
