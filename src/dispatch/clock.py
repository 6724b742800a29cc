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

from django.db import Error, connection, transaction
from django.utils.module_loading import autodiscover_modules

log = logging.getLogger(__name__)

LEADER_LOCK = 0x64697370  # "disp": the advisory lock the leading clock holds


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


def run(stop: threading.Event | None = None) -> None:
    """Lead when the lock is free, act when an act is due, until told to stop (SIGTERM, SIGINT)."""
    load()
    stop = stop or _stop_on_signals()
    due = dict.fromkeys(registry, 0.0)
    while not stop.is_set():
        try:
            if lead():
                run_due(due)
        except Error as error:
            log.warning("the clock lost its database and tries again", extra={"error": type(error).__name__})
            connection.close()
        stop.wait(max(0.05, min([1.0, *(moment - time.monotonic() for moment in due.values())])))


def lead() -> bool:
    """Whether this clock leads. The lock is the session's: re-entrant here, gone with the connection."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND pid = pg_backend_pid())"
            " OR pg_try_advisory_lock(%s)",
            [LEADER_LOCK, LEADER_LOCK],
        )
        row = cursor.fetchone()
    return bool(row and row[0])


def run_due(due: dict[str, float]) -> None:
    """Run each act whose moment has come; one that fails is told and does not stop the others."""
    for name, moment in due.items():
        if moment > time.monotonic():
            continue
        due[name] = time.monotonic() + registry[name].every
        try:
            with transaction.atomic():
                registry[name].act()
        except Error:
            raise
        except Exception:
            log.exception("an act of the clock failed", extra={"act": name})


def _stop_on_signals() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
