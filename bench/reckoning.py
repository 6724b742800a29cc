"""From measured figures to what so many readers need, by formulas that docs/capacity.md states. Nothing is measured here.

Bytes are bytes, MB and GB powers of ten; µs are of a processor like the measured one.
"""

import json
import math
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import foreseeing

BUSY = 0.7
"""Of a processor, at most: the rest is for what comes in bursts."""
EXCEPTED = 0.02
"""Readers put off or refused, of each send: what tables assume."""
KEPT_DAYS = 7
"""For which exceptions, and who stands in a chunk, are kept (forgetting.KEPT)."""
STRUCK_BYTES, STRUCK_LOG = 1.0, 2.5
"""What a reader of a send leaves in its chunk after that, and the log of forgetting them (delivery/sql/strike.sql)."""
WHOLE_DAY = 86_400
HOT = ("audience_subscriber", "audience_subscription")
"""Tables of which a send reads all it sends to; with the indexes that it goes by."""
HOT_INDEXES = ("audience_subscriber_pkey", "audience_subscriber_address_index", "one_subscription_each", "readers_of")


@dataclass(frozen=True)
class Figures:
    """What bench/capacity.py measured, as it stands in capacity.json."""

    date: str
    machine: str
    load: float
    flush_us: float
    disk_mb: float
    sizes: list[dict[str, Any]]
    loads: list[dict[str, Any]]
    exception_us: float
    exception_log: float
    exception_bytes: float
    forget_seconds: float
    parting: dict[str, dict[str, float]]
    vacuum_us: float
    vacuum_log: float
    flow_row: float
    flow_rows: int
    audit_bytes: float
    worker_us: float
    worker_per_second: float
    worker_mb: float
    real_database_us: float
    session_mb: float
    web_mb: float
    letter_bytes: float
    groups: dict[str, Any]
    dump_us: float
    dump_bytes: float
    restore_us: float

    @classmethod
    def read(cls, file: Path) -> "Figures":
        known = json.loads(file.read_text(encoding="utf-8"))
        return cls(**{field.name: known[field.name] for field in fields(cls)})

    @property
    def largest(self) -> dict[str, Any]:
        """The figures at most readers: what is computed for more goes on from there."""
        return max(self.sizes, key=lambda size: size["readers"])

    @property
    def reader_bytes(self) -> float:
        """Of a reader with one subscription: rows and indexes."""
        return float(sum(self.largest["tables"].values()) + sum(self.largest["indexes"].values()))

    @property
    def hot_bytes(self) -> float:
        """Of these, what a send to the reader looks at."""
        indexes = self.largest["indexes"].items()
        hot = sum(size for name, size in indexes if any(name.startswith(one) for one in HOT_INDEXES))
        return float(sum(self.largest["tables"][table] for table in HOT) + hot)

    @property
    def freeze_us(self) -> float:
        """Of one processor, to freeze a reader: a statement that writes is done by one."""
        return float(self.largest["freeze_us"])


@dataclass(frozen=True)
class Letter:
    """What one costs under a policy."""

    database_us: float
    worker_us: float
    log: float  # bytes
    commits: float

    @classmethod
    def of(cls, figures: Figures, *, never_twice: bool = False) -> "Letter":
        mine = [one for one in figures.loads if one["never_twice"] == never_twice]
        plain = [one for one in figures.loads if not one["never_twice"]]
        database, log = _middle(mine, "database_us"), _middle(mine, "log")
        if not never_twice:
            database = max(database, figures.largest["settle_us"], figures.real_database_us)
            log = max(log, figures.largest["settle_log"])
        more = _middle(mine, "ledger_us") - _middle(plain, "ledger_us")
        return cls(database, figures.worker_us + max(more, 0), log, _middle(mine, "commits"))

    def steps(self, figures: Figures) -> foreseeing.Steps:
        """What foreseeing.py simulates: a commit, with the letters it is about."""
        letters = 1 / self.commits
        return foreseeing.Steps(
            letters,
            letters * self.worker_us / 1e6,
            letters * self.database_us / 1e6,
            figures.flush_us / 1e6,
            letters * self.log / (figures.disk_mb * 1e6),
        )


