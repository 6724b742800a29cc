"""Transactions that are open for long: what they have read cannot be dropped, and what they have changed waits for them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from dispatch.accounts import audit
from dispatch.accounts.models import User
from dispatch.operations import stats

LONG = timedelta(seconds=30)
"""No transaction of Dispatch's own lasts as long, but for a backup's and for a very large import's or audience's."""


@dataclass(frozen=True)
class Session:
    """One connection to the database, by the number of its process there."""

    id: int
    name: str  # as its program calls itself: "psql", "pg_dump", "dispatch clock"
    state: str  # "idle in transaction", "active"
    since: datetime
    waiting: int  # others that wait for it now


def long_ones() -> list[Session]:
    """The oldest first."""
    return [Session(*row) for row in stats.rows("sessions", {"longer": LONG})]


def end(number: int, by: User | None, reason: str) -> bool:
    """End it, its transaction undone. False: it is not among the long ones (any more)."""
    if number not in {one.id for one in long_ones()}:
        return False
    audit.record(by, "session.end", f"session:{number}", reason)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [number])
        return bool(cursor.fetchone()[0])
