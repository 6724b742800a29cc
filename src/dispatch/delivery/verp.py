"""The address that an undeliverable letter comes back to: it names the letter's send and reader, and nobody but us can read
or make one (variable envelope return paths).

One block of AES holds the send (4 bytes), the reader (5) and seven zeros: whoever makes one up hits the zeros once in 2^56.
"""

import re
from dataclasses import dataclass

from django.conf import settings

from dispatch import vault
from dispatch.audience.models import Newsletter
from dispatch.editions.models import Variant

PURPOSE = "envelope sender"
TOKEN = re.compile(r"b-([0-9a-f]{32})@([a-z0-9.-]{1,253})", re.IGNORECASE)
READERS = 1 << 96
SENDS = 1 << 56
"""What stands above the zeros in a block of 128 bits, read as a number: send, reader, zeros."""


@dataclass(frozen=True)
class Letter:
    """One letter to one reader, by their numbers."""

    send: int
    reader: int


def domains() -> list[str]:
    """Those whose mail comes to us: none, one or two."""
    return [domain for domain in (settings.BOUNCES["domain"], settings.BOUNCES["discreet_domain"]) if domain]


def domain_of(variant: Variant, newsletter: Newsletter) -> str:
    """Where a variant's letters come back to. Empty: to its sender, as a discreet letter does that has no domain of its own:
    its envelope must not tell what its header hides.
    """
    is_hidden = variant.discreet and bool(newsletter.discreet_address or settings.BOUNCES["discreet_domain"])
    return str(settings.BOUNCES["discreet_domain" if is_hidden else "domain"])


def address(send: int, reader: int, domain: str) -> str:
    """The envelope's sender of one letter: 34 octets of the 64 that a local part may have (RFC 5321 section 4.5.3.1.1)."""
    block = (send * READERS | reader * SENDS).to_bytes(16, "big")
    return f"b-{vault.hide(PURPOSE, block).hex()}@{domain}"


def read(text: str) -> Letter | None:
    """The letter that an address of ours names; None for any other."""
    found = TOKEN.fullmatch(text.strip())
    if found is None or found[2].lower() not in domains():
        return None
    whole = int.from_bytes(vault.reveal(PURPOSE, bytes.fromhex(found[1])), "big")
    return Letter(whole // READERS, whole // SENDS % (READERS // SENDS)) if whole % SENDS == 0 else None


def find(text: str) -> Letter | None:
    """The first letter that a text names, as a header or a report quotes it."""
    return next(filter(None, (read(found[0]) for found in TOKEN.finditer(text))), None)
