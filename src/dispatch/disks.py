"""How full the file systems are that a process of Dispatch stands on: its data's, the journal's, the database's where that is
on this machine, the system's, and that of the backups' folder. A file system that was named already is not named again.

They are asked beside all else, once a minute: a share on the network that hangs keeps no page and no sign of life waiting.
"""

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from django.conf import settings

from dispatch import env

EVERY = 60.0
PATIENCE = 0.5
"""Seconds: of whoever asks first."""
USUAL = ("/var/lib/postgresql", "/var/lib/pgsql")
"""Where Debian's and Red Hat's packages keep databases."""
NEAR = {"", "localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True)
class Disk:
    """One file system. `what`: data, journal, database, system or backups; `free` is what is left for programs, in bytes."""

    what: str
    free: int
    total: int

    @property
    def share(self) -> float:
        """Free, of all."""
        return self.free / self.total


class Watch:
    """What one process knows."""

    def __init__(self) -> None:
        self.disks: tuple[Disk, ...] = ()
        self.asked = float("-inf")
        self.asking: threading.Thread | None = None

    def seen(self) -> tuple[Disk, ...]:
        """As they were within the last minute; or longer ago, where one hangs."""
        if time.monotonic() - self.asked > EVERY and not (self.asking and self.asking.is_alive()):
            is_first, self.asked = self.asking is None, time.monotonic()
            self.asking = threading.Thread(target=self._ask, name="disks", daemon=True)
            self.asking.start()
            if is_first:
                self.asking.join(PATIENCE)
        return self.disks

    def _ask(self) -> None:
        found: list[Disk] = []
        for disk in look():
            found.append(disk)
            self.disks = (*found, *(one for one in self.disks if one.what not in {now.what for now in found}))
        self.disks = tuple(found)


def look() -> Iterator[Disk]:
    """Ask now. What is not there, or tells no size, is left out."""
    known: set[int] = set()
    for what, place in folders():
        try:
            device, about = place.stat().st_dev, os.statvfs(place)
        except OSError:
            continue
        if device not in known and about.f_blocks:
            known.add(device)
            yield Disk(what, about.f_bavail * about.f_frsize, about.f_blocks * about.f_frsize)


def folders() -> Iterator[tuple[str, Path]]:
    """Which, of what. Of a data folder that is yet to be made the one that it will be in."""
    home = env.data_dir()
    yield "data", next(place for place in (home, *home.parents) if place.exists())
    if settings.DELIVERY["journal"]:
        yield "journal", settings.DELIVERY["journal"]
    if (database := database_folder()) is not None:
        yield "database", database
    yield "system", Path("/")
    if settings.BACKUP_NIGHTLY:  # last: it may be on another machine, which may be silent
        yield "backups", Path(settings.BACKUP_NIGHTLY)


def database_folder() -> Path | None:
    """DISPATCH_DATABASE_FOLDER; else, of a database that is reached on this machine, where packages keep one. None: it is
    elsewhere, or nobody knows. The server itself tells superusers alone where it keeps its data (`data_directory`)."""
    if named := env.text("DISPATCH_DATABASE_FOLDER", ""):
        return Path(named)
    if env.is_embedded("DATABASE") or not _is_near(env.text("DISPATCH_DATABASE_URL", "")):
        return None
    return next((Path(place) for place in USUAL if Path(place).is_dir()), None)


def _is_near(url: str) -> bool:
    """By a socket, or by the loopback."""
    parts = urlsplit(url)
    hosts = parse_qs(parts.query).get("host") or [parts.hostname or ""]
    return all(host in NEAR or host.startswith("/") for host in hosts)


own = Watch()
