"""Connections at rest between two chunks, kept by the process: a chunk is sent in less time than it takes to sign in."""

import atexit
import os
import threading
import time
from collections.abc import Iterable

from dispatch.delivery.mailers import roll
from dispatch.delivery.mailers.dialling import Relay
from dispatch.delivery.mailers.line import Line

REST = 20.0
"""Seconds; a relay does not like to hold what is not used."""
GOODBYE = 2.0
"""Seconds for all of them to answer QUIT."""

_resting: dict[Relay, list[tuple[float, Line]]] = {}
"""By relay, until when each may rest, on the monotonic clock."""
_lock = threading.Lock()
_sweeper: list[tuple[float, threading.Timer]] = []
"""One at most, and when it looks, on the monotonic clock."""


def put(relay: Relay, line: Line, seconds: float = REST) -> None:
    """Leave a connection that has nothing under way, for so long at most."""
    line.become(roll.State.AT_REST)
    with _lock:
        _resting.setdefault(relay, []).append((time.monotonic() + seconds, line))
        _sweep_within(seconds)


def count(relay: Relay) -> int:
    """How many rest."""
    with _lock:
        return len(_resting.get(relay, ()))


def keep(relay: Relay, most: int) -> None:
    """See off those beyond so many."""
    with _lock:
        kept = _resting.get(relay, [])
        gone, kept[:] = kept[: max(0, len(kept) - most)], kept[max(0, len(kept) - most) :]
    see_off(line for _, line in gone)


def take(relay: Relay) -> Line | None:
    """One that still stands and is not worn."""
    while True:
        with _lock:
            if not (lines := _resting.get(relay)):
                return None
            _, line = lines.pop()
        if line.is_silent() and not line.dialogue.is_worn:
            line.become(roll.State.AT_WORK)
            return line
        see_off([line])


def clear() -> None:
    """See all of them off."""
    with _lock:
        lines = [line for kept in _resting.values() for _, line in kept]
        _resting.clear()
    see_off(lines)


def see_off(lines: Iterable[Line]) -> None:
    """QUIT, and a short wait for the answer."""
    lines, until = list(lines), time.monotonic() + GOODBYE
    for line in lines:
        line.part()
    for line in lines:
        line.see_off(until)


def _sweep_within(seconds: float) -> None:
    """At the latest then."""
    moment = time.monotonic() + seconds
    if _sweeper and _sweeper[0][0] <= moment:
        return
    for _, later in _sweeper:
        later.cancel()
    timer = threading.Timer(seconds, _sweep)
    timer.daemon = True
    _sweeper[:] = [(moment, timer)]
    timer.start()


def _sweep() -> None:
    """Those that have rested too long go; while any are left, look again."""
    now, old = time.monotonic(), []
    with _lock:
        _sweeper.clear()
        for relay, kept in list(_resting.items()):
            old += [line for ends, line in kept if ends <= now]
            _resting[relay] = [one for one in kept if one[0] > now]
            if not _resting[relay]:
                del _resting[relay]
        if _resting:
            _sweep_within(max(0.0, min(ends for kept in _resting.values() for ends, _ in kept) - now))
    see_off(old)


def _forget() -> None:
    """A forked child has its parent's sockets, but not its conversations."""
    global _lock  # noqa: PLW0603 - the parent's may be held by a thread that the child does not have
    _lock = threading.Lock()
    _sweeper.clear()
    for kept in _resting.values():
        for _, line in kept:
            line.drop()
    _resting.clear()


os.register_at_fork(after_in_child=_forget)
atexit.register(clear)
