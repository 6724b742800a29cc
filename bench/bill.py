"""What PostgreSQL spent on a piece of work: processor of all its processes, log, and blocks that were not in its own memory.

Processor time says the same on a busy machine as on a quiet one, more or less; a clock on the wall does not.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dispatch import env

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Bill:
    seconds: float = 0.0
    cpu: float = 0.0  # seconds of processor in PostgreSQL's processes
    log: int = 0  # bytes of write-ahead log
    read: int = 0  # blocks of 8 KB that were asked of the system
    temporary: int = 0  # bytes of files for sorting


@contextmanager
def of() -> Iterator[Bill]:
    """Filled in when the block is done."""
    found, before, began = Bill(), _state(), time.perf_counter()
    yield found
    found.seconds = time.perf_counter() - began
    found.cpu, *counts = (new - old for new, old in zip(_state(), before, strict=True))
    found.log, found.read, found.temporary = map(int, counts)


def _state() -> tuple[float, ...]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute(
            "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0'), blks_read, temp_bytes FROM pg_stat_database"
            " WHERE datname = current_database()"
        )
        return (processor(), *map(float, cursor.fetchone()))


def processor() -> float:
    """Seconds that PostgreSQL's processes have used so far, ended ones too."""
    parent = int((env.data_dir() / "postgres" / "postmaster.pid").read_text(encoding="ascii").split()[0])
    spent = sum(_times(Path(f"/proc/{parent}/stat"))[1:])
    for stat in Path("/proc").glob("[0-9]*/stat"):
        whose, *times = _times(stat)
        if whose == parent:
            spent += sum(times[:2])
    return spent / TICKS


def foreign(ours: float, seconds: float, before: float) -> float:
    """Processors that others kept busy meanwhile: `before` is what `busy` said when it began."""
    return max(0.0, (busy() - before - ours) / seconds)


def busy() -> float:
    """Seconds of processor that the machine has used since it runs."""
    user, nice, system, _, _, irq, softirq, *_ = map(int, Path("/proc/stat").read_text().splitlines()[0].split()[1:])
    return (user + nice + system + irq + softirq) / TICKS


def _times(stat: Path) -> tuple[int, int, int, int, int]:
    """Its parent, and ticks: user's and system's, and those of its children that ended."""
    try:
        words = stat.read_text().rpartition(")")[2].split()
    except OSError:
        return (0, 0, 0, 0, 0)
    return (int(words[1]), *map(int, words[11:15]))
