"""A streaming replica of the database, watched: whether what is history may be read there just now.

A thread asks twice a second where the primary is and how far the replica came. So no page waits to learn that it is away,
and one that reads there while it freezes is let go within two seconds. Nothing is asked where there is no replica.
"""

import contextlib
import enum
import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import psycopg
from django.db import DEFAULT_DB_ALIAS, Error, connections

from dispatch import env

log = logging.getLogger(__name__)
ALIAS = "replica"
EVERY, AGAIN = 0.5, 2.0
"""Seconds between two looks: while all is well, and once it was not."""
PATIENCE = 1.0
"""Seconds that a look may take before the replica counts as away and whoever reads there is let go."""
FRESH = 3.0
"""Seconds that what was seen is believed."""
LATE = 10.0
"""Seconds that it may be behind. Charts are written each ten."""
NOT_OPTIONS = {"context", "cursor_factory"}
WHERE = """
SELECT pg_current_wal_lsn()::text, clock_timestamp(), ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int,
       (SELECT system_identifier FROM pg_control_system()),
       (SELECT oid::bigint FROM pg_database WHERE datname = current_database())
"""
"""Of the primary, before the replica is asked. Its timeline by the log's file: pg_control_checkpoint() has the new one only
after the checkpoint that follows a promotion."""
HOW_FAR = """
SELECT pg_is_in_recovery(), pg_last_wal_replay_lsn() >= %s::pg_lsn,
       extract(epoch FROM %s::timestamptz - pg_last_xact_replay_timestamp())::float8,
       (SELECT timeline_id FROM pg_control_checkpoint()), (SELECT system_identifier FROM pg_control_system()),
       (SELECT oid::bigint FROM pg_database WHERE datname = current_database())
"""
"""Of the replica. One that has all is not late, however long the primary was idle; of any other the last commit that it
has is compared, by the primary's clock alone."""


class State(enum.StrEnum):
    """How a replica stands."""

    WELL = "well"
    LATE = "late"
    AWAY = "away"
    BLIND = "blind"  # the primary does not answer, so nobody can say
    LEADS = "leads"  # it follows nobody: promoted, or the primary itself
    STRAY = "stray"  # of another timeline: it did not follow a failover, or has not said so yet
    FOREIGN = "foreign"  # no copy of this database


WORDS = {
    State.AWAY: "It does not answer",
    State.BLIND: "The primary did not answer, so nobody can say how far it is",
    State.LEADS: "It follows nobody: it was promoted, or is the primary itself",
    State.STRAY: "It is on another timeline than the primary: it did not follow a failover, or did so minutes ago",
    State.FOREIGN: "It is no copy of this database",
}


@dataclass(frozen=True)
class Primary:
    """Where the primary is."""

    lsn: str
    at: datetime
    timeline: int
    cluster: int
    database: int


@dataclass(frozen=True)
class Copy:
    """How far the other one came."""

    follows: bool
    has_all: bool | None
    behind: float | None  # seconds since the last commit that it has; None: it has none since its start
    timeline: int
    cluster: int
    database: int


@dataclass(frozen=True)
class Seen:
    """What a look found. `lag` is in seconds."""

    state: State
    lag: float | None = None

    @property
    def words(self) -> str:
        """A sentence without its end."""
        if self.state == State.WELL:
            return f"It is {self.lag:.0f} s behind" if self.lag and self.lag >= 1 else "It follows closely"
        if self.state == State.LATE:
            return "It is behind" if self.lag is None else f"It is {self.lag:.0f} s behind"
        return WORDS[self.state]


def is_set() -> bool:
    """Whether there is one."""
    return ALIAS in connections.settings


def judged(primary: Primary, copy: Copy) -> Seen:
    """What both answers say together."""
    if (primary.cluster, primary.database) != (copy.cluster, copy.database):
        return Seen(State.FOREIGN)
    if not copy.follows:
        return Seen(State.LEADS)
    if primary.timeline != copy.timeline:
        return Seen(State.STRAY)
    if copy.has_all:
        return Seen(State.WELL, 0.0)
    is_late = copy.behind is None or copy.behind > LATE
    return Seen(State.LATE if is_late else State.WELL, copy.behind)


