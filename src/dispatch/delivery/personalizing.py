"""A variant compiled once to the bytes of a message, cut where readers differ; a reader's message is a join.

Bodies are quoted-printable (RFC 2045 section 6.7): pure ASCII, at most 76 columns, each slot alone between soft line breaks,
no line begins with a dot (so nothing needs stuffing) and none ends in white space (relaxed canonicalisation changes nothing).
A builder takes exactly one reader, and the headers are the ones named here and no others.
"""

import base64
import hashlib
import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.header import Header
from email.utils import format_datetime

from django.conf import settings

from dispatch import vault
from dispatch.audience import tokens
from dispatch.audience.models import Newsletter
from dispatch.editions import slots
from dispatch.editions.models import Variant

WIDTH = 75
"""Columns of a quoted-printable line before its soft break."""
PLAIN = re.compile(r"(?=.{0,75}\Z)(?!\.)[!-<>-~]+(?: [!-<>-~]+)*")
"""What quoted-printable leaves as it is: most names and every link, so that a message costs microseconds."""
ALONE = re.compile(r"[^\s\0<>,]+")
Encoder = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom one message is for; lives in memory only."""

    number: int
    address: str
    name: str
    handle: bytes


@dataclass(frozen=True)
class Compiled:
    """Bytes, and between them the slots: which value goes there, and how it is encoded for that place."""

    parts: tuple[bytes | tuple[str, Encoder], ...]
    send: int


def compile_variant(variant: Variant, newsletter: Newsletter, send: int, moment: datetime) -> Compiled:
    """Everything that is the same for all readers of a variant. `moment` is the send's, for the Date header."""
    boundary = "=_" + hashlib.sha256(f"{variant.pk}:{variant.nonce}".encode()).hexdigest()[:32]
    pieces: list[bytes | tuple[str, Encoder]] = [*_headers(variant, newsletter, moment, boundary)]
    for kind, content, escape in (("plain", variant.text, str), ("html", variant.html, html.escape)):
        pieces.append(_part_head(boundary, kind))
        pieces.extend(_body(slots.split(content, variant.nonce), escape))
    pieces.append(f"\r\n--{boundary}--\r\n".encode())
    return Compiled(tuple(_merge(pieces)), send)


def fill(compiled: Compiled, reader: Reader) -> bytes:
    """The message of one reader, with CRLF line ends and no dot to stuff. Raises ValueError: no address, or several."""
    values = _values(compiled.send, reader)
    return b"".join(part if isinstance(part, bytes) else part[1](values[part[0]]) for part in compiled.parts)


def message_id(send: int, reader: int) -> str:
    """Stable (a resent message has the same one), opaque, and of a neutral domain; without angle brackets."""
    digest = vault.mac("message id", f"{send}:{reader}".encode())[:16]
    return f"{base64.b32encode(digest)[:26].decode().lower()}@{settings.MESSAGE_ID_DOMAIN}"


def leave_url(handle: bytes) -> str:
    """Where this reader leaves this newsletter."""
    return f"{settings.PUBLIC_URL}/leave/{tokens.token(handle)}"


def quoted(text: str) -> bytes:
    """Quoted-printable of `text`, as it may stand between two soft line breaks; line ends become CRLF."""
    if PLAIN.fullmatch(text):
        return text.encode()
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return b"\r\n".join(_quoted_line(line) for line in lines)


def _quoted_line(line: str) -> bytes:
    """One logical line, wrapped softly; a character's bytes are never parted."""
    out: list[str] = []
    row = ""
    for place, letter in enumerate(line):
        symbol = _symbol(letter, after=line[place - 1] if place else "", is_last=place == len(line) - 1)
        if len(row) + len(symbol) > WIDTH:
            out.append(row + "=")
            row = ""
        if not row and symbol == ".":
            symbol = "=2E"
        row += symbol
    out.append(row)
    return "\r\n".join(out).encode("ascii")


def _symbol(letter: str, *, after: str, is_last: bool) -> str:
    if letter == " ":
        return "=20" if is_last or after == " " or not after else " "
    if "!" <= letter <= "~" and letter != "=":
        return letter
    return "".join(f"={byte:02X}" for byte in letter.encode("utf-8", "replace"))


def _values(send: int, reader: Reader) -> dict[str, str]:
    token = tokens.token(reader.handle)
    return {
        "to": reader.address,
        "message_id": message_id(send, reader.number),
        "name": f", {reader.name}" if reader.name else "",
        "leave": f"{settings.PUBLIC_URL}/leave/{token}",
        "preferences": f"{settings.PUBLIC_URL}/preferences/{token}",
    }


