"""Each night a backup, where a folder for it is named; once, and in words where it could not be."""

import os
import time
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pyrage
import pytest
from django.db import connection
from psycopg.conninfo import make_conninfo

from dispatch.accounts.models import AuditEntry
from dispatch.local import nightly, shares, verifying
from dispatch.operations import backups

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def away(tmp_path, settings, monkeypatch):
    """A folder that gets them, and Alice's key that opens them."""
    at = connection.settings_dict
    here = make_conninfo(dbname=at["NAME"], host=at["HOST"], user=at["USER"] or None, port=at["PORT"] or None)
    monkeypatch.setenv("DISPATCH_DATABASE_URL", here)
    own = pyrage.x25519.Identity.generate()
    (tmp_path / "alice.key").write_text(f"{own}\n")
    monkeypatch.setenv("DISPATCH_BACKUP_TO", str(own.to_public()))
    folder = tmp_path / "away"
    folder.mkdir()
    settings.BACKUP_NIGHTLY = str(folder)
    return folder


def test_it_is_made_once_a_night_and_is_whole(away):
    assert nightly.make()
    assert not nightly.make()
    (file,) = away.iterdir()
    verifying.verify(file, shares.identities(away.parent / "alice.key"))
    AuditEntry.objects.update(at=backups.since().replace(year=2025))
    assert backups.is_due()


@pytest.fixture
def old(away):
    """Backups of ten, thirteen and fifteen days ago; and a file of Alice's own, older than they."""

    def lay(name, days):
        (away / name).write_text("")
        os.utime(away / name, (moment := time.time() - days * 86_400, moment))
        return name

    return [lay(f"dispatch-2026-11-{30 - days}-030000.age", days) for days in (10, 13, 15)] + [lay("notes.age", 90)]


@pytest.mark.parametrize(("keep", "gone"), [(14, [2]), (12, [1, 2]), (0, [])])
def test_those_that_are_too_old_go_once_a_newer_one_is_whole(away, old, settings, keep, gone):
    settings.BACKUP_KEEP = keep
    assert nightly.make()
    left = {file.name for file in away.iterdir()}
    assert [number for number, name in enumerate(old) if name not in left] == gone
    assert len(left - set(old)) == 1


def test_a_night_without_a_backup_deletes_none(away, old, monkeypatch):
    monkeypatch.setenv("DISPATCH_BACKUP_TO", "nobody")
    assert not nightly.make()
    assert {file.name for file in away.iterdir()} == set(old)


def test_old_ones_that_cannot_be_deleted_are_told_and_the_new_one_counts(away, old, monkeypatch, caplog):
    def refuse(place, **more):
        raise PermissionError(1, "not permitted", str(place))

    monkeypatch.setattr(Path, "unlink", refuse)
    with caplog.at_level("ERROR"):
        nightly._tidy(away)
    (record,) = [one for one in caplog.records if one.name == "dispatch.local.nightly"]
    assert record.message == "older backups could not be deleted"
    assert record.why == f"{away / old[2]}: not permitted."


def test_two_weeks_is_what_is_kept_where_nobody_says_otherwise(settings):
    assert settings.BACKUP_KEEP == 14


def test_two_at_once_make_one(away):
    with psycopg.connect(os.environ["DISPATCH_DATABASE_URL"], autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [nightly.MINE])
        assert not nightly.make()
    assert list(away.iterdir()) == []


def test_where_it_cannot_be_written_the_log_says_why_and_it_stays_due(away, settings, caplog):
    settings.BACKUP_NIGHTLY = str(away / "gone")
    assert not nightly.make()
    (record,) = [one for one in caplog.records if one.name == "dispatch.local.nightly"]
    assert "No such file or directory" in record.why
    assert backups.is_due()


def test_without_a_folder_none_is_due(settings):
    settings.BACKUP_NIGHTLY = ""
    assert not backups.is_due()


@pytest.mark.parametrize(("now", "day"), [((2026, 11, 29, 2, 59), 28), ((2026, 11, 29, 3, 0), 29)])
def test_the_night_begins_at_the_newsrooms_hour(settings, monkeypatch, now, day):
    zone = ZoneInfo(settings.TIME_ZONE)
    monkeypatch.setattr(backups.timezone, "localtime", lambda: datetime(*now, tzinfo=zone))
    assert backups.since() == datetime(2026, 11, day, 3, tzinfo=zone)
