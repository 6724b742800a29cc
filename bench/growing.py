"""What a database holds and does as its readers grow: bytes by table and index, log, freezing, settling, from memory or not.

Readers are made by the database, with sealed columns of the lengths that an import makes and unordered indexes as it leaves
them; nobody could open them, and nothing here opens one.
"""

import os
import time
from dataclasses import dataclass, field
from pathlib import Path

import bill
import crowd
import ledgers

BATCH = 20_000
"""Readers a commit, as in an import."""
SLUG = "growing"
READERS = """
INSERT INTO audience_subscriber (id, address, address_index, name, provider_class, created_at)
SELECT n, substring(a || b || c FROM 1 FOR %(address)s), sha256(a), substring(b || c || a FROM 1 FOR %(name)s), n %% 5, now()
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n,
     LATERAL (SELECT sha256(('a' || n)::bytea) AS a, sha256(('b' || n)::bytea) AS b, sha256(('c' || n)::bytea) AS c) AS made
"""
SUBSCRIPTIONS = """
INSERT INTO audience_subscription (subscriber_id, newsletter_id, language, second_language, topics, frequency, state, handle,
                                   consent_source, consented_at)
SELECT n, %(newsletter)s, (%(languages)s::text[])[1 + n %% 3], '', '{}', '', 'active',
       substring(sha256(('h' || n)::bytea) FROM 1 FOR 8), 'list.csv', now()
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
"""
SIZES = """
SELECT c.relname, pg_table_size(c.oid), false FROM pg_class c WHERE c.oid = %(table)s::regclass
UNION ALL
SELECT i.relname, pg_relation_size(i.oid), true FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
WHERE x.indrelid = %(table)s::regclass
"""
TABLES = ("audience_subscriber", "audience_subscription")


@dataclass
class Size:
    """What was found at one number of readers; bytes, seconds and blocks are of all of them together."""

    readers: int
    tables: dict[str, int] = field(default_factory=dict)
    indexes: dict[str, int] = field(default_factory=dict)
    log: float = 0.0  # bytes a reader that was added since the last size
    import_cpu: float = 0.0  # seconds of PostgreSQL a million readers that were added
    freeze: bill.Bill = field(default_factory=bill.Bill)
    ledger_bytes: int = 0  # of the frozen send's chunks, with their indexes
    settle: bill.Bill = field(default_factory=bill.Bill)
    settled: ledgers.Load | None = None
    cold: bill.Bill | None = None  # the same, with the readers' tables on the disk only
    colds: ledgers.Load | None = None


def newsletter() -> int:
    from dispatch.audience.models import Newsletter

    found, _ = Newsletter.objects.get_or_create(
        slug=SLUG,
        defaults={
            "languages": list(crowd.LANGUAGES),
            "from_name": "O",
            "from_address": "news@example.org",
            "names": {"en": "O"},
        },
    )
    return found.pk


def fill(first: int, last: int) -> None:
    """Readers `first` to `last`, a batch a commit."""
    from django.db import connection

    from dispatch import vault

    values = {
        "newsletter": newsletter(),
        "languages": list(crowd.LANGUAGES),
        "address": len(vault.seal("reader-0000001@example.org", "subscriber:1:address")),
        "name": len(vault.seal(crowd.NAMES[0], "subscriber:1:name")),
    }
    with connection.cursor() as cursor:
        for start in range(first, last + 1, BATCH):
            reach = {"first": start, "last": min(start + BATCH - 1, last)}
            cursor.execute(READERS, values | reach)
            cursor.execute(SUBSCRIPTIONS, values | reach)
        cursor.execute("SELECT setval(pg_get_serial_sequence('audience_subscriber', 'id'), %s)", [last])


def grown(there: int, readers: int, settle: int) -> Size:
    """From `there` readers to `readers`: their tables, a send that is frozen for all, and `settle` of its letters."""
    found = Size(readers)
    with bill.of() as spent:
        fill(there + 1, readers)
    added = readers - there
    found.log, found.import_cpu = spent.log / added, spent.cpu / added * 1e6
    crowd.settle()
    for table in TABLES:
        measure(table, found)
    send = freeze(found)
    found.settle, found.settled = load(send, 2, settle)
    if readers > settle:
        found.cold, found.colds = from_disk(send, settle)
    return found


def measure(table: str, found: Size) -> None:
    for name, size, is_index in _rows(SIZES, table=table):
        (found.indexes if is_index else found.tables)[name] = int(size)


def freeze(found: Size) -> int:
    from dispatch.delivery import ledger

    edition = crowd.rendered(SLUG, f"{found.readers} readers")
    with bill.of() as found.freeze:
        send = ledger.enlist(edition)
    assert send is not None
    assert send.frozen_count == found.readers
    found.ledger_bytes = chunk_bytes(send.pk)
    return send.pk


def chunk_bytes(send: int) -> int:
    """Of the chunks of one send, as their part of the table: all of it, by the share of its rows."""
    ((whole, mine, every),) = _rows(
        "SELECT pg_total_relation_size('delivery_chunk'), sum(size) FILTER (WHERE send_id = %(send)s), sum(size)"
        " FROM delivery_chunk",
        send=send,
    )
    return int(whole * mine / every)


def load(send: int, count: int, letters: int, *, excepts: float = 0.0) -> tuple[bill.Bill, ledgers.Load]:
    """So many ledgers settle so many letters; what it cost PostgreSQL."""
    with bill.of() as spent:
        found = ledgers.together(send, count, letters, excepts=excepts)
    return spent, found


def from_disk(send: int, letters: int) -> tuple[bill.Bill, ledgers.Load]:
    """With what the system keeps of the database's files forgotten: of these alone."""
    forget()
    return load(send, 2, letters)


def forget() -> None:
    """What PostgreSQL's own memory holds stays; it is small beside the tables that this is asked of."""
    from django.db import connection

    from dispatch import env

    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")
    time.sleep(1)
    for file in Path(env.data_dir() / "postgres" / "base").resolve().rglob("*"):
        if file.is_file():
            descriptor = os.open(file, os.O_RDONLY)
            os.fsync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


def _rows(sql: str, **values: object) -> list[tuple[object, ...]]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()
