"""What a worker's sign of life says: whether it must be replaced. Pure, and without Django, for whoever watches over workers.

Two signs stand in its row: that the process runs (`beat_at`, from a thread of its own) and that it hears (`heard_at`: a
doorbell of its own came through the broker, its main loop and one of its processes). One that runs and hears nothing is deaf:
kombu did not notice that its connection is gone, or its loop hangs.
"""

import os
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatch import env

BEATS = 5.0
"""Seconds between two signs."""
STARTS = 100.0
"""Seconds that a program gets until its first sign."""


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
    """One row. `heard_at` is None where it is not known, as with a clock, which has nothing to hear."""

    beat_at: datetime
    heard_at: datetime | None


def silence() -> timedelta:
    """DISPATCH_SILENT_SECONDS: after so long without a sign, or without hearing, a worker is replaced."""
    return timedelta(seconds=max(2 * BEATS, env.number("DISPATCH_SILENT_SECONDS", 70)))


def is_deaf(sign: Sign, now: datetime) -> bool:
    """Whether it runs, and no doorbell comes through to it."""
    return sign.heard_at is not None and now - sign.heard_at > silence()


def trouble(sign: Sign, now: datetime) -> str:
    """Why its process is of no use any more, in words; empty: it is well."""
    if now - sign.beat_at > silence():
        return f"no sign of life for {(now - sign.beat_at).total_seconds():.0f} s"
    if sign.heard_at is not None and is_deaf(sign, now):
        return f"alive, but deaf for {(now - sign.heard_at).total_seconds():.0f} s"
    return ""
