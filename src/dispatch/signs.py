"""What a worker's sign of life says: whether it must be replaced. Pure, and without Django, for whoever watches over workers.

Two signs stand in its row: that the process runs (`beat_at`, from a thread of its own) and that it hears (`heard_at`: a
doorbell of its own came through the broker, its main loop and one of its processes). One that runs and hears nothing is deaf:
kombu did not notice that its connection is gone, or its loop hangs. One that never heard yet is starting, and has longer.
"""

import os
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatch import env

BEATS = 5.0
"""Seconds between two signs."""
STARTS, LONGEST_START = 100.0, 900.0
"""Seconds that a program gets until it works: at first, and at most once it was replaced before it did (`grace`)."""
SLOW = 30.0
"""Seconds of a start from which on people are told of it."""
STARTING = "starting"
"""What its row says that it does until then."""
REMEDY = "This machine has more to do than it can: give it more processors or memory, or stop what else runs on it."


_called: list[str] = []


def call() -> str:
    """Give this process its name, "host:pid"; those that it forks are called so, too, since they have no row of their own."""
    _called[:] = [f"{socket.gethostname()}:{os.getpid()}"]
    return _called[0]


def name() -> str:
    """What this process is called; a worker's, as its row has it."""
    return _called[0] if _called else f"{socket.gethostname()}:{os.getpid()}"


@dataclass(frozen=True)
class Sign:
    """One row. `heard_at` is None where it is not known, as with a clock, which has nothing to hear; of one that starts it is
    the moment from which on it could have."""

    beat_at: datetime
    heard_at: datetime | None
    is_starting: bool = False


def silence() -> timedelta:
    """DISPATCH_SILENT_SECONDS: after so long without a sign, or without hearing, a worker is replaced."""
    return timedelta(seconds=max(2 * BEATS, env.number("DISPATCH_SILENT_SECONDS", 70)))


def grace(replaced: int) -> float:
    """Seconds that a start may take after so many were cut short: each gets twice as long as the one before. So what a slow
    start costs in vain is less than twice the last one, and one that hangs is still found."""
    return float(min(STARTS * 2 ** min(replaced, 10), LONGEST_START))


def is_deaf(sign: Sign, now: datetime, start: float = STARTS) -> bool:
    """Whether it runs, and no doorbell comes through to it; `start`: the seconds that it has for its start."""
    patience = timedelta(seconds=start) if sign.is_starting else silence()
    return sign.heard_at is not None and now - sign.heard_at > patience


def slow_for(sign: Sign, now: datetime) -> timedelta | None:
    """How long it has been starting, where that is long."""
    if not sign.is_starting or sign.heard_at is None or now - sign.heard_at <= timedelta(seconds=SLOW):
        return None
    return now - sign.heard_at


def trouble(sign: Sign, now: datetime, start: float = STARTS) -> str:
    """Why its process is of no use any more, in words; empty: it is well, or still has time for its start."""
    if sign.is_starting and sign.heard_at is not None:
        waited = (now - sign.heard_at).total_seconds()
        return f"it does not work {waited:.0f} s after its start" if is_deaf(sign, now, start) else ""
    if now - sign.beat_at > silence():
        return f"no sign of life for {(now - sign.beat_at).total_seconds():.0f} s"
    if sign.heard_at is not None and is_deaf(sign, now):
        return f"alive, but deaf for {(now - sign.heard_at).total_seconds():.0f} s"
    return ""
