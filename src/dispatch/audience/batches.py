"""A batch of an import, written by COPY: readers, those who are to be asked first, and those who must never be written to."""

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Max
from django.utils import timezone

from dispatch import vault
from dispatch.audience import addresses, confirming, honey, leaving, preferences, rhythms, signing_up
from dispatch.audience.models import Newsletter, Subscription

FOLDER = Path(__file__).parent / "sql"
CONFIRMED_HERE = [confirming.SOURCE, preferences.SOURCE]


class Reader(NamedTuple):
    """One good line of somebody who reads."""

    address: str
    name: str
    language: str
    second_language: str
    topics: tuple[str, ...]
    frequency: str
    newsletter: int
    consented_at: datetime | None  # as the list says
    source: str


class Gone(NamedTuple):
    """One good line of somebody who must not be written to, and why: a Suppression.Reason."""

    address: str
    reason: str


@dataclass(frozen=True, slots=True)
class Pace:
    """The turns of letters that ask: the next one's, and the time between two."""

    begins: datetime
    between: timedelta


def _steps(name: str) -> list[str]:
    return re.split(r"(?m)^(?=-- step:)", (FOLDER / name).read_text(encoding="utf-8"))[1:]


READERS, ENDED, ASKED = _steps("import.sql"), _steps("import_ended.sql"), _steps("import_asked.sql")


def end(gone: list[Gone]) -> None:
    """Suppress them, and stop what an earlier list has brought of theirs."""
    place, suppress, stop = ENDED
    with connection.cursor() as cursor:
        cursor.execute(place)
        indexes = ((_index(one.address), one.reason) for one in gone)
        _copy(cursor, "ending", ["bytea", "text"], indexes)
        cursor.execute(suppress, {"expires": timezone.now() + leaving.TOMBSTONE, "confirmed": CONFIRMED_HERE})
        cursor.execute(stop)


def write(readers: list[Reader]) -> tuple[int, int]:
    """Subscribe them: how many subscriptions that made, and how many lines must not be written to."""
    _, reserve, insert_subscribers, insert_subscriptions, _ = READERS
    with connection.cursor() as cursor:
        _lay_out(cursor, readers)
        cursor.execute(reserve)
        fresh = cursor.fetchall()
        sealed = (_sealed(position, number, readers[position]) for position, number in fresh)
        _copy(cursor, "sealing", ["int4", "int8", "bytea", "bytea", "int2"], sealed)
        cursor.execute(insert_subscribers)
        last = Subscription.objects.aggregate(last=Max("pk"))["last"] or 0
        cursor.execute(insert_subscriptions)
        made = cursor.rowcount
        for newsletter in Newsletter.objects.filter(pk__in={one.newsletter for one in readers}).order_by("pk"):
            rhythms.settle(newsletter, beyond=last)
        return made, _suppressed(cursor)


def ask(readers: list[Reader], pace: Pace) -> tuple[int, int]:
    """Have each asked by a letter, in turn: how many will be, and how many lines must not be written to."""
    reserve, place, insert = ASKED
    with connection.cursor() as cursor:
        _lay_out(cursor, readers)
        cursor.execute(reserve)
        fresh = cursor.fetchall()
        cursor.execute(place)
        turns = (
            (position, number, vault.seal(readers[position].address, f"wish:{number}:address"), turn)
            for (position, number), turn in zip(fresh, _turns(pace, len(fresh)), strict=True)
        )
        _copy(cursor, "asking", ["int4", "int8", "bytea", "timestamptz"], turns)
        cursor.execute(insert, [signing_up.KEPT.total_seconds()])
        return cursor.rowcount, _suppressed(cursor)


def _lay_out(cursor: Any, readers: list[Reader]) -> None:
    """Blind indexes and wishes, where the statements find them."""
    cursor.execute(READERS[0])
    indexes = [_index(reader.address) for reader in readers]
    honey.notice(indexes, "import")
    _copy(cursor, "importing", ["int4", "bytea"], enumerate(indexes))
    wishes = (_wish(position, reader) for position, reader in enumerate(readers))
    kinds = ["int4", "int8", "text", "text", "text[]", "text", "bytea", "timestamptz", "text"]
    _copy(cursor, "wishes", kinds, wishes)


def _copy(cursor: Any, table: str, kinds: list[str], rows: Iterable[tuple[Any, ...]]) -> None:
    with cursor.copy(f"COPY {table} FROM STDIN (FORMAT binary)") as copy:
        copy.set_types(kinds)
        for row in rows:
            copy.write_row(row)


def _suppressed(cursor: Any) -> int:
    cursor.execute(READERS[-1])
    return int(cursor.fetchone()[0])


def _index(address: str) -> bytes:
    return vault.blind_index(addresses.unique_form(address))


def _sealed(position: int, number: int, reader: Reader) -> tuple[Any, ...]:
    name = vault.seal(reader.name, f"subscriber:{number}:name") if reader.name else None
    address = vault.seal(reader.address, f"subscriber:{number}:address")
    return position, number, address, name, int(addresses.provider_class(reader.address))


def _wish(position: int, reader: Reader) -> tuple[Any, ...]:
    handle, topics = secrets.token_bytes(8), list(reader.topics)
    wishes = (reader.newsletter, reader.language, reader.second_language, topics, reader.frequency)
    return position, *wishes, handle, reader.consented_at, reader.source


def _turns(pace: Pace, many: int) -> Iterable[datetime]:
    return (pace.begins + pace.between * number for number in range(many))
