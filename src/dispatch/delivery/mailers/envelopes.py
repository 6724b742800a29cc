"""A letter's envelope, as the other side's extensions allow: SIZE (RFC 1870), SMTPUTF8 (RFC 6531), REQUIRETLS (RFC 8689)."""

import functools
from dataclasses import dataclass

import idna

from dispatch.delivery.mailers.base import ALONE, Answer, Message, Misaddressed
from dispatch.outcomes import Deferred, Refused


@dataclass(frozen=True, slots=True)
class Offers:
    """What the other side can do, by its EHLO; of REQUIRETLS, whether we ask for it."""

    pipelining: bool = False
    chunking: bool = False
    declares_size: bool = False
    size: int = 0  # bytes a message may have; 0: it does not say
    smtputf8: bool = False
    requiretls: bool = False


def unfit(message: Message, offers: Offers) -> Answer | None:
    """Why it cannot go this way. None: it can."""
    if 0 < offers.size < message.size:
        return Deferred(until=None, reason="the message is larger than the relay takes", code="552 5.3.4")
    if not message.recipient.isascii() and not (offers.smtputf8 or path(message.recipient).isascii()):
        return Refused(reason="the relay takes no international addresses", code="550 5.6.7")
    return None


def write(message: Message, offers: Offers) -> bytes:
    """MAIL and RCPT, and DATA where there is no CHUNKING: a line each. Raises Misaddressed."""
    recipient = path(message.recipient)
    size = b" SIZE=%d" % message.size if offers.declares_size else b""
    letters = b"" if recipient.isascii() else b" SMTPUTF8 BODY=8BITMIME"
    secrecy = b" REQUIRETLS" if offers.requiretls else b""
    data = b"" if offers.chunking else b"DATA\r\n"
    mail = _sender(message.sender)
    return b"MAIL FROM:<%b>%b%b%b\r\nRCPT TO:<%b>\r\n%b" % (mail, size, letters, secrecy, recipient, data)


def path(address: str) -> bytes:
    """An address as an envelope has it: its domain in A-labels (RFC 5891)."""
    if address.isascii():
        return address.encode()
    local, _, domain = address.rpartition("@")
    return f"{local}@".encode() + (domain.encode() if domain.isascii() else idna.encode(domain, uts46=True))


def _sender(address: str) -> bytes:
    """Where letters come back to an address of their own each is another: looked at without a pattern, 0.3 µs."""
    is_plain = address.isascii() and address.isprintable() and address
    if is_plain and not (" " in address or "<" in address or ">" in address or "," in address):
        return address.encode()
    return _unusual(address)


@functools.lru_cache(maxsize=64)
def _unusual(address: str) -> bytes:
    """Newsletters' own addresses, few."""
    if not ALONE.fullmatch(address):
        raise Misaddressed("an envelope's sender is not one address")
    return path(address)
