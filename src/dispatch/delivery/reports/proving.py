"""Who signed the mail that a report came in (DKIM, RFC 6376), and whether that is whom it says it is from.

A receiver's reports are to pass DMARC themselves (RFC 7489 section 7.2.1.1), so the signature's domain belongs to From's. TLS
reports are to be signed over the whole body, by a key that says it is for them (s=tlsrpt); without a signature they are not
to be counted (RFC 8460 section 3). Nothing is refused here: people see what each report is worth.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.utils import parseaddr

import dkim

from dispatch.delivery.domains import asking, dmarc
from dispatch.delivery.reputation import Report

MOST = 3
"""Signatures that are looked at: each is a question to the DNS, and anybody may write them."""
Worth = Report.Worth
log = logging.getLogger(__name__)
QUIET = logging.getLogger("dispatch.dkim.quiet")
QUIET.disabled = True
"""What the library would log quotes the mail."""


@dataclass(frozen=True)
class Proof:
    """What a report is worth, and the domain that signed it; empty where nobody did."""

    worth: str  # of Report.Worth
    by: str = ""


class _Silent(Exception):
    """The DNS does not say what a key is."""


def of(raw: bytes, kind: str) -> Proof:
    """The best that a mail's signatures prove."""
    found = list(_signatures(raw, is_tls=kind == Report.Kind.TLS))
    if not found:
        return Proof(Worth.UNSIGNED)
    return min(found, key=lambda proof: BEST.index(proof.worth))


BEST: list[str] = [Worth.SIGNED, Worth.UNMEANT, Worth.FOREIGN, Worth.UNKNOWN, Worth.BROKEN]


def _signatures(raw: bytes, *, is_tls: bool) -> Iterator[Proof]:
    try:
        sender = _sender(raw)
        message = dkim.DKIM(raw, logger=QUIET, tlsrpt=is_tls)
        count = sum(name.lower() == b"dkim-signature" for name, _ in message.headers)
    except (dkim.DKIMException, ValueError):
        yield Proof(Worth.BROKEN)
        return
    for number in range(min(count, MOST)):
        yield _judged(message, number, sender, is_tls=is_tls)


def _judged(message: "dkim.DKIM", number: int, sender: str, *, is_tls: bool) -> Proof:
    try:
        is_valid = message.verify(number, dnsfunc=_key)
    except _Silent:
        return Proof(Worth.UNKNOWN)
    except Exception as problem:  # noqa: BLE001 - the library raises many kinds at what strangers write; all mean the same
        log.info("a report's signature cannot be read", extra={"error": type(problem).__name__})
        return Proof(Worth.BROKEN)
    if not is_valid or (not is_tls and b"l" in message.signature_fields):  # what lies beyond l= may be anybody's
        return Proof(Worth.BROKEN)
    by = message.domain.decode("ascii", "replace").lower()[:253]
    try:
        is_own = sender == by or dmarc.organisation(sender) == dmarc.organisation(by)
    except asking.Silent:
        return Proof(Worth.UNKNOWN)
    if not is_own:
        return Proof(Worth.FOREIGN, by)
    return Proof(Worth.UNMEANT if is_tls and not message.seqtlsrpt else Worth.SIGNED, by)


def _sender(raw: bytes) -> str:
    """The domain of From; empty where there is not exactly one."""
    named = message_from_bytes(raw, policy=policy.compat32).get_all("From", [])
    return parseaddr(str(named[0]))[1].rpartition("@")[2].lower() if len(named) == 1 else ""


def _key(name: bytes, timeout: float = 0) -> bytes | None:  # noqa: ARG001 - the library's shape; ours has its own patience
    try:
        found = asking.texts(name.decode("ascii", "replace").rstrip("."))
    except asking.Silent as problem:
        raise _Silent from problem
    return found[0].encode() if found else None
