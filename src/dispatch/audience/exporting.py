"""A list leaves this house: one person asks, another agrees, and only the holder of an age key can read it.

Nothing of it is ever stored in the clear. Each file holds readers who were invented for it alone (honey.py).
"""

import io
import json
import random
import sys
from collections.abc import Iterator
from datetime import timedelta

import pyrage
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from dispatch import vault
from dispatch.accounts import audit
from dispatch.accounts.models import User
from dispatch.audience import honey, spreadsheets
from dispatch.audience.models import Export, Newsletter, Subscription

VALID = timedelta(hours=24)
COLUMNS = [
    "email",
    "name",
    "language",
    "second_language",
    "topics",
    "frequency",
    "newsletter",
    "consented_at",
    "consent_source",
]
AT_ONCE = 2000
Row = dict[str, str]


class Unsuited(ValueError):
    """A key that a list cannot be sealed to; the text says why."""


def ask(newsletter: Newsletter, form: str, recipient: str, reason: str, by: User) -> Export:
    """Ask for this newsletter's list, sealed to an age key (age1…). Raises Unsuited."""
    key = recipient.strip()
    try:
        pyrage.x25519.Recipient.from_str(key)
    except pyrage.RecipientError as error:
        raise Unsuited("This is no age key. One begins with age1; age-keygen makes it and prints it.") from error
    with transaction.atomic():
        expires = timezone.now() + VALID
        made = Export.objects.create(
            newsletter=newsletter, form=form, recipient=key, reason=reason, asked_by=by, expires_at=expires
        )
        audit.record(by, "export.ask", f"export:{made.pk}", reason)
    return made


def agree(number: int, by: User, reason: str) -> bool:
    """A second person says yes. False: it is over, or theirs, or somebody has agreed already."""
    with transaction.atomic():
        waiting = open_ones().filter(pk=number, agreed_at=None).exclude(asked_by=by)
        moved = bool(waiting.update(agreed_by=by, agreed_at=timezone.now()))
        if moved:
            audit.record(by, "export.agree", f"export:{number}", reason)
    return moved


def withdraw(number: int, by: User, reason: str) -> bool:
    """It is not to leave after all. False: it has left, or is over."""
    with transaction.atomic():
        moved = bool(open_ones().filter(pk=number).update(expires_at=timezone.now()))
        if moved:
            audit.record(by, "export.withdraw", f"export:{number}", reason)
    return moved


def open_ones() -> QuerySet[Export]:
    """Asked for within a day, and not taken yet."""
    return Export.objects.filter(taken_at=None, expires_at__gt=timezone.now())


def take(number: int, by: User, into: io.BufferedIOBase) -> bool:
    """Write the sealed file, once, for the person who asked. False: nobody has agreed, or it is over, or not theirs."""
    with transaction.atomic():
        mine = open_ones().select_for_update().filter(pk=number, asked_by=by).exclude(agreed_at=None)
        export = mine.select_related("newsletter").first()
        if export is None:
            return False
        readers = _readers(export.newsletter)
        export.readers = readers.count()
        rows = _with_honey(_rows(readers, export.newsletter.slug), export.readers, honey.plant(f"export:{export.pk}"))
        text = _csv(rows) if export.form == Export.Form.CSV else _json(rows)
        pyrage.encrypt_io(_Reading(text), into, [pyrage.x25519.Recipient.from_str(export.recipient)])
        export.taken_at = timezone.now()
        export.save(update_fields=["readers", "taken_at"])
        audit.record(by, "export.take", f"export:{export.pk}", f"{export.readers} readers")
    return True


def file_name(export: Export) -> str:
    """Such as readers-office-12.csv.age."""
    return f"readers-{export.newsletter.slug}-{export.pk}.{export.form}.age"


def _readers(newsletter: Newsletter) -> QuerySet[Subscription]:
    active = Subscription.objects.filter(newsletter=newsletter, state=Subscription.State.ACTIVE)
    return active.select_related("subscriber").order_by("pk")


def _rows(readers: QuerySet[Subscription], slug: str) -> Iterator[Row]:
    for one in readers.iterator(AT_ONCE):
        place, name = f"subscriber:{one.subscriber_id}", one.subscriber.name
        yield {
            "email": vault.unseal(bytes(one.subscriber.address), f"{place}:address"),
            "name": vault.unseal(bytes(name), f"{place}:name") if name else "",
            "language": one.language,
            "second_language": one.second_language,
            "topics": "|".join(one.topics),
            "frequency": one.frequency,
            "newsletter": slug,
            "consented_at": one.consented_at.isoformat(timespec="seconds"),
            "consent_source": one.consent_source,
        }


def _with_honey(rows: Iterator[Row], many: int, invented: list[str]) -> Iterator[Row]:
    """Each behind a reader somewhere, and but for address and name like that one."""
    places = sorted(random.SystemRandom().choices(range(max(many, 1)), k=len(invented)))
    left = iter(invented)
    for place, row in enumerate(rows):
        yield row
        for _ in range(places.count(place)):
            address = next(left)
            yield row | {"email": address, "name": row["name"] and address.partition(".")[0].title()}


def _csv(rows: Iterator[Row]) -> Iterator[bytes]:
    yield spreadsheets.row(COLUMNS).encode()
    for row in rows:
        yield spreadsheets.row([row[column] for column in COLUMNS]).encode()


def _json(rows: Iterator[Row]) -> Iterator[bytes]:
    """An array, an object a line."""
    before = "[\n"
    for row in rows:
        yield (before + json.dumps(row, ensure_ascii=False)).encode()
        before = ",\n"
    yield b"\n]\n" if before == ",\n" else b"[]\n"


class _Reading(io.BufferedIOBase):
    """Parts, as a file that is read; age takes 64 KiB at a time."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self.parts = parts
        self.kept = bytearray()

    def read(self, size: int | None = -1) -> bytes:
        """At most `size` bytes; none at the end."""
        wanted = sys.maxsize if size is None or size < 0 else size
        while len(self.kept) < wanted and (part := next(self.parts, b"")):
            self.kept += part
        taken = bytes(self.kept[:wanted])
        del self.kept[:wanted]
        return taken
