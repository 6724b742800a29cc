"""How a network draws a post: what it marks, where it folds, how it shortens links. Pure: text in, pieces out."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from dispatch.social.networks import richtext

TAG = re.compile(r"(?<![\w&/])#(?!\d+\b)\w+")
MENTION = re.compile(r"(?<![\w@/])@\w[\w.]*\w")
REMOTE = re.compile(r"(?<![\w@/])@\w+(?:@[\w-]+(?:\.[\w-]+)+)?")
NEVER = re.compile(r"(?!)")
Marks = list[tuple[int, int, str]]


@dataclass(frozen=True, kw_only=True)
class Style:
    """A network's way of drawing a text. Where networks do not say it, as their own pages did in November 2026."""

    name: str
    mention: re.Pattern[str] = NEVER
    tag: re.Pattern[str] = TAG
    links: bool = True  # whether a link in a text is one
    shortest: int | None = None  # a link is drawn without its scheme, and cut after so many characters
    fold: int | None = None  # about so many characters are shown at first; see FOLDS
    more: str = "… more"
    card: str = "large"  # a link's card: its words below its picture, or "over" it; "": there is none
    finds_card: bool = False  # it makes a card only of a link in the text; elsewhere we hand it the link
    swiped: str = ""  # several pictures stand in a row: each in its "own" frame, or "alike" in that of the first
    at: str = ""  # what stands before an account's name


FOLDS = {"instagram": 125, "facebook": 477, "linkedin": 210}
"""Instagram shows three lines and names this number for them (help.instagram.com/1643471055915254). The others publish none:
these are what their feeds showed on a wide screen; on a phone it is less. So the page says "about"."""
STYLES = {
    "x": Style(
        name="X", mention=re.compile(r"(?<![\w@/])@\w{1,15}\b"), shortest=28, at="@", card="over", finds_card=True
    ),
    "mastodon": Style(name="Mastodon", mention=REMOTE, shortest=30, at="@", finds_card=True),
    "bluesky": Style(name="Bluesky", mention=richtext.MENTION, at="@"),
    "telegram": Style(name="Telegram", mention=re.compile(r"(?<![\w@/])@\w{4,32}\b")),
    "facebook": Style(name="Facebook", fold=FOLDS["facebook"], more="… See more"),
    "instagram": Style(
        name="Instagram", mention=MENTION, links=False, fold=FOLDS["instagram"], card="", swiped="alike"
    ),
    "threads": Style(name="Threads", mention=MENTION, shortest=28, finds_card=True, swiped="own"),
    "linkedin": Style(name="LinkedIn", fold=FOLDS["linkedin"], more="… more"),
}
PLAIN = Style(name="", tag=NEVER, card="")


@dataclass(frozen=True)
class Piece:
    """A stretch of a text that is drawn in one way."""

    kind: str  # "text", "link", "mention", "tag", "title"
    text: str
    is_over: bool = False  # beyond what the network takes


@dataclass(frozen=True)
class Drawn:
    """A text as it is seen: at first, and after a press on `more`."""

    shown: tuple[Piece, ...]
    rest: tuple[Piece, ...]
    more: str


def style(network: str) -> Style:
    """Of a network; a plain one where nobody has looked yet."""
    return STYLES.get(network, PLAIN)


def draw(text: str, how: Style, *, over: int | None = None, title: str = "") -> Drawn:
    """`over` is where in the text the overrun begins; `title` stands in bold where the text begins with it."""
    fold = _fold(text, how)
    pieces = list(_pieces(text, how, [end for end in (over, fold) if end is not None], title))
    drawn = [(start, Piece(kind, said, over is not None and start >= over)) for start, kind, said in pieces]
    edge = len(text) if fold is None else fold
    return Drawn(
        tuple(piece for start, piece in drawn if start < edge),
        tuple(piece for start, piece in drawn if start >= edge),
        how.more,
    )


def domain(link: str) -> str:
    """Of a link, as cards name it."""
    return urlsplit(link).netloc.removeprefix("www.")


def has_link(text: str) -> bool:
    """Whether a network would find one in it."""
    return richtext.LINK.search(text) is not None


def shorten(link: str, longest: int) -> str:
    """Without its scheme, and cut."""
    bare = link.partition("://")[2].removeprefix("www.").rstrip("/")
    return bare if len(bare) <= longest else bare[:longest] + "…"


def _fold(text: str, how: Style) -> int | None:
    """At the end of a word, where it is long enough to be folded at all."""
    if how.fold is None or len(text) <= how.fold:
        return None
    end = text.rfind(" ", how.fold // 2, how.fold)
    return end if end > 0 else how.fold


def _pieces(text: str, how: Style, edges: list[int], title: str) -> Iterator[tuple[int, str, str]]:
    """Where each begins, its kind, and what is drawn. What is marked is never cut: it begins before an edge, or after."""
    at = 0
    for start, end, kind in _marks(text, how, title):
        yield from _plain(text, at, start, edges)
        said = text[start:end]
        yield start, kind, shorten(said, how.shortest) if kind == "link" and how.shortest else said
        at = end
    yield from _plain(text, at, len(text), edges)


def _plain(text: str, start: int, end: int, edges: list[int]) -> Iterator[tuple[int, str, str]]:
    inside = sorted({edge for edge in edges if start < edge < end})
    for begin, stop in zip([start, *inside], [*inside, end], strict=True):
        if begin < stop:
            yield begin, "text", text[begin:stop]


def _marks(text: str, how: Style, title: str) -> Marks:
    """In their order, none within another; links first, since what stands within one is a part of it."""
    found: Marks = [(0, len(title), "title")] if title and text.startswith(title) else []
    kinds = [("mention", how.mention), ("tag", how.tag)]
    for kind, pattern in [("link", richtext.LINK), *kinds] if how.links else kinds:
        for match in pattern.finditer(text):
            start, end = match.span()
            if all(end <= other[0] or start >= other[1] for other in found):
                found.append((start, end, kind))
    return sorted(found)
