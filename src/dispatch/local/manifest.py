"""What a backup says it holds, so that whoever opens it can tell whether that is what came out: rows by table."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

import psycopg
from psycopg import sql

TABLES = (
    "accounts_auditentry",
    "accounts_user",
    "articles_article",
    "audience_subscriber",
    "audience_subscription",
    "audience_suppression",
    "delivery_chunk",
    "delivery_send",
    "editions_edition",
    "social_post",
)
"""Not delivery_exception: its rows are in partitions, one a send."""
COPY = re.compile(rb'COPY (?:public\.)?"?(\w+)"? \(')


def counted(session: psycopg.Connection[Any], tables: Iterable[str] = TABLES) -> dict[str, int]:
    """Rows by table, as the session sees them. Names that are none of TABLES are left out."""
    found = {}
    for table in sorted(set(tables) & set(TABLES)):
        query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
        found[table] = int((session.execute(query).fetchone() or (0,))[0])
    return found


def read(lines: Iterable[bytes]) -> dict[str, int]:
    """Rows by table in what pg_restore writes: those between "COPY … FROM stdin;" and COPY's end mark."""
    found: Counter[str] = Counter()
    table = ""
    for line in lines:
        if table and line == b"\\.\n":
            table = ""
        elif table:
            found[table] += 1
        elif match := COPY.match(line):
            table = match[1].decode()
    return dict(found)


def differing(about: dict[str, Any], found: dict[str, int]) -> str:
    """Where it is not what the first line says, in words; empty where all of it is."""
    said: dict[str, int] = about.get("rows", {})
    wrong = {table: count for table, count in said.items() if found.get(table, 0) != count}
    return ", ".join(f"{table} has {found.get(table, 0)} rows, not {count}" for table, count in wrong.items())
