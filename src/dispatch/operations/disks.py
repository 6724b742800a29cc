"""The disks of all hosts: what this process sees of its own, and what workers tell with their signs of life."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from dispatch import disks, saying
from dispatch.delivery.models import WorkerBeat
from dispatch.disks import Disk
from dispatch.operations.checks import Check

TIGHT, FULL = 0.10, 0.03
"""From here on it is worth a word, and from there on mail may stop."""
RECENT = timedelta(minutes=1)
NAMES = {
    "data": "Dispatch's data",
    "journal": "the journal",
    "database": "the database",
    "system": "the system",
    "backups": "backups",
}


@dataclass(frozen=True)
class Seen:
    """A disk, and the host that it is on, or that has mounted it."""

    host: str
    disk: Disk


def tightest() -> list[Seen]:
    """Of each kind the fullest."""
    found: dict[str, Seen] = {}
    for seen in _everywhere():
        before = found.get(seen.disk.what)
        if before is None or seen.disk.share < before.disk.share:
            found[seen.disk.what] = seen
    return [found[what] for what in NAMES if what in found]


def checks() -> Iterator[Check]:
    """A line each."""
    for seen in tightest():
        yield _check(seen.disk, f", on {seen.host}")


def own() -> Iterator[Check]:
    """The same of this process alone, for when the database is away."""
    for disk in disks.own.seen():
        yield _check(disk)


def _check(disk: Disk, where: str = "") -> Check:
    state = "bad" if disk.share < FULL else "todo" if disk.share < TIGHT else "ok"
    words = f"{saying.size(disk.free)} free, {disk.share:.0%}{where}."
    return Check(f"Disk of {NAMES[disk.what]}", state, words, "" if state == "ok" else "Make room.")


def _everywhere() -> Iterator[Seen]:
    here = socket.gethostname()
    yield from (Seen(here, disk) for disk in disks.own.seen())
    recent = WorkerBeat.objects.filter(beat_at__gt=timezone.now() - RECENT).exclude(disks=[])
    for name, told in recent.order_by("name").values_list("name", "disks"):
        host = name.rpartition(":")[0]
        yield from (Seen(host, Disk(*one)) for one in told if one[0] in NAMES)
