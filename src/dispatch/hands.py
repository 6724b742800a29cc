"""What each process of a worker is at, told to the main one through memory that they share: it costs a task microseconds."""

import contextlib
import os
import struct
import time
from datetime import UTC, datetime
from pathlib import Path

from dispatch import shared_memory

PROCESSES, TASK = 128, struct.Struct("<d144s")
"""How many may be told of; and what one is at: since when, then the task's name and ids."""
_places = shared_memory.Places(PROCESSES, TASK.size)


def take(task: str) -> None:
    """This process is at it from now on."""
    _put(time.time(), task.encode())


def let_go() -> None:
    """It is at nothing."""
    _put(0.0, b"")


def now() -> list[dict[str, str]]:
    """What those that live are at: {"task": "email.send_chunk(4, 12)", "since": ISO 8601}."""
    found = []
    for at in _places.of_the_living():
        since, text = TASK.unpack_from(_places.memory, at)
        if task := text.rstrip(b"\0").decode(errors="replace"):
            found.append({"task": task, "since": datetime.fromtimestamp(since, UTC).isoformat(timespec="seconds")})
    return found


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
        TASK.pack_into(_places.memory, at, since, text)


def _resident(number: int) -> int:
    with contextlib.suppress(OSError):  # it ended while we looked
        return int(Path(f"/proc/{number}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0
