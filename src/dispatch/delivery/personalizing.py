"""A variant compiled once to the bytes of a message, cut where readers differ; a reader's message is a join.

What is the same for all is encoded once (bodies as `quoting` says), and so is what stands around a reader's token in a link:
of a message's 30 KB some hundred bytes are made for the reader. Each value is encoded for the place where it stands, once for
all places of a kind. A builder takes exactly one reader, and the headers are the ones named here and no others.
"""

import hashlib
import html
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.header import Header
from email.utils import format_datetime
from typing import NamedTuple

from django.conf import settings

from dispatch import vault
from dispatch.audience import neutral, tokens
from dispatch.audience.models import Newsletter
from dispatch.delivery import embedding, quoting
from dispatch.editions import slots
from dispatch.editions.models import Variant

ALONE = re.compile(r"[^\s\0<>,]+")
MARKUP = re.compile("[&<>\"']")
"""What `html.escape` changes."""
HOLE = "0" * tokens.LENGTH
"""Stands for a token while its link is encoded; no token holds a 0."""
TO, MESSAGE_ID, TOKEN, NAME_IN_TEXT, NAME_IN_HTML = range(5)
"""What differs by reader, encoded once for all places of its kind."""
TEXT = 'Content-Type: text/{}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n'
Encoder = Callable[[str, str], bytes]
"""What is made anew for its place, of the name (", Alice" or "") and the token."""
Piece = bytes | int | Encoder


class Reader(NamedTuple):
    """Whom one message is for; lives in memory only."""

    number: int
    address: str
    name: str
    handle: bytes


@dataclass(frozen=True)
class Compiled:
    """Bytes in order, empty where a slot is; and what comes there."""

    parts: tuple[bytes, ...]
    head: int  # so many of the parts are the header, up to the empty line
    slots: tuple[tuple[int, int], ...]  # place, kind
    rare: tuple[tuple[int, Encoder], ...]  # place, what makes it
    send: int


class _Parts:
    """Of a message that is being compiled: neighbours that are the same for all become one."""

    def __init__(self) -> None:
        self.parts: list[bytes] = [b""]
        self.slots: list[tuple[int, int]] = []
        self.rare: list[tuple[int, Encoder]] = []

    def join(self, pieces: Iterable[Piece]) -> None:
        for piece in pieces:
            if isinstance(piece, bytes):
                self.parts[-1] += piece
                continue
            if isinstance(piece, int):
                self.slots.append((len(self.parts), piece))
            else:
                self.rare.append((len(self.parts), piece))
            self.parts += [b"", b""]


def compile_variant(variant: Variant, newsletter: Newsletter, send: int, moment: datetime) -> Compiled:
    """Everything that is the same for all readers of a variant. `moment` is the send's, for the Date header."""
    boundary = "=_" + hashlib.sha256(f"{variant.pk}:{variant.nonce}".encode()).hexdigest()[:32]
    parts = _Parts()
    parts.join(_headers(variant, newsletter, moment, boundary))
    head = len(parts.parts)
    parts.parts.append(b"")
    parts.join(_content(variant, boundary))
    return Compiled(tuple(parts.parts), head, tuple(parts.slots), tuple(parts.rare), send)


def sender(variant: Variant, newsletter: Newsletter) -> str:
    """The address that it comes from; a discreet letter's tells nothing where the newsroom has one for that."""
    return (newsletter.discreet_address if variant.discreet else "") or newsletter.from_address


def fill(compiled: Compiled, reader: Reader) -> tuple[bytes, list[bytes]]:
    """The message of one reader: its header, and its body in pieces, most of which all readers share. CRLF line ends, no
    dot to stuff. Raises ValueError: no address, or several.
    """
    called = " ".join(reader.name.split())
    name = f", {called}" if called else ""
    token = tokens.token(reader.handle)
    values = _values(compiled, reader, token, name)
    parts = list(compiled.parts)
    for place, kind in compiled.slots:
        parts[place] = values[kind]
    for place, encode in compiled.rare:
        parts[place] = encode(name, token)
    return b"".join(parts[: compiled.head]), parts[compiled.head :]


def message_id(send: int, reader: int) -> str:
    """Stable (a resent message has the same one), opaque, and of a neutral domain; without angle brackets."""
    return f"{mark(send, reader)}@{settings.MESSAGE_ID_DOMAIN}"


def mark(send: int, reader: int) -> str:
    """The Message-ID's opaque half, which tells nothing without the key."""
    return vault.mac("message id", f"{send}:{reader}".encode())[:16].hex()


