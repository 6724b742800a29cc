"""What an item's page tells: its facts, and what happened to it; of people's acts, what the audit log has."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import QuerySet

from dispatch.accounts.models import AuditEntry
from dispatch.operations.items import rows
from dispatch.operations.items.wanted import Wanted

ENTRIES = 200


@dataclass(frozen=True)
class Event:
    """One thing that happened to it."""

    at: datetime
    words: str
    shape_of: str = ""
    word: str = ""
    who: str = ""
    why: str = ""


@dataclass
class Item:
    """One item's page. `facts` are (name, words or moment); `links` (words, path)."""

    row: rows.Row
    facts: list[tuple[str, object]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    links: list[tuple[str, str, int]] = field(default_factory=list)  # words, name of the address, its number
    counts: list[tuple[str, str, int]] = field(default_factory=list)  # a chunk's readers: state, code, how many
    wanted: Wanted | None = None  # the list that it is from


def people(*targets: str) -> Iterator[Event]:
    """What people did to these, the last ENTRIES of it."""
    yield from _events(AuditEntry.objects.filter(target__in=targets).order_by("-pk")[:ENTRIES])


def upon_send(send: int) -> Iterator[Event]:
    """What was done to a send as a whole, and so to each of its chunks and readers; not what was done to some of them."""
    yield from _events(
        AuditEntry.objects.filter(target=f"send:{send}", act__startswith="send.").order_by("-pk")[:ENTRIES]
    )


def entries(numbers: Iterable[int]) -> Iterator[Event]:
    """These entries of the audit log."""
    yield from _events(AuditEntry.objects.filter(pk__in=list(numbers)).order_by("-pk")[:ENTRIES])


def _events(found: QuerySet[AuditEntry]) -> Iterator[Event]:
    for entry in found.select_related("who"):
        who = (entry.who.name or entry.who.email) if entry.who else "Dispatch"
        yield Event(entry.at, entry.act, who=who, why=entry.reason)
