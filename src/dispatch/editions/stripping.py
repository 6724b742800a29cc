"""A picture without what its camera and its editor wrote into it: place, time, device, thumbnails, whatever follows its end.

Only what draws it is kept, part by part as its format has them (ITU-T T.81 annex B, PNG third edition section 5, GIF89a); the
pixels are not touched, so nothing is decoded here. Formats that mail clients do not draw, and those that can run, are none.
"""

from dataclasses import dataclass

JPEG, PNG, GIF = b"\xff\xd8", b"\x89PNG\r\n\x1a\n", (b"GIF87a", b"GIF89a")
JFIF_WITHOUT_THUMBNAIL = 16
ADOBE = 0xEE
"""Says which colours the numbers mean."""
PNG_DRAWS = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"sRGB"}
LOOPS = b"\x0bNETSCAPE2.0"


@dataclass(frozen=True)
class Clean:
    """A picture that tells nothing but itself."""

    kind: str  # "image/jpeg"
    content: bytes


def strip(content: bytes) -> Clean | None:
    """None: no picture of these formats, or a broken one."""
    try:
        if content.startswith(JPEG):
            return Clean("image/jpeg", _jpeg(content))
        if content.startswith(PNG):
            return Clean("image/png", _png(content))
        if content.startswith(GIF):
            return Clean("image/gif", _gif(content))
    except (IndexError, ValueError):
        return None
    return None


def _jpeg(content: bytes) -> bytes:
    kept, at = [JPEG], 2
    while True:
        if content[at] != 0xFF:
            raise ValueError("no marker")
        marker = content[at + 1]
        if marker == 0xD9:
            return b"".join([*kept, b"\xff\xd9"])
        size = int.from_bytes(content[at + 2 : at + 4], "big")
        end = at + 2 + size
        if size < 2 or end > len(content):
            raise ValueError("a segment ends outside")
        if marker == 0xDA:  # what follows is the drawing itself, up to the next marker
            end = _next_marker(content, end)
        if _draws(marker, size, content[at + 4 : at + 8]):
            kept.append(content[at:end])
        at = end


def _draws(marker: int, size: int, begins: bytes) -> bool:
    """Of the segments for applications (E0 to EF) and comments (FE) only those that say what the colours are."""
    if marker == 0xE0:
        return size == JFIF_WITHOUT_THUMBNAIL and begins == b"JFIF"
    return marker == ADOBE or not (0xE0 <= marker <= 0xEF or marker == 0xFE)


def _next_marker(content: bytes, at: int) -> int:
    while True:
        at = content.index(b"\xff", at)
        if content[at + 1] != 0 and not 0xD0 <= content[at + 1] <= 0xD7:
            return at
        at += 2


def _png(content: bytes) -> bytes:
    kept, at = [PNG], len(PNG)
    while True:
        end = at + 12 + int.from_bytes(content[at : at + 4], "big")
        name = content[at + 4 : at + 8]
        if end > len(content) or len(name) < 4:
            raise ValueError("a chunk ends outside")
        if name in PNG_DRAWS:
            kept.append(content[at:end])
        if name == b"IEND":
            return b"".join(kept)
        at = end


def _gif(content: bytes) -> bytes:
    at = 13 + _table(content[10])
    kept = [content[:at]]
    while content[at] != 0x3B:
        begins = at
        if content[at] == 0x21:
            at = _blocks_end(content, at + 2)
            if content[begins + 1] == 0xF9 or content.startswith(LOOPS, begins + 2):
                kept.append(content[begins:at])
        elif content[at] == 0x2C:
            at = _blocks_end(content, at + 11 + _table(content[at + 9]))
            kept.append(content[begins:at])
        else:
            raise ValueError("no block")
    return b"".join([*kept, b"\x3b"])


def _table(flags: int) -> int:
    """Bytes of the colours that these flags announce."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _blocks_end(content: bytes, at: int) -> int:
    while content[at]:
        at += 1 + content[at]
    return at + 1
