"""The roll of connections to relays: how many each process of a worker has, opening, at work or at rest, told to its main
process through memory that they share. A change costs two microseconds, and there are a few a chunk and none a letter.
"""

import contextlib
import os
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum

from dispatch import shared_memory

PROCESSES, RELAYS = 128, 16
"""Of a worker, and that one process has connections to at a time; what is beyond is not told."""
ENTRY = struct.Struct("<52s3i3d")
"""A relay's name, then by state how many there are and since when there has been one."""
_places = shared_memory.Places(PROCESSES, RELAYS * ENTRY.size)


class State(IntEnum):
    """What a connection is at."""

    OPENING = 0
    AT_WORK = 1  # an errand has it, with a letter under way or between two
    AT_REST = 2  # kept for the next errand


WORDS = {State.OPENING: "opening", State.AT_WORK: "at work", State.AT_REST: "at rest"}


@dataclass
class _Entry:
    """One relay's, of this process."""

    at: int | None
    counts: list[int] = field(default_factory=lambda: [0] * len(State))
    since: list[float] = field(default_factory=lambda: [0.0] * len(State))


def change(relay: str, was: State | None, now: State | None) -> None:
    """A connection of this process is in another state; None: it is not there. Of a relay without a name nothing is told."""
    if not relay or was is now:
        return
    with _lock:
        entry = _entries.get(relay)
        if entry is None and now is None:
            return  # its parent's, which a forked process drops
        entry = entry or _enter(relay)
        if was is not None:
            entry.counts[was] = max(0, entry.counts[was] - 1)
        if now is not None:
            if not entry.counts[now]:
                entry.since[now] = time.time()
            entry.counts[now] += 1
        if entry.at is not None:
            ENTRY.pack_into(_places.memory, entry.at, relay.encode(), *entry.counts, *entry.since)


@contextlib.contextmanager
def opening(relay: str) -> Iterator[None]:
    """A connection is being opened."""
    change(relay, None, State.OPENING)
    try:
        yield
    finally:
        change(relay, State.OPENING, None)


def call() -> list[dict[str, str | int]]:
    """All that living processes have: {"relay": its name, "state": of WORDS, "count": how many, "since": ISO 8601, when the
    oldest process that has one began to}."""
    counts: dict[tuple[str, State], tuple[int, float]] = {}
    for _, place in _places.of_the_living():
        for at in range(place, place + RELAYS * ENTRY.size, ENTRY.size):
            name, *numbers = ENTRY.unpack_from(_places.memory, at)
            for state in State:
                if count := numbers[state]:
                    key, since = (name.rstrip(b"\0").decode(), state), numbers[len(State) + state]
                    before, oldest = counts.get(key, (0, since))
                    counts[key] = before + count, min(oldest, since)
    return [
        {"relay": name, "state": WORDS[state], "count": count, "since": _moment(since)}
        for (name, state), (count, since) in sorted(counts.items())
    ]


def _enter(relay: str) -> _Entry:
    """At a place that is free: nobody's, or that of a relay to which this process has none any more."""
    for left in [name for name, one in _entries.items() if not any(one.counts)] if len(_entries) >= RELAYS else ():
        del _entries[left]
    own, taken = _places.own(), {one.at for one in _entries.values()}
    places = () if own is None else range(own, own + RELAYS * ENTRY.size, ENTRY.size)
    _entries[relay] = _Entry(next((at for at in places if at not in taken), None))
    return _entries[relay]


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _forget() -> None:
    """A forked child has none of its parent's."""
    global _lock  # noqa: PLW0603 - the parent's may be held by a thread that the child does not have
    _lock = threading.Lock()
    _entries.clear()


_entries: dict[str, _Entry] = {}
_lock = threading.Lock()
os.register_at_fork(after_in_child=_forget)