def _content(variant: Variant, boundary: str) -> list[Piece]:
    """Plain text alone, or beside HTML; that together with its pictures (RFC 2387), which are the same for all."""
    site = _site(variant)
    plain, rich = (slots.split(content, variant.nonce) for content in (variant.text, variant.html))
    if not variant.html:
        return [*_body(plain, "plain", site), b"\r\n"]
    page = [*_body(rich, "html", site), b"\r\n"]
    shown = list(variant.pictures.order_by("pk")) if variant.discreet else []
    if shown:
        begins = (
            f'--{boundary}\r\nContent-Type: multipart/related; type="text/html";\r\n boundary="{boundary}r"\r\n\r\n'
        )
        held = b"".join(embedding.part(f"{boundary}r", one) for one in shown)
        page = [begins.encode(), _part_head(f"{boundary}r", "html"), *page, held, f"--{boundary}r--\r\n".encode()]
    else:
        page.insert(0, _part_head(boundary, "html"))
    return [_part_head(boundary, "plain"), *_body(plain, "plain", site), b"\r\n", *page, f"--{boundary}--\r\n".encode()]


def _headers(variant: Variant, newsletter: Newsletter, moment: datetime, boundary: str) -> list[Piece]:
    site = settings.MESSAGE_ID_DOMAIN
    name = "" if variant.discreet else newsletter.from_name
    head = [_line("From", _mailbox(name, sender(variant, newsletter)))]
    to_end = [_line("Date", format_datetime(moment.astimezone(UTC)))]
    content = f"{TEXT.format('plain')}\r\n"
    if not variant.discreet:
        to_end += [_line("Reply-To", newsletter.reply_to)] if newsletter.reply_to else []
        to_end.append(_line("List-Id", f"<{newsletter.slug}.{site}>"))
        to_end.append(_line("Feedback-ID", f"{newsletter.slug}:dispatch"))
    if variant.html:
        content = f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n'
    to_end.append(b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nMIME-Version: 1.0\r\n")
    to_end.append(content.encode())
    return [
        b"".join(head),
        *(b"To: ", TO, b"\r\n"),
        *_subject(variant),
        *(b"Message-ID: <", MESSAGE_ID, b">\r\n"),
        *(b"List-Unsubscribe: <", *_link(f"{_site(variant)}/leave", str.encode), b">\r\n"),
        b"".join(to_end),
    ]


def _subject(variant: Variant) -> list[Piece]:
    pieces = slots.split(" ".join(variant.subject.split()), variant.nonce)
    places = [place for place, piece in enumerate(pieces) if isinstance(piece, slots.Slot)]
    if not places:
        return [_subject_line("".join(map(str, pieces)))]
    if len(places) > 1:
        raise ValueError("a subject has at most one slot")
    (place,) = places
    before, after = "".join(map(str, pieces[:place])), "".join(map(str, pieces[place + 1 :]))
    if pieces[place] != slots.Slot("name"):
        raise ValueError("a subject's slot is the name")
    return [lambda name, _: _subject_line(f"{before}{name}{after}")]


def _subject_line(value: str) -> bytes:
    """Words too long to fold, and what only looks encoded, are encoded too."""
    is_plain = value.isascii() and "=?" not in value and max(map(len, value.split()), default=0) < quoting.WIDTH - 10
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
    return f"--{boundary}\r\n{TEXT.format(kind)}\r\n".encode()


def _body(pieces: list[str | slots.Slot], kind: str, site: str) -> list[Piece]:
    out: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, str):
            out.append(quoting.quoted(piece))
        else:
            out.extend([b"=\r\n", *_slot(piece.name, kind, site), b"=\r\n"])
    return out


def _slot(name: str, kind: str, site: str) -> list[Piece]:
    if name == "name":
        return [NAME_IN_HTML if kind == "html" else NAME_IN_TEXT]
    return _link(f"{site}/{name}", _quoted_html if kind == "html" else quoting.quoted)


def _site(variant: Variant) -> str:
    return neutral.site(is_discreet=variant.discreet)


def _link(page: str, encode: Callable[[str], bytes]) -> list[Piece]:
    """A reader's own link: encoded once around the token, unless a line must break inside of it."""
    around = encode(f"{page}/{HOLE}").split(HOLE.encode())
    if len(around) == 2:
        return [around[0], TOKEN, around[1]]
    return [lambda _, token: encode(f"{page}/{token}")]


def _values(compiled: Compiled, reader: Reader, token: str, name: str) -> tuple[bytes, ...]:
    """By kind. Most names hold nothing to escape, and are encoded once for both bodies."""
    if not ALONE.fullmatch(reader.address):
        raise ValueError("a header's slot holds one address")
    identity = message_id(compiled.send, reader.number).encode()
    in_text = quoting.quoted(name)
    in_html = _quoted_html(name) if MARKUP.search(name) else in_text
    return reader.address.encode(), identity, token.encode(), in_text, in_html


def _quoted_html(text: str) -> bytes:
    return quoting.quoted(html.escape(text))


def _one_line(value: str) -> str:
    return " ".join(value.split())
