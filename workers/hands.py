"""What each process of a worker is at, told to the main one through memory that they share: it costs a task microseconds."""

import contextlib
import mmap
import os
import struct
import time
from datetime import UTC, datetime
from pathlib import Path

SLOTS, SIZE = 128, 160
"""Processes, and bytes of what one is at: its number and the moment, then the task's name and ids."""
HEAD = struct.Struct("<qd")
_shared = mmap.mmap(-1, SLOTS * SIZE)
"""Made when the main process imports this, so that its children share it; each writes at its own place only."""


def take(task: str) -> None:
    """This process is at it from now on."""
    text = task.encode()[: SIZE - HEAD.size - 1]
    _put(HEAD.pack(os.getpid(), time.time()) + text)


def let_go() -> None:
    """It is at nothing."""
    _put(b"")


def now() -> list[dict[str, str]]:
    """What those that live are at: {"task": "email.send_chunk(4, 12)", "since": ISO 8601}."""
    found = []
    for place in range(0, SLOTS * SIZE, SIZE):
        number, since = HEAD.unpack_from(_shared, place)
        if number and _lives(number):
            task = bytes(_shared[place + HEAD.size : place + SIZE]).rstrip(b"\0").decode(errors="replace")
            found.append({"task": task, "since": datetime.fromtimestamp(since, UTC).isoformat(timespec="seconds")})
    return found


def memory() -> int:
    """Resident bytes of this process and its children; pages that they share count for each. 0 where /proc does not say."""
    with contextlib.suppress(OSError, ValueError):
        children = Path("/proc/self/task").glob("*/children")
        numbers = [os.getpid(), *(int(one) for path in children for one in path.read_text().split())]
        return sum(_resident(number) for number in numbers)
    return 0


def _put(said: bytes) -> None:
    """At the place of this process: by its number, or the next that is free or whose process is gone."""
    first = os.getpid() % SLOTS
    for step in range(SLOTS):
        place = (first + step) % SLOTS * SIZE
        (number, _) = HEAD.unpack_from(_shared, place)
        if number in {0, os.getpid()} or not _lives(number):
            _shared[place : place + SIZE] = said.ljust(SIZE, b"\0")
            return


def _resident(number: int) -> int:
    with contextlib.suppress(OSError):  # it ended while we looked
        return int(Path(f"/proc/{number}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


def _lives(number: int) -> bool:
    return Path(f"/proc/{number}").exists() if Path("/proc").exists() else True
