"""When to try again, and what was tried so far. Pure: times in, times out."""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

MAIL_SCHEDULE: tuple[timedelta, ...] = tuple(timedelta(minutes=m) for m in (5, 15, 30, 60, 120, 240))
"""Waits after the first, second, … deferral; the last one repeats (RFC 5321 section 4.5.4.1 asks for patience)."""

KEPT = 20
"""Tries of one thing that are remembered."""


def next_attempt(
    attempts: int,
    now: datetime,
    *,
    until: datetime,
    schedule: Sequence[timedelta] = MAIL_SCHEDULE,
    jitter: float = 0.2,
    chance: random.Random | None = None,
) -> datetime | None:
    """The moment of the next try after `attempts` deferrals (>= 1), or None when it would fall past `until`.

    Each wait is spread by ±`jitter`, so that an outage is not followed by a stampede.
    """
    wait = schedule[min(attempts, len(schedule)) - 1]
    spread = (chance or random).uniform(1 - jitter, 1 + jitter)
    moment = now + wait * spread
    return moment if moment <= until else None


def noted(tries: str, at: datetime, word: str, *details: object) -> str:
    """What was tried so far, a line each, with this try: "2026-11-29T08:00:00+00:00 deferred 3 450 4.2.1". The last KEPT."""
    line = " ".join([at.isoformat(), word, *map(str, details)]).replace("\n", " ").strip()
    return "\n".join([*tries.splitlines(), line][-KEPT:])


def told(tries: str) -> Iterator[tuple[datetime, str, str]]:
    """Each line as its moment, word and details."""
    for line in tries.splitlines():
        at, word, *details = line.split(" ", 2)
        yield datetime.fromisoformat(at), word, "".join(details)
