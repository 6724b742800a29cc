"""The statements of `sql/`, each in a file whose header says why it is so."""

import functools
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection

from dispatch.accounts import stopping
from dispatch.accounts.models import Stop

SQL = Path(__file__).parent / "sql"
NOT_EMBARGOED = (
    "NOT EXISTS (SELECT FROM articles_story e WHERE e.id = p.story_id AND e.embargo_until > clock_timestamp())"
)


def rows(name: str, **values: Any) -> list[tuple[Any, ...]]:
    """What a file's statement returns."""
    with connection.cursor() as cursor:
        cursor.execute(text(name), values)
        return list(cursor.fetchall())


def prepared(name: str, **values: Any) -> list[tuple[Any, ...]]:
    """What the statement of a file that is run for each post returns: planned once a connection, values in binary."""
    connection.ensure_connection()
    connection.connection.prepare_threshold = 0  # Django's None would forbid it
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        return cursor.execute(text(name), values, prepare=True, binary=True).fetchall()


def patience() -> dict[str, float]:
    """How late a post may leave by itself, in seconds: one that was planned for its moment, and one that a story brought."""
    return {"late_placed": settings.SOCIAL["late_planned"], "late_brought": settings.SOCIAL["late_brought"]}


@functools.cache
def text(name: str) -> str:
    """A file's statement, with the conditions that several share."""
    said = _file(name)
    for part in ("ready", "late", "in_its_turn", "stands"):
        said = said.replace(f"{{{part}}}", _condition(part))
    said = said.replace("{not_embargoed}", NOT_EMBARGOED)
    return said.replace("{not_stopped}", stopping.condition(Stop.Scope.CHANNEL, "c.id"))


def _condition(part: str) -> str:
    """Without its header: a line of comment would end where the condition is put into a line."""
    lines = _file({"late": "is_late"}.get(part, part)).splitlines()
    return "\n".join(line for line in lines if not line.startswith("--")).strip()


def _file(name: str) -> str:
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")
