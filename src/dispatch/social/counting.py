"""Length as each network counts it."""

import re

import regex

from dispatch.social import weighing

LINK = MASTODON_LINK = re.compile(r"https?://\S+")
EMOJI = regex.compile(r"\p{Emoji_Presentation}|\p{Extended_Pictographic}|\ufe0f|\u20e3|\p{Regional_Indicator}")
MASTODON_REMOTE = re.compile(r"(@[a-z0-9_]+)@[a-z0-9.-]+[a-z0-9]", re.IGNORECASE)


def x(text: str) -> int:
    """Weighted length (twitter-text v3): Cyrillic 1, "…" "№" and emoji 2, any link 23, after NFC."""
    return weighing.weigh(text)


def graphemes(text: str) -> int:
    """What a person would call characters (UAX #29)."""
    return len(regex.findall(r"\X", text))


def mastodon(text: str, link_cost: int) -> int:
    """Graphemes, each link at a fixed cost, of a remote mention the local part alone."""
    shortened = MASTODON_REMOTE.sub(r"\1", MASTODON_LINK.sub("x" * link_cost, text))
    return graphemes(shortened)


def utf16(text: str) -> int:
    """UTF-16 code units, Telegram's measure."""
    return len(text.encode("utf-16-le")) // 2


def threads(text: str) -> int:
    """Characters, but an emoji as many as it has UTF-8 bytes (docs/threads/posts, "Limitations")."""
    return sum(len(one.encode()) if EMOJI.search(one) else len(one) for one in regex.findall(r"\X", text))
