"""The one process that watches time, and the registry of what it does.

A domain declares its acts in its own `ticks.py` with `@clock.tick(...)`. Each act is an idempotent compare-and-set, so any
number of clocks may run; one leads, by an advisory lock that dies with its connection.
"""

import logging
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, cast

import psycopg
from django.db import Error, InterfaceError, OperationalError, connection, transaction
from django.utils.module_loading import autodiscover_modules

if TYPE_CHECKING:
    from django.db.backends.postgresql.base import DatabaseWrapper

log = logging.getLogger(__name__)

LEADER_LOCK = 0x64697370  # "disp": the advisory lock the leading clock holds
BEAT_EVERY = 5.0
ACT_LIMITS = "SET LOCAL statement_timeout = '60s'; SET LOCAL lock_timeout = '5s'"
"""So that one act that waits for ever does not stop time for the others."""
AGAIN = 60.0
"""Seconds until an act that failed is tried again, however seldom it is wanted."""
LEEWAY = 30.0
"""Seconds between two steps for which this clock counts as going on. With the 70 of DISPATCH_SILENT_SECONDS, an act's slowest
statement (60) ends well before anybody takes the clock for hung, and a hung one is replaced within two minutes."""


@dataclass(frozen=True)
class Tick:
    """One act of the clock."""

    name: str
    every: float  # seconds
    act: Callable[[], object]


registry: dict[str, Tick] = {}


def tick(name: str, *, every: float) -> Callable[[Callable[[], object]], Callable[[], object]]:
    """Declare an act: it runs every `every` seconds in the leading clock, in a transaction of its own."""

    def register(act: Callable[[], object]) -> Callable[[], object]:
        registry[name] = Tick(name, every, act)
        return act

    return register


def load() -> None:
    """Import each domain's `ticks.py`."""
    autodiscover_modules("ticks")


class Pulse:
    """That the loop steps on: through rounds, acts, and the statements of each act, of which several may be slow. A thread
    tells of it, so that a slow act is not silence; it cannot tell of what did not happen, so that a hung one is."""

    def __init__(self, alive: Callable[[str, float], object]) -> None:
        self.alive = alive
        self.doing = "waiting"
        self.stepped_at = time.monotonic()
        self.news, self.is_over = threading.Event(), False
        self.thread = threading.Thread(target=self._beat_until_the_end, name="beat", daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_over = True
        self.news.set()
        self.thread.join(BEAT_EVERY)

    def step(self) -> None:
        """The loop got on."""
        self.stepped_at = time.monotonic()

    def say(self, doing: str) -> None:
        """What this clock does from now on; told at once where it is new."""
        if doing != self.doing:
            self.doing = doing
            self.news.set()

    def through(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        """A statement of an act begins, and ends."""
        self.step()
        try:
            return execute(sql, params, many, context)
        finally:
            self.step()

    def _beat_until_the_end(self) -> None:
        while not self.is_over:
            self.news.clear()
            try:
                self.alive(self.doing, max(0.0, time.monotonic() - self.stepped_at - LEEWAY))
            except Exception:  # a watched process that no longer says so would be killed
                log.exception("a sign of life failed")
            self.news.wait(BEAT_EVERY)
        connection.close()


class Leadership:
    """The advisory lock on a connection that nobody else uses: what an act does to its own cannot lose or keep it."""

    def __init__(self) -> None:
        self.session: psycopg.Connection[Any] | None = None
        self.is_away = False  # the database did not answer at the last turn

    def holds(self) -> bool:
        """Whether this clock leads, asked of the database each time. Raises psycopg.Error when that cannot be reached."""
        if self.session is not None:
            self.session.execute("SELECT 1")  # the lock is the session's: while this answers, it is ours
            return True
        session = _connect()
        row = session.execute("SELECT pg_try_advisory_lock(%s)", [LEADER_LOCK]).fetchone()
        if row and row[0]:
            self.session = session
            log.info("this clock leads")
            return True
        session.close()
        return False

    def let_go(self) -> None:
        """Give the lock back by closing its connection."""
        if self.session is not None:
            self.session.close()
        self.session = None


def run(stop: threading.Event | None = None, *, alive: Callable[[str, float], object] = lambda *_: None) -> None:
    """Lead when the lock is free, act when an act is due, until told to stop (SIGTERM, SIGINT).

    `alive` is told every few seconds, from a thread, what this clock does ("leading", "waiting"), and for how many seconds
    its loop has stood still.
    """
    load()
    stop = stop or _stop_on_signals()
    due = dict.fromkeys(registry, 0.0)
    leadership = Leadership()
    with Pulse(alive) as pulse:
        while not stop.is_set():
            pulse.step()
            leads = _turn(leadership, due, stop, pulse)
            pulse.say("leading" if leads else "waiting")
            stop.wait(_pause(due) if leads else 1.0)
    leadership.let_go()


def _turn(leadership: Leadership, due: dict[str, float], stop: threading.Event, pulse: Pulse) -> bool:
    """Whether it leads, after what was due then is done."""
    try:
        if leads := leadership.holds():
            pulse.say("leading")
            with connection.execute_wrapper(pulse.through):
                run_due(due, stop, pulse.step)
    except (Error, psycopg.Error) as error:
        if not leadership.is_away:  # once, and not each second
            log.warning("the clock lost its database and tries again", extra={"error": type(error).__name__})
        leadership.is_away = True
        leadership.let_go()
        connection.close()
        return False
    leadership.is_away = False
    return leads


def run_due(due: dict[str, float], stop: threading.Event, step: Callable[[], object] = lambda: None) -> None:
    """Run each act whose moment has come; one that fails is told, does not stop the others, and is due again soon. `step` is
    called before each.

    Raises django.db.Error when the database itself is away.
    """
    for name, moment in due.items():
        if moment > time.monotonic() or stop.is_set():
            continue
        step()
        due[name] = time.monotonic() + registry[name].every
        session = None
        try:
            with transaction.atomic():
                session = connection.connection
                with connection.cursor() as cursor:
                    cursor.execute(ACT_LIMITS)
                registry[name].act()
        except Exception as error:  # one act that fails must not stop the others
            due[name] = min(due[name], time.monotonic() + AGAIN)
            if isinstance(error, (OperationalError, InterfaceError)) and not connection.is_usable():
                raise
            if connection.connection is session:
                log.exception("an act of the clock failed", extra={"act": name})
            else:  # Django has another by now
                log.warning("the session of an act of the clock was cut", extra={"act": name})


def _pause(due: dict[str, float]) -> float:
    """Seconds until the next act is due: one at most."""
    return max(0.05, min([1.0, *(moment - time.monotonic() for moment in due.values())]))


def _connect() -> psycopg.Connection[Any]:
    wrapper = cast("DatabaseWrapper", connection)
    wanted = {"dbname", "user", "password", "host", "port", "sslmode", "sslrootcert", "sslcert", "sslkey", "service"}
    parameters = {key: value for key, value in wrapper.get_connection_params().items() if key in wanted}
    session: psycopg.Connection[Any] = psycopg.connect(
        **parameters, autocommit=True, connect_timeout=5, application_name="dispatch clock", tcp_user_timeout=10_000
    )
    session.execute("SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3")
    return session


def _stop_on_signals() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