def _headers(
    variant: Variant, newsletter: Newsletter, moment: datetime, boundary: str
) -> list[bytes | tuple[str, Encoder]]:
    site = settings.MESSAGE_ID_DOMAIN
    head = [_line("From", _mailbox(newsletter.from_name, newsletter.from_address))]
    to_end = [_line("Date", format_datetime(moment.astimezone(UTC)))]
    if newsletter.reply_to:
        to_end.append(_line("Reply-To", newsletter.reply_to))
    if not variant.discreet:
        to_end.append(_line("List-Id", f"<{newsletter.slug}.{site}>"))
        to_end.append(_line("Feedback-ID", f"{newsletter.slug}:dispatch"))
    to_end.append(b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nMIME-Version: 1.0\r\n")
    to_end.append(f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n'.encode())
    return [
        b"".join(head),
        *(b"To: ", ("to", _plain), b"\r\n"),
        *_subject(variant),
        *(b"Message-ID: <", ("message_id", _plain), b">\r\n"),
        *(b"List-Unsubscribe: <", ("leave", _plain), b">\r\n"),
        b"".join(to_end),
    ]


def _subject(variant: Variant) -> list[bytes | tuple[str, Encoder]]:
    pieces = slots.split(" ".join(variant.subject.split()), variant.nonce)
    places = [place for place, piece in enumerate(pieces) if isinstance(piece, slots.Slot)]
    if not places:
        return [_subject_line("".join(map(str, pieces)))]
    if len(places) > 1:
        raise ValueError("a subject has at most one slot")
    (place,) = places
    slot, before, after = pieces[place], "".join(map(str, pieces[:place])), "".join(map(str, pieces[place + 1 :]))
    assert isinstance(slot, slots.Slot)
    return [(slot.name, lambda value: _subject_line(f"{before}{_one_line(value)}{after}"))]


def _subject_line(value: str) -> bytes:
    """Words too long to fold, and what only looks encoded, are encoded too."""
    is_plain = value.isascii() and "=?" not in value and max(map(len, value.split()), default=0) < WIDTH - 10
    return _line("Subject", value, "us-ascii" if is_plain else "utf-8")


def _line(name: str, value: str, charset: str = "") -> bytes:
    """A header line, encoded (RFC 2047) and folded where it must be."""
    charset = charset or ("us-ascii" if value.isascii() else "utf-8")
    folded = Header(value, charset, maxlinelen=76, header_name=name).encode(linesep="\r\n")
    return f"{name}: {folded}\r\n".encode()


def _mailbox(name: str, address: str) -> str:
    plain = _one_line(name)
    if not plain:
        return address
    if plain.isascii():
        escaped = plain.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}" <{address}>'
    return f"{Header(plain, 'utf-8', maxlinelen=60).encode(linesep='')} <{address}>"


def _part_head(boundary: str, kind: str) -> bytes:
    head = f'\r\n--{boundary}\r\nContent-Type: text/{kind}; charset="utf-8"\r\n'
    return f"{head}Content-Transfer-Encoding: quoted-printable\r\n\r\n".encode()


def _body(pieces: list[str | slots.Slot], escape: Callable[[str], str]) -> list[bytes | tuple[str, Encoder]]:
    out: list[bytes | tuple[str, Encoder]] = []
    for piece in pieces:
        if isinstance(piece, str):
            out.append(quoted(piece))
        else:
            out.extend([b"=\r\n", (piece.name, _body_encoder(escape)), b"=\r\n"])
    return out


def _body_encoder(escape: Callable[[str], str]) -> Encoder:
    return lambda value: quoted(escape(_one_line(value)))


def _plain(value: str) -> bytes:
    if not ALONE.fullmatch(value):
        raise ValueError("a header's slot holds one address or token")
    return value.encode()


def _one_line(value: str) -> str:
    return " ".join(value.split())


def _merge(pieces: list[bytes | tuple[str, Encoder]]) -> list[bytes | tuple[str, Encoder]]:
    merged: list[bytes | tuple[str, Encoder]] = []
    for piece in pieces:
        if isinstance(piece, bytes) and merged and isinstance(merged[-1], bytes):
            merged[-1] += piece
        else:
            merged.append(piece)
    return merged
