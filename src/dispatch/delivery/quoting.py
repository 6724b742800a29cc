"""Quoted-printable (RFC 2045 section 6.7) as it travels best: pure ASCII, at most 76 columns, no line begins with a dot (so
nothing needs stuffing, RFC 5321 section 4.5.2) and none ends in white space (relaxed canonicalisation changes nothing,
RFC 6376 section 3.4.4).
"""

import re

WIDTH = 75
"""Columns of a line before its soft break."""
PLAIN = re.compile(r"(?=.{0,75}\Z)(?!\.)[!-<>-~]+(?: [!-<>-~]+)*")
"""What quoted-printable leaves as it is: many names, so that a message costs microseconds."""
LOOSE = re.compile(r"^ |(?<= ) | \Z")
"""Blanks that could get lost on the way."""
FOLLOWING = re.compile("=[89AB]")
"""A byte of a character that began before it (RFC 3629 section 3)."""
SHORT = re.compile(r"(?![ .])[^\r\n]{0,75}(?<! )")
"""What may need no soft break and has no special end."""


class _Symbols(dict[int, str]):
    """Each letter as it is written inside a line, remembered: `str.translate` asks here."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        plain = " " <= letter <= "~" and letter != "="
        self[code] = letter if plain else "".join(f"={byte:02X}" for byte in letter.encode("utf-8", "replace"))
        return self[code]


_symbols = _Symbols()


def quoted(text: str) -> bytes:
    """Quoted-printable of `text`, as it may stand between two soft line breaks; line ends become CRLF."""
    if PLAIN.fullmatch(text):
        return text.encode()
    if SHORT.fullmatch(text) and "  " not in text:
        row = text.translate(_symbols)
        if len(row) <= WIDTH:
            return row.encode()
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return b"\r\n".join(_line(line) for line in lines)


def _line(line: str) -> bytes:
    """One logical line, wrapped softly; a character's bytes are never parted."""
    whole = line.translate(_symbols)
    if "  " in whole or whole.startswith(" ") or whole.endswith(" "):
        whole = LOOSE.sub("=20", whole)
    rows, at = [], 0
    while True:
        dot = "=2E" if whole.startswith(".", at) else ""
        begin = at + bool(dot)
        if len(whole) - begin + len(dot) <= WIDTH:
            rows.append(dot + whole[begin:])
            return "=\r\n".join(rows).encode("ascii")
        at = _break(whole, begin + WIDTH - len(dot))
        rows.append(dot + whole[begin:at])


def _break(whole: str, at: int) -> int:
    """The last place up to there between two characters."""
    at -= 1 if whole[at - 1] == "=" else 2 if whole[at - 2] == "=" else 0
    while FOLLOWING.match(whole, at):
        at -= 3
    return at
