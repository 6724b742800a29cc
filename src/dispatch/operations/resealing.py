"""After a further vault key: what older keys sealed is sealed anew with the newest one, so that the older keys can go.

May be cut short at any moment and begun again: every value opens all the while, and what is done is done.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.db import connection, models
from psycopg import sql

from dispatch import vault
from dispatch.articles.models import Source
from dispatch.audience.models import Change, Letter, SignUp, Subscriber, Wish
from dispatch.delivery.models import Mailbox, Relay, TeamAddress, Trial
from dispatch.delivery.reputation import DkimKey
from dispatch.desk.models import Target
from dispatch.social.models import App, Channel

SQL = Path(__file__).parent / "sql"
BATCH = 1000


@dataclass(frozen=True)
class Column:
    """A sealed column, and what it is sealed for: "<kind>:<what `name` holds>:<field>"."""

    words: str
    model: type[models.Model]
    kind: str
    name: str
    field: str


@dataclass(frozen=True)
class Batch:
    """What became of the next few values. Those that no key at hand opens are left as they are."""

    resealed: int
    unreadable: int


COLUMNS = [
    Column("readers' addresses", Subscriber, "subscriber", "id", "address"),
    Column("readers' names", Subscriber, "subscriber", "id", "name"),
    Column("readers' OpenPGP keys", Subscriber, "subscriber", "id", "openpgp"),
    Column("forms not yet looked at", SignUp, "sign-up", "key", "content"),
    Column("addresses to be confirmed", Wish, "wish", "id", "address"),
    Column("addresses to move to", Change, "change", "subscriber_id", "address"),
    Column("letters not yet sent", Letter, "letter", "id", "address"),
    Column("team addresses", TeamAddress, "team", "id", "address"),
    Column("test letters not yet sent", Trial, "trial", "id", "address"),
    Column("relays", Relay, "relay", "name", "url"),
    Column("mailboxes for bounces", Mailbox, "mailbox", "name", "url"),
    Column("DKIM keys", DkimKey, "dkim", "host", "private"),
    Column("channels", Channel, "channel", "slug", "credentials"),
    Column("programs at networks", App, "app", "place", "secrets"),
    Column("sources' secrets", Source, "source", "slug", "secrets"),
    Column("where people are told", Target, "target", "id", "address"),
    Column("sources' API keys", Source, "source", "slug", "api_key"),
]
"""Every column that the vault seals; a room above adds its own (api/apps.py)."""


def reseal(column: Column, size: int = BATCH) -> Iterator[Batch]:
    """Batch by batch; each one is committed before the next is read."""
    newest, after = vault.numbers()[-1], 0
    while rows := _rows("sealed_before", column, after=after, newest=newest, size=size):
        after = rows[-1][0]
        fresh = [(number, sealed, anew) for number, name, sealed in rows if (anew := _anew(column, name, sealed))]
        yield Batch(_write(column, fresh), len(rows) - len(fresh))


def in_use() -> Counter[int]:
    """How many values are sealed with each key, by its number."""
    found: Counter[int] = Counter()
    for column in COLUMNS:
        found.update({int(number): int(count) for number, count in _rows("sealed_with", column)})
    return found


def _anew(column: Column, name: object, sealed: bytes) -> bytes | None:
    place = f"{column.kind}:{name}:{column.field}"
    try:
        return vault.seal(vault.unseal(bytes(sealed), place), place)
    except vault.Unreadable:
        return None


def _write(column: Column, fresh: list[tuple[int, bytes, bytes]]) -> int:
    ids, were, sealed = (list(values) for values in zip(*fresh, strict=True)) if fresh else ([], [], [])
    with connection.cursor() as cursor:
        cursor.execute(_statement("reseal", column), {"ids": ids, "were": were, "sealed": sealed})
        return int(cursor.rowcount)


def _rows(name: str, column: Column, **values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(_statement(name, column), values)
        return list(cursor.fetchall())


@cache
def _statement(name: str, column: Column) -> sql.Composed:
    text = sql.SQL((SQL / f"{name}.sql").read_text(encoding="utf-8"))
    named = {"table": column.model._meta.db_table, "column": column.field, "name": column.name}  # noqa: SLF001 - Django's documented API
    return text.format(**{key: sql.Identifier(value) for key, value in named.items()})
