"""What differs between two texts, word by word, for people to read. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

TOKEN = re.compile(r"\s+|\w+|[^\w\s]")
AROUND = 12
"""Words that stay around what differs, where long unchanged stretches are left out."""
MOST = 4000
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
    return list(_joined(found))


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
    old, new = TOKEN.findall(before), TOKEN.findall(now)
    if max(len(old), len(new)) > MOST:
        old, new = [before], [now]
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
