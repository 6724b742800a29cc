"""Quoted-printable (RFC 2045 section 6.7) as it travels best: pure ASCII, at most 76 columns, no line begins with a dot (so
nothing needs stuffing, RFC 5321 section 4.5.2) and none ends in white space (relaxed canonicalisation changes nothing,
RFC 6376 section 3.4.4).
"""

import re

WIDTH = 75
"""Columns of a line before its soft break."""
PLAIN = re.compile(r"(?=.{0,75}\Z)(?!\.)[!-<>-~]+(?: [!-<>-~]+)*")
"""What quoted-printable leaves as it is: many names, so that a message costs microseconds."""
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
    out: list[str] = []
    row = ""
    for place, letter in enumerate(line):
        symbol = _symbols[ord(letter)]
        if letter == " " and (place in {0, len(line) - 1} or line[place - 1] == " "):
            symbol = "=20"
        if len(row) + len(symbol) > WIDTH:
            out.append(row + "=")
            row = ""
        if not row and symbol == ".":
            symbol = "=2E"
        row += symbol
    out.append(row)
    return "\r\n".join(out).encode("ascii")
