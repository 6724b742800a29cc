"""How full the disks are that Dispatch stands on, as any role and any process can see it."""

import os
import threading
import time
from pathlib import Path

import pytest

from dispatch import disks


@pytest.fixture
def apart(monkeypatch):
    """As if each place had a file system of its own."""
    numbers = {}
    real = Path.stat

    def stat(place, **more):
        found = list(real(place, **more))
        found[2] = numbers.setdefault(str(place), len(numbers))
        return os.stat_result(found)

    monkeypatch.setattr(Path, "stat", stat)


@pytest.fixture
def home(tmp_path, monkeypatch, settings):
    monkeypatch.setenv("DISPATCH_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("DISPATCH_DATABASE_URL", raising=False)
    settings.BACKUP_NIGHTLY, settings.DELIVERY = "", settings.DELIVERY | {"journal": None}
    return tmp_path


def test_one_file_system_is_named_once_and_truly(home, settings):
    settings.BACKUP_NIGHTLY = str(home)
    first = next(disks.look())
    about = os.statvfs(home)
    assert (first.what, first.total) == ("data", about.f_blocks * about.f_frsize)
    assert first.share == pytest.approx(about.f_bavail / about.f_blocks, abs=0.05)
    assert "backups" not in [disk.what for disk in disks.look()]


def test_each_of_its_own_is_named(home, apart, settings):
    journal, away = home / "journal", home / "away"
    journal.mkdir()
    settings.DELIVERY = settings.DELIVERY | {"journal": journal}
    settings.BACKUP_NIGHTLY = str(away)
    assert [disk.what for disk in disks.look()] == ["data", "journal", "system"]
    away.mkdir()
    assert [disk.what for disk in disks.look()] == ["data", "journal", "system", "backups"]


@pytest.mark.parametrize(
    ("url", "is_near"),
    [
        ("postgresql:///dispatch?host=/run/postgresql", True),
        ("postgresql:///dispatch", True),
        ("postgresql://alice@localhost/dispatch", True),
        ("postgresql://alice@127.0.0.1:5432/dispatch", True),
        ("postgresql://alice@database:5432/dispatch", False),
        ("postgresql://alice@db.example.org/dispatch", False),
    ],
)
def test_a_database_of_this_machine_is_looked_for_where_packages_keep_it(home, monkeypatch, url, is_near):
    usual = home / "postgresql"
    monkeypatch.setattr(disks, "USUAL", (str(home / "none"), str(usual)))
    monkeypatch.setenv("DISPATCH_DATABASE_URL", url)
    assert disks.database_folder() is None
    usual.mkdir()
    assert disks.database_folder() == (usual if is_near else None)


def test_a_folder_that_is_named_is_believed_and_an_embedded_database_is_with_the_data(home, monkeypatch, apart):
    monkeypatch.setattr(disks, "USUAL", (str(home),))
    assert disks.database_folder() is None
    monkeypatch.setenv("DISPATCH_DATABASE_URL", "postgresql://alice@db.example.org/dispatch")
    monkeypatch.setenv("DISPATCH_DATABASE_FOLDER", str(home))
    (home / "data").mkdir()
    assert [disk.what for disk in disks.look()] == ["data", "database", "system"]


def test_a_share_that_hangs_keeps_nobody_and_what_came_before_it_is_known(monkeypatch):
    came, goes_on = disks.Disk("data", 1, 2), threading.Event()

    def look():
        yield came
        goes_on.wait(60)
        yield disks.Disk("backups", 1, 4)

    monkeypatch.setattr(disks, "look", look)
    watch = disks.Watch()
    try:
        assert watch.seen() == (came,)
        watch.asked = float("-inf")
        before = watch.asking
        watch.seen()
        assert watch.asking is before  # nobody else is sent to hang there
    finally:
        goes_on.set()
    deadline = time.monotonic() + 60
    while len(watch.seen()) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [disk.share for disk in watch.seen()] == [0.5, 0.25]
