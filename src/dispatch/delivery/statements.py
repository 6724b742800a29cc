"""The statements of `sql/`, each in a file whose header says why it is so, and the one clock that counts: the database's."""

import functools
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connection, connections

from dispatch.accounts import stopping
from dispatch.accounts.models import Stop

SQL = Path(__file__).parent / "sql"
STAMP = """'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'"""
"""How a moment stands in a reader's past: exact, since by it a line that tells of the row's present state is known."""


def execute(name: str, **values: Any) -> None:
    """Run a file's statement."""
    with connection.cursor() as cursor:
        cursor.execute(_text(name), values)


def rows(name: str, *, using: str = DEFAULT_DB_ALIAS, **values: Any) -> list[tuple[Any, ...]]:
    """What a file's statement returns."""
    with connections[using].cursor() as cursor:
        cursor.execute(_text(name), values)
        return list(cursor.fetchall())


def prepared(name: str, **values: Any) -> list[tuple[Any, ...]]:
    """What the statement of a file that is run for each window returns: planned once a connection, values in binary."""
    connection.ensure_connection()
    connection.connection.prepare_threshold = 0  # Django's None would forbid it
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        return cursor.execute(_text(name), values, prepare=True, binary=True).fetchall()


def listed(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """What a line of SQL returns."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def row(name: str, *, using: str = DEFAULT_DB_ALIAS, **values: Any) -> tuple[Any, ...]:
    """Its only row."""
    (only,) = rows(name, using=using, **values)
    return only


def row_or_none(name: str, **values: Any) -> tuple[Any, ...] | None:
    """Its row, where there is one."""
    return next(iter(rows(name, **values)), None)


def run(sql: str, *values: Any) -> None:
    """Run one line of SQL."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def value(sql: str, *values: Any) -> Any:
    """The one value that a line of SQL asks for."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        (only,) = cursor.fetchall()
    return only[0]


def now() -> datetime:
    """The database's clock: workers' own may differ, and leases, waits and breakers must not."""
    moment: datetime = value("SELECT clock_timestamp()")
    return moment


def to_be_rung() -> datetime:
    """What `rung_at` says of chunks that are to be rung for at once: not "never", for what was never rung for stood still."""
    return now() - timedelta(seconds=6)


@functools.cache
def _text(name: str) -> str:
    text = (SQL / f"{name}.sql").read_text(encoding="utf-8")
    text = text.replace("{cut}", (SQL / "cut.sql").read_text(encoding="utf-8"))
    for part in ("past", "deed"):
        text = text.replace(f"{{{part}}}", (SQL / f"{part}.sql").read_text(encoding="utf-8").strip())
    text = text.replace("{stamp}", STAMP)
    text = text.replace("{got_it}", (SQL / "got_it.sql").read_text(encoding="utf-8").strip())
    text = text.replace("{is_urgent_and_free}", (SQL / "is_urgent_and_free.sql").read_text(encoding="utf-8").strip())
    return text.replace("{not_stopped}", stopping.condition(Stop.Scope.NEWSLETTER, "e.newsletter_id"))
