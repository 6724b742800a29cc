"""What a form asked for, sealed into the page after it: nothing is stored before that page's own button is pressed.

The ticket is dated and padded, so that pages of long and short addresses are alike. A person is told from a flood by
a proof of work that the page's script finds in a second, or, without scripts, by the seconds the page was looked at.
"""

import base64
import binascii
import hashlib
import json
import time
from dataclasses import asdict, dataclass

from dispatch import vault

CONTEXT = "sign-up ticket"
PADDED = 2048
"""Bytes of a ticket before it is sealed, or twice as many and so on where somebody chose a great many topics."""
VALID = 3600
PATIENCE = 6
"""Seconds that a person without scripts waits; the page's style sheet shows its button after as many."""
BITS = 15
"""Leading zero bits of a proof: 2**15 hashes on average, under a second in a phone's browser."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody typed and chose; the address as typed."""

    newsletter: int
    address: str
    language: str
    topics: tuple[str, ...] = ()
    is_trapped: bool = False  # a field that people do not see was filled in
    is_link: bool = False  # not a subscription, but a link to what is subscribed already

    def sealed(self, context: str) -> bytes:
        """For `opened` with the same context."""
        return vault.seal(json.dumps(asdict(self), ensure_ascii=False), context)


@dataclass(frozen=True, slots=True)
class Ticket:
    """A form's content and when it came."""

    wanted: Wanted
    issued_at: float
    text: str


def opened(sealed: bytes, context: str) -> Wanted:
    """What was sealed. Raises vault.Unreadable."""
    return _wanted(json.loads(vault.unseal(sealed, context)))


def issue(wanted: Wanted) -> str:
    """A ticket in base64url, of one length whatever it holds."""
    plain = json.dumps([asdict(wanted), time.time()], ensure_ascii=False)
    padding = " " * (-len(plain.encode()) % PADDED)
    return base64.urlsafe_b64encode(vault.seal(plain + padding, CONTEXT)).decode()


def read(text: str) -> Ticket | None:
    """A ticket of ours that is not over; else None."""
    try:
        sealed = base64.urlsafe_b64decode(text)
        fields, issued_at = json.loads(vault.unseal(sealed, CONTEXT))
    except (binascii.Error, vault.Unreadable, ValueError):
        return None
    return Ticket(_wanted(fields), issued_at, text) if 0 <= time.time() - issued_at <= VALID else None


def is_earned(ticket: Ticket, proof: str) -> bool:
    """Whether work or patience speaks for a person."""
    return is_proof(ticket.text, proof) or time.time() - ticket.issued_at >= PATIENCE


def challenge(text: str) -> str:
    """What the work is about."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def is_proof(text: str, proof: str) -> bool:
    """Whether SHA-256 of "<challenge>:<proof>" begins with BITS zero bits; `proof` is a decimal number."""
    if not (proof.isascii() and proof.isdecimal() and len(proof) <= 12):
        return False
    digest = hashlib.sha256(f"{challenge(text)}:{proof}".encode()).digest()
    return int.from_bytes(digest[:4]) >> (32 - BITS) == 0


def _wanted(fields: dict[str, object]) -> Wanted:
    topics = fields.pop("topics")
    assert isinstance(topics, list)
    return Wanted(topics=tuple(topics), **fields)  # type: ignore[arg-type] # sealed by us, so of the types that went in
