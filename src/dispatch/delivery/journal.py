"""What a worker really put on the wire, one byte a position, in a file that outlives the process though not the host.

The ledger writes ahead a window at a time; when its worker dies, all of the window may have gone out. On the same host this
file says more: which letters left, and which of them were answered. It may be believed only when the owner is proved dead
(its lock on the file is free) and the machine has not started anew since (then the file may be older than what left). A
frozen owner still holds its lock, and would send the rest of its window when it wakes.
"""

import contextlib
import fcntl
import mmap
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from django.conf import settings

UNTOUCHED, LEFT, ACCEPTED, ANSWERED = range(4)
"""A position's byte: nothing of it was written; its first byte may have been; it was accepted; it was answered otherwise."""
BOOT = Path("/proc/sys/kernel/random/boot_id")


class Journal:
    """Of one claim of one chunk. Marks cost 0.1 microseconds; where none can be kept, they go nowhere."""

    def __init__(self, chunk: int, token: int, size: int) -> None:
        self.path = _path(chunk, token)
        self.marks: mmap.mmap | None = None
        self.first = len(_boot())
        with contextlib.suppress(OSError):  # a full or read-only disk: then a takeover knows only what the ledger does
            self._open(size)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, failure: type[BaseException] | None, *_: object) -> None:
        """The chunk is given back, and nobody needs to ask this file; unless this ended in a failure, such as a database that
        went away: then whoever takes over finds here what was answered meanwhile."""
        if self.marks is not None and self.path is not None:
            if failure is None:
                self.path.unlink(missing_ok=True)
            self.marks.close()
            os.close(self.file)

    def mark(self, position: int, what: int) -> None:
        """LEFT right before the first byte, ACCEPTED or ANSWERED once its answer was read."""
        if self.marks is not None:
            self.marks[self.first + position] = what

    def _open(self, size: int) -> None:
        if self.path is None:
            return
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(self.file, self.first + size)
        self.marks = mmap.mmap(self.file, self.first + size)
        self.marks[: self.first] = _boot()


@dataclass(frozen=True)
class Left:
    """What a dead claim left: positions by what became of them. From `end` on nothing left."""

    end: int
    doubted: list[int]
    accepted: list[int]
    unsettled: list[int]  # whose letter did not leave, or was not taken by an answer that is lost: due again at once

    def stretches(self) -> list[tuple[int, int]]:
        """Doubted neighbours as (first, last)."""
        found: list[tuple[int, int]] = []
        for place in self.doubted:
            if found and found[-1][1] == place - 1:
                found[-1] = (found[-1][0], place)
            else:
                found.append((place, place))
        return found


def left_behind(chunk: int, token: int, settled: int, ahead: int) -> Left:
    """Of a claim that is over, from `settled` to `ahead`. Where nothing is proved, all of it is doubted."""
    marks = _marks(chunk, token)
    if marks is None:
        return Left(ahead, list(range(settled, ahead)), [], [])
    end = settled + len(marks[settled:ahead].rstrip(bytes([UNTOUCHED])))
    places = range(settled, end)
    return Left(
        end,
        doubted=[place for place in places if marks[place] == LEFT],
        accepted=[place for place in places if marks[place] == ACCEPTED],
        unsettled=[place for place in places if marks[place] in {UNTOUCHED, ANSWERED}],
    )


def dead() -> list[tuple[int, int]]:
    """Claims of this host, (chunk, token), whose owner is proved to send no more of them: nobody waits for their leases."""
    folder: Path | None = settings.DELIVERY["journal"]
    if folder is None or not _boot() or not folder.is_dir():
        return []
    found = []
    for path in folder.iterdir():
        chunk, _, token = path.name.partition("-")
        with contextlib.suppress(OSError, ValueError), path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if file.read(len(_boot())) == _boot():  # written under its owner's lock: an empty one is about to be taken
                found.append((int(chunk), int(token)))
    return found


def _marks(chunk: int, token: int) -> bytes | None:
    """One byte a position, and the file is gone. None: nothing is proved."""
    path = _path(chunk, token)
    if path is None or not _boot():
        return None
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            whole = file.read()
    except OSError:  # there is none, or its owner lives
        return None
    path.unlink(missing_ok=True)
    return whole.removeprefix(_boot()) if whole.startswith(_boot()) else None


def _path(chunk: int, token: int) -> Path | None:
    folder: Path | None = settings.DELIVERY["journal"]
    return folder / f"{chunk}-{token}" if folder else None


def _boot() -> bytes:
    """Names this start of this machine; nothing where that cannot be known."""
    try:
        return BOOT.read_bytes()
    except OSError:
        return b""