def require() -> None:
    """At a start. Raises Misconfigured where the address leads to another database; one that is away is no reason to."""
    if is_set() and Watch().once().state == State.FOREIGN:
        raise env.Misconfigured(
            "DISPATCH_REPLICA_URL names a database that is no copy of DISPATCH_DATABASE_URL's: another server's, or another "
            "one of the same server. Give a streaming replica's address, or leave it out. `dispatch check` looks at both."
        )


class Watch:
    """Looks again and again, and remembers who reads there."""

    def __init__(self) -> None:
        self._seen, self._at = Seen(State.AWAY), float("-inf")
        self._lock, self._first, self._over = threading.Lock(), threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._open: dict[str, psycopg.Connection[Any]] = {}
        self._readers: set[psycopg.Connection[Any]] = set()

    def is_well(self) -> bool:
        """Whether to read there, said at once. Before the first look: no."""
        self._begin()
        return self._seen.state == State.WELL and time.monotonic() - self._at < FRESH

    def seen(self) -> Seen:
        """What the last look found; the first one is waited for."""
        self._begin()
        self._first.wait(3 * PATIENCE)
        return self._seen

    def once(self) -> Seen:
        """Look now, without a thread that goes on."""
        try:
            return self._look()
        finally:
            self._close()

    def doubt(self) -> None:
        """A reading broke off: nobody else tries before the next look."""
        self._at = float("-inf")

    @contextlib.contextmanager
    def reading(self, session: psycopg.Connection[Any]) -> Iterator[None]:
        """Inside, the session is ended where the replica stops to answer."""
        with self._lock:
            self._readers.add(session)
        try:
            yield
        finally:
            with self._lock:
                self._readers.discard(session)

    def stop(self) -> None:
        """End the thread."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def _begin(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._go_on, name="replica", daemon=True)
                self._thread.start()

    def _go_on(self) -> None:
        while not self._over.is_set():
            seen = self._look()
            if seen.state != self._seen.state or not self._first.is_set():
                log.info("the replica is %s", seen.state, extra={"lag": seen.lag})
            self._seen, self._at = seen, time.monotonic()
            self._first.set()
            self._over.wait(EVERY if seen.state == State.WELL else AGAIN)
        self._close()

    def _look(self) -> Seen:
        alarm = threading.Timer(PATIENCE, self._let_go)
        alarm.daemon = True
        alarm.start()
        try:
            return self._found()
        finally:
            alarm.cancel()

    def _found(self) -> Seen:
        try:
            primary = Primary(*self._ask(DEFAULT_DB_ALIAS, WHERE))
        except (psycopg.Error, Error):
            self._close()
            return Seen(State.BLIND)
        try:
            return judged(primary, Copy(*self._ask(ALIAS, HOW_FAR, primary.lsn, primary.at)))
        except (psycopg.Error, Error):
            self._close()
            return Seen(State.AWAY)

    def _ask(self, alias: str, statement: str, *values: Any) -> tuple[Any, ...]:
        session = self._open.get(alias) or _connect(alias)
        with self._lock:
            self._open[alias] = session
        row = session.execute(statement, values or None).fetchone()
        assert row is not None
        return cast("tuple[Any, ...]", row)

    def _let_go(self) -> None:
        """Whoever waits for an answer that does not come gets an error instead."""
        self._at = float("-inf")
        with self._lock:
            for session in (*self._readers, *self._open.values()):
                _cut(session)

    def _close(self) -> None:
        with self._lock:
            for session in self._open.values():
                session.close()
            self._open.clear()


watch = Watch()
"""Of this process."""


def _connect(alias: str) -> psycopg.Connection[Any]:
    """As Django would; in two seconds at most, which is the least that libpq knows."""
    parameters = cast("Any", connections[alias]).get_connection_params()
    wanted = {key: value for key, value in parameters.items() if key not in NOT_OPTIONS}
    wanted |= {"autocommit": True, "connect_timeout": 2, "application_name": "dispatch replica watch"}
    return psycopg.connect(**wanted)


def _cut(session: psycopg.Connection[Any]) -> None:
    """End its line from outside: a frozen server answers no request to cancel."""
    with contextlib.suppress(psycopg.Error, OSError), socket.socket(fileno=os.dup(session.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)
