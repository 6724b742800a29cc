"""The audit log: who did what and why. Append-only; each entry's hash covers the one before it."""

import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import DEFAULT_DB_ALIAS, connection, transaction
from django.utils import timezone

from dispatch.accounts.models import AuditEntry, User

log = logging.getLogger(__name__)
LOCK = 0x61756469  # "audi": entries are chained one at a time
GENESIS = bytes(32)
_via: ContextVar[str] = ContextVar("via", default="")


@contextmanager
def through(program: str) -> Iterator[None]:
    """Whatever is recorded inside was done by this program in a person's name: "token:4 Calendar"."""
    before = _via.set(program[:80])
    try:
        yield
    finally:
        _via.reset(before)


def program() -> str:
    """The program that acts just now, as entries name it; empty: a person does."""
    return _via.get()


def record(who: User | None, act: str, target: str, reason: str = "") -> AuditEntry:
    """Add an entry: `act` ("send.pause") upon `target` ("send:12"). Texts hold no personal data; the caller sees to it."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        last = AuditEntry.objects.order_by("-pk").first()
        previous = bytes(last.hash) if last else GENESIS
        at, number = timezone.now(), who.pk if who else None
        via = _via.get()
        digest = _digest(previous, at, number, *_texts(act, target, reason, via))
        entry = AuditEntry.objects.create(
            at=at, who=who, act=act, target=target, reason=reason, via=via, previous=previous, hash=digest
        )
        transaction.on_commit(partial(_tell, entry))
    return entry


def last(target: str, acts: Sequence[str]) -> AuditEntry | None:
    """The latest of these acts upon `target`."""
    return AuditEntry.objects.filter(target=target, act__in=acts).select_related("who").order_by("pk").last()


@dataclass(frozen=True)
class Break:
    """The first place where the chain does not hold. `was_edited`: the entry says something else than when it was written;
    else it was written upon another entry than the one that stands before it."""

    entry: AuditEntry
    before: AuditEntry | None
    was_edited: bool


def verify(*, using: str = DEFAULT_DB_ALIAS) -> Break | None:
    """None when every entry follows from the one before it.

    Entries cut off at the end do not show here; the newest hash, kept elsewhere, shows those.
    """
    before, previous = None, GENESIS
    for entry in AuditEntry.objects.using(using).order_by("pk").iterator():
        said = _texts(entry.act, entry.target, entry.reason, entry.via)
        digest = _digest(bytes(entry.previous), entry.at, entry.who_id, *said)
        was_edited = bytes(entry.hash) != digest
        if was_edited or bytes(entry.previous) != previous:
            return Break(entry, before, was_edited)
        before, previous = entry, digest
    return None


def _tell(entry: AuditEntry) -> None:
    """A line for the log, so that a copy stands where nobody who can edit the table can reach it."""
    said = {"entry": entry.pk, "who": entry.who_id, "act": entry.act, "target": entry.target, "reason": entry.reason}
    log.info("audit", extra=said | ({"via": entry.via} if entry.via else {}) | {"hash": bytes(entry.hash).hex()})


def _texts(act: str, target: str, reason: str, via: str) -> tuple[str, ...]:
    """What is hashed of an entry: entries that no program made keep the hash that they had before programs could."""
    return (act, target, reason, via) if via else (act, target, reason)


def _digest(previous: bytes, at: datetime, who: int | None, *texts: str) -> bytes:
    said = json.dumps(
        [previous.hex(), at.isoformat(), who, *texts]
    )  # one text for one entry: no two can be taken for each other
    return hashlib.sha256(said.encode()).digest()
