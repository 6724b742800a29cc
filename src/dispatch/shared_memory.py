"""Memory that a process shares with those it forks. Each writes at a place of its own, and the first reads them all: what one
is at is told without a message, a lock or a statement. What is read may be half of the older and half of the newer: it is for
people to look at."""

import mmap
import os
import struct
from collections.abc import Iterator
from pathlib import Path

OWNER = struct.Struct("<q")
"""A place begins with the number of the process that it is of; 0: nobody's."""


class Places:
    """So many places of so many bytes. To be made before the fork."""

    def __init__(self, count: int, size: int) -> None:
        self.count, self.size, self.step = count, size, OWNER.size + size
        self.memory = mmap.mmap(-1, count * self.step)
        self.mine = (0, 0)  # which process, and where

    def own(self) -> int | None:
        """Where this process writes: by its number, or the next that is free or whose process is gone, emptied. None: all are
        taken."""
        process, at = self.mine
        if process == os.getpid():
            return at
        for nth in range(self.count):
            at = (os.getpid() + nth) % self.count * self.step
            (owner,) = OWNER.unpack_from(self.memory, at)
            if owner in {0, os.getpid()} or not lives(owner):
                self.memory[at : at + self.step] = OWNER.pack(os.getpid()).ljust(self.step, b"\0")
                self.mine = os.getpid(), at + OWNER.size
                return self.mine[1]
        return None

    def of_the_living(self) -> Iterator[tuple[int, int]]:
        """Each process that lives, and where it has written."""
        for at in range(0, self.count * self.step, self.step):
            (owner,) = OWNER.unpack_from(self.memory, at)
            if owner and lives(owner):
                yield owner, at + OWNER.size


def lives(process: int) -> bool:
    """Whether there is such a process; where /proc does not say, yes."""
    return Path(f"/proc/{process}").exists() if Path("/proc").exists() else True
