"""One long text as the parts of a thread, cut where a reader would pause."""

from collections.abc import Callable

import regex

Fits = Callable[[str], bool]
"""Whether a part is short enough. A beginning of a part that fits has to fit, too, as long as it ends with a whole word."""

SENTENCE_ENDS = regex.compile(r"""[.!?…。！？؟۔][\p{Pe}\p{Pf}"']*$""")
LINK = regex.compile(r"https?://", regex.IGNORECASE)
PARAGRAPH = regex.compile(r"\n[^\S\n]*\n")


def split(text: str, fits: Fits, *, numbered: bool = False) -> tuple[str, ...]:
    """The parts in their order: all of the text but the white space at its cuts. What fits whole is one part, unnumbered.

    A cut is at a paragraph's end, else a sentence's, if that leaves the part at least half as long as it could be; else
    between words. A word that is too long for a part is cut between characters, a link never: one that no part can hold
    is a part that does not fit, for the network's check to name.
    """
    text = text.strip()
    if not text or fits(text):
        return (text,) if text else ()
    return _numbered(text, fits) if numbered else _parts(text, fits)


def _numbered(text: str, fits: Fits, digits: int = 1) -> tuple[str, ...]:
    """Room is kept for numbers of so many digits; where there are more parts than that, for one digit more."""
    widest = _number("9" * digits, "9" * digits)
    parts = _parts(text, lambda part: fits(part + widest))
    if len(parts) >= 10**digits:
        return _numbered(text, fits, digits + 1)
    if len(parts) == 1:
        return parts
    return tuple(part + _number(place, len(parts)) for place, part in enumerate(parts, start=1))


def _number(place: int | str, of: int | str) -> str:
    return f" ({place}/{of})"


def _parts(text: str, fits: Fits) -> tuple[str, ...]:
    parts = []
    while text:
        end = _end(text, fits)
        parts.append(text[:end].rstrip())
        text = text[end:].lstrip()
    return tuple(parts)


def _end(text: str, fits: Fits) -> int:
    """Where the first part ends."""
    words: list[int] = [word.end() for word in regex.finditer(r"\S+", text)]
    whole = longest(text, words, fits)
    if not whole:
        return words[0] if LINK.match(text) else _inside(text[: words[0]], fits)
    if whole == words[-1]:
        return whole
    likely = [end for end in words if whole / 2 <= end <= whole]
    for pauses in (_ends_paragraph, _ends_sentence):
        found = [end for end in likely if pauses(text, end)]
        if found:
            return found[-1]
    return whole


def _inside(word: str, fits: Fits) -> int:
    """Where to cut a word that is too long: after one character at the least, or there would be no end to it."""
    characters: list[int] = [character.end() for character in regex.finditer(r"\X", word)]
    return longest(word, characters, fits) or characters[0]


def longest(text: str, ends: list[int], fits: Fits) -> int:
    """The last of the ends up to which the text fits; 0: none of them. Counting is slow, so it begins with short texts."""
    low, high = 0, min(8, len(ends))
    while fits(text[: ends[high - 1]]):
        if high == len(ends):
            return ends[-1]
        low, high = high, min(2 * high, len(ends))
    high -= 1  # that one did not fit
    while low < high:
        middle = (low + high + 1) // 2
        if fits(text[: ends[middle - 1]]):
            low = middle
        else:
            high = middle - 1
    return ends[low - 1] if low else 0


def _ends_paragraph(text: str, end: int) -> bool:
    return PARAGRAPH.match(text, end) is not None or text[end : end + 1] == "\n"


def _ends_sentence(text: str, end: int) -> bool:
    return SENTENCE_ENDS.search(text[max(0, end - 10) : end]) is not None
