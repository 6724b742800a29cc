"""What a cluster holds, in figures: rows and a checksum of each table, sequences, roles and what is set for them.

Two clusters of different major versions that hold the same say the same.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

HERE = Path(__file__).parent / "sql"
TABLE, CLUSTER = ((HERE / f"{name}_holds.sql").read_text(encoding="utf-8") for name in ("table", "cluster"))
DATABASES = "SELECT datname FROM pg_database WHERE datallowconn AND datname <> 'template1' ORDER BY 1"
TABLES = """
SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2
"""
SAME_TEXT = "SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET IntervalStyle = 'iso_8601'; SET bytea_output = 'hex'"
"""Settings that a row's text depends on; the operator's own may be others."""
Held = dict[str, str]
"""By what it is of: "dispatch: table public.audience_subscriber" → "1000000 rows, 7346…"."""


def of(address: str) -> Held:
    """Everything in the cluster at `address` (which names no database). Raises psycopg.Error."""
    with psycopg.connect(f"{address} dbname=postgres") as session:
        names = [row[0] for row in session.execute(DATABASES)]
    return {what: figures for name in names for what, figures in _in_database(address, name)}


def differences(before: Held, after: Held) -> list[str]:
    """What is not the same, in words; nothing where all is."""
    missing = [f"{what} is missing" for what in before if what not in after]
    further = [f"{what} was not there before" for what in after if what not in before]
    other = [
        f"{what} had {figures}, has {after[what]}"
        for what, figures in before.items()
        if what in after and after[what] != figures
    ]
    return missing + further + other


def rows(held: Held) -> tuple[int, int]:
    """How many tables, and rows in all of them."""
    counts = [int(figures.partition(" ")[0]) for what, figures in held.items() if ": table " in what]
    return len(counts), sum(counts)


def _in_database(address: str, name: str) -> Iterator[tuple[str, str]]:
    with psycopg.connect(f"{address} dbname={name}") as session:
        session.execute("SET default_transaction_read_only = on")
        session.execute(SAME_TEXT)
        for what, figures in session.execute(CLUSTER):
            yield f"{name}: {what}", figures
        for schema, table in session.execute(TABLES).fetchall():
            count, checksum = _table(session, schema, table)
            yield f"{name}: table {schema}.{table}", f"{count} rows, {checksum}"


def _table(session: psycopg.Connection[Any], schema: str, table: str) -> tuple[int, str]:
    query = sql.SQL(TABLE).format(table=sql.Identifier(schema, table))
    row = session.execute(query).fetchone()
    assert row
    return row[0], row[1]
