"""What differs between two texts, word by word, for people to read. Pure."""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

TOKEN = re.compile(r"\s+|\w+|[^\w\s]")
AROUND = 12
"""Words that stay around what differs, where long unchanged stretches are left out."""
MOST = 800
"""Tokens of one stretch that are compared word by word; a longer one is shown as a whole: it would take seconds."""


@dataclass(frozen=True)
class Piece:
    """A stretch of text: "same", "gone", "new", or "skipped" (unchanged and left out)."""

    kind: str
    text: str


def words(before: str, now: str) -> list[Piece]:
    """In order: what is the same or gone makes `before`, what is the same or new makes `now`."""
    old, new = _lines(before), _lines(now)
    found: list[Piece] = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            found.append(Piece("same", "".join(old[a:b])))
        else:
            found += _within("".join(old[a:b]), "".join(new[c:d]))
    joined = _joined([one for one in found if one.text])
    alike = itertools.groupby(joined, lambda one: one.kind)
    return [Piece(kind, "".join(one.text for one in pieces)) for kind, pieces in alike]


def shortened(pieces: Sequence[Piece], around: int = AROUND) -> list[Piece]:
    """The same without the middle of what did not change."""
    found: list[Piece] = []
    for place, piece in enumerate(pieces):
        tokens = TOKEN.findall(piece.text)
        head, tail = (0 if place == 0 else 2 * around), (0 if place == len(pieces) - 1 else 2 * around)
        if piece.kind != "same" or len(tokens) <= head + tail + around:
            found.append(piece)
            continue
        first, last = "".join(tokens[:head]), "".join(tokens[len(tokens) - tail :])
        kept = (Piece("same", first), Piece("skipped", "…"), Piece("same", last))
        found += [one for one in kept if one.text]
    return found


def _within(before: str, now: str) -> Iterator[Piece]:
    """What both begin and end with is set aside first: the rest is short in most revisions."""
    old, new = TOKEN.findall(before), TOKEN.findall(now)
    head = _alike(old, new)
    tail = _alike(old[head:][::-1], new[head:][::-1])
    yield Piece("same", "".join(old[:head]))
    yield from _middle(old[head : len(old) - tail], new[head : len(new) - tail])
    yield Piece("same", "".join(old[len(old) - tail :]))


def _alike(old: Sequence[str], new: Sequence[str]) -> int:
    """How many tokens both begin with."""
    return next((place for place, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))


def _middle(old: list[str], new: list[str]) -> Iterator[Piece]:
    if max(len(old), len(new)) > MOST:
        old, new = ["".join(old)], ["".join(new)]
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            yield Piece("same", "".join(old[a:b]))
            continue
        yield Piece("gone", "".join(old[a:b]))
        yield Piece("new", "".join(new[c:d]))


def _joined(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """Neighbours of one kind together; within a change what is gone stands before what is new; a lone space splits none."""
    gone = new = ""
    for place, piece in enumerate(pieces):
        between = 0 < place < len(pieces) - 1 and (gone or new) and any(p.kind != "same" for p in pieces[place + 1 :])
        if piece.kind == "same" and not (piece.text.isspace() and "\n" not in piece.text and between):
            yield from _change(gone, new)
            gone = new = ""
            if piece.text:
                yield piece
            continue
        gone += piece.text if piece.kind != "new" else ""
        new += piece.text if piece.kind != "gone" else ""
    yield from _change(gone, new)


def _change(gone: str, new: str) -> Iterator[Piece]:
    if gone:
        yield Piece("gone", gone)
    if new:
        yield Piece("new", new)


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)