@dataclass(frozen=True)
class Need:
    """Of so many readers with so many letters a day, each of which must have left within some hours."""

    rate: float  # letters a second, at the relays
    megabits: float  # a second, of the wire
    worker_cores: float
    worker_memory: float  # bytes, of a worker process for each of these cores
    database_cores: float
    database_memory: float  # bytes: what a send reads, and PostgreSQL's sessions
    freeze_seconds: float  # before the first letter leaves
    restore_hours: float  # of a backup of the readers, on one processor
    disk: float  # bytes after a year
    log: float  # bytes a day


def need(figures: Figures, readers: int, letters: float, hours: float, *, never_twice: bool = False) -> Need:
    one = Letter.of(figures, never_twice=never_twice)
    rate, daily = readers / (hours * 3600), readers * letters
    workers = rate * one.worker_us / 1e6 / BUSY
    processes = math.ceil(workers)
    chunks = daily * (KEPT_DAYS * figures.largest["ledger_bytes"] + (365 - KEPT_DAYS) * STRUCK_BYTES)
    kept = daily * KEPT_DAYS * EXCEPTED * figures.exception_bytes
    steps = one.log + figures.largest["freeze_log"] + figures.vacuum_log + STRUCK_LOG
    log = daily * (steps + EXCEPTED * figures.exception_log)
    return Need(
        rate=rate,
        megabits=rate * figures.letter_bytes * 8 / 1e6,
        worker_cores=workers,
        worker_memory=processes * figures.worker_mb * 1e6,
        database_cores=rate * (one.database_us + EXCEPTED * figures.exception_us) / 1e6 / BUSY,
        database_memory=readers * figures.hot_bytes + processes * figures.session_mb * 1e6,
        freeze_seconds=readers * figures.freeze_us / 1e6,
        restore_hours=readers * figures.restore_us / 1e6 / 3600,
        disk=readers * figures.reader_bytes + chunks + kept,
        log=log,
    )


def databases(figures: Figures, readers: int, hours: float, cores: int, *, never_twice: bool = False) -> int:
    """How many PostgreSQLs with so many processors each it takes that letters to all readers leave within these hours: each
    freezes and settles its share."""
    whole = hours_of_one(figures, readers, cores, never_twice=never_twice)
    return max(1, math.ceil(whole / hours))


def hours_of_one(figures: Figures, readers: float, cores: int, *, never_twice: bool = False) -> float:
    """In which one PostgreSQL freezes and settles a letter to each of them, however many workers there are."""
    one = Letter.of(figures, never_twice=never_twice)
    settling = (one.database_us + EXCEPTED * figures.exception_us) / cores / BUSY
    return readers * (figures.freeze_us + settling) / 1e6 / 3600


def readers_in(figures: Figures, hours: float, cores: int, *, never_twice: bool = False) -> float:
    """The most readers of one PostgreSQL who each have a letter within these hours."""
    return hours / hours_of_one(figures, 1, cores, never_twice=never_twice)


def exponent(sizes: list[dict[str, Any]], name: str) -> float:
    """Of a cost of one reader, along the sizes: 0 where all of them cost alike, that is, where the whole is linear."""
    points = [(math.log(size["readers"]), math.log(size[name])) for size in sizes if size.get(name, 0) > 0]
    if len(points) < 2:
        return 0.0
    middle = [sum(values) / len(points) for values in zip(*points, strict=True)]
    up = sum((x - middle[0]) * (y - middle[1]) for x, y in points)
    return up / sum((x - middle[0]) ** 2 for x, _ in points)


def _middle(runs: list[dict[str, Any]], name: str) -> float:
    values = sorted(float(run[name]) for run in runs)
    return values[len(values) // 2]
