"""What each process of a worker is at, and when it last got on with it, told to the main one through memory that they share:
it costs a task microseconds."""

import contextlib
import os
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dispatch import shared_memory

PROCESSES, TASK = 128, struct.Struct("<2d144s")
"""How many may be told of; and what one is at: since when by the wall clock, when it last got on by the monotonic one, which
stands still while the machine sleeps, then the task's name and ids."""
ADVANCED, ADVANCED_AT = struct.Struct("<d"), 8
_places = shared_memory.Places(PROCESSES, TASK.size)


@dataclass(frozen=True)
class Hand:
    """What one process is at."""

    process: int
    task: str  # email.send_chunk(4, 12)
    since: float  # time.time()
    advanced: float  # time.monotonic()

    @property
    def kind(self) -> str:
        """Which task, without its ids."""
        return self.task.partition("(")[0]


def take(task: str) -> None:
    """This process is at it from now on."""
    _put(time.time(), task.encode())


def advance() -> None:
    """What this process is at gets on: a letter was answered, a table kept. A long task that does not say so again and again
    is taken for hung after a while (workers/hanging.py). Of a process that is at no task nothing is told."""
    at = _places.own()
    if at is not None:
        ADVANCED.pack_into(_places.memory, at + ADVANCED_AT, time.monotonic())


def let_go() -> None:
    """It is at nothing."""
    _put(0.0, b"")


def at_work() -> Iterator[Hand]:
    """Those that live and are at something."""
    for process, at in _places.of_the_living():
        since, advanced, text = TASK.unpack_from(_places.memory, at)
        if task := text.rstrip(b"\0").decode(errors="replace"):
            yield Hand(process, task, since, advanced)


def now() -> list[dict[str, str]]:
    """What those are at: {"task": "email.send_chunk(4, 12)", "since": ISO 8601, "advanced": ISO 8601, its last step}."""
    ago = time.time() - time.monotonic()
    return [
        {"task": one.task, "since": _moment(one.since), "advanced": _moment(max(one.since, one.advanced + ago))}
        for one in at_work()
    ]


def memory() -> int:
    """Resident bytes of this process and its children; pages that they share count for each. 0 where /proc does not say."""
    with contextlib.suppress(OSError, ValueError):
        children = Path("/proc/self/task").glob("*/children")
        numbers = [os.getpid(), *(int(one) for path in children for one in path.read_text().split())]
        return sum(_resident(number) for number in numbers)
    return 0


def _put(since: float, text: bytes) -> None:
    at = _places.own()
    if at is not None:
        TASK.pack_into(_places.memory, at, since, time.monotonic(), text)


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _resident(number: int) -> int:
    with contextlib.suppress(OSError):  # it ended while we looked
        return int(Path(f"/proc/{number}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0
