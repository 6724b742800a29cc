"""A backup from the tests' own database, taken into an empty one beside it."""

import os
import re
import subprocess
import time

import newsroom
import psycopg
import pyrage
import pytest
from django.db import connection
from psycopg.conninfo import make_conninfo

from dispatch import cli, vault
from dispatch.accounts.models import AuditEntry
from dispatch.audience import honey
from dispatch.audience.models import Honey, Subscriber, Subscription, Suppression
from dispatch.local import backup, client, opening, shares, verifying
from dispatch.local import restore as restoring
from dispatch.operations import health

from .conftest import clean_environment, command

READERS = (
    "SELECT s.id, address, address_index, handle FROM audience_subscriber s "
    "JOIN audience_subscription ON subscriber_id = s.id"
)
LEDGER = "SELECT send_id, number, recipients, settled, ahead, state FROM delivery_chunk ORDER BY send_id, number"
KEYS = ("DISPATCH_VAULT_KEYS", "DISPATCH_SECRET_KEY")
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def place(monkeypatch):
    """place("name") is that database's address, beside the tests' own; the programs here use the tests' own."""
    at = connection.settings_dict

    def named(name):
        return make_conninfo(dbname=name, host=at["HOST"], user=at["USER"] or None, port=at["PORT"] or None)

    monkeypatch.setenv("DISPATCH_DATABASE_URL", named(at["NAME"]))
    return named


@pytest.fixture
def empty(place):
    """An empty database."""
    name = f"restored_{os.getpid()}"
    with psycopg.connect(place("postgres"), autocommit=True) as session:
        session.execute(f"CREATE DATABASE {name}")
    yield place(name)
    with psycopg.connect(place("postgres"), autocommit=True) as session:
        session.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def alice(tmp_path):
    """She holds the key: its file, and what may be known of it."""
    own = pyrage.x25519.Identity.generate()
    file = tmp_path / "alice.key"
    file.write_text(f"{own}\n")
    return file, str(own.to_public())


@pytest.fixture
def kept(place, alice, tmp_path, settings):
    """A backup of an office with two readers, while a letter to them is on its way."""
    settings.HONEY_DOMAINS = ["letters.example.org"]
    office = newsroom.newsletter()
    newsroom.readers(office, en=1, be=1)
    newsroom.relay()
    assert newsroom.send(office, newsroom.story("en", "be")).state == "sending"
    file = tmp_path / "office.age"
    said = backup.make(file, shares.recipients([alice[1]]))
    assert said.endswith("2 readers and 5 who were invented for it")
    return file


@pytest.fixture
def restore(tmp_path, empty):
    def run(file, key, stdin=None, **changes):
        known = {name: os.environ[name] for name in KEYS} | {"DISPATCH_HONEY_DOMAINS": "letters.example.org"}
        return subprocess.run(
            command("restore", str(file), "--identity", str(key)),
            env=clean_environment(tmp_path / "data", DISPATCH_DATABASE_URL=empty, **(known | changes)),
            stdin=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return run


def rows(database, sql):
    with psycopg.connect(database) as session:
        return session.execute(sql).fetchall()


def place_of_tests():
    return os.environ["DISPATCH_DATABASE_URL"]


def test_a_backup_comes_back_and_stands_still_until_somebody_has_looked(kept, restore, alice, empty):
    connection.cursor().execute("INSERT INTO django_session VALUES ('bob', 'signed in', now() + interval '1 day')")
    done = restore(kept, alice[0])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Everything is stopped")
    ((scope, reason, lifted),) = rows(empty, "SELECT scope, reason, lifted_at FROM accounts_stop")
    assert (scope, lifted) == ("everything", None)
    assert reason.startswith("restored from a backup of ")
    assert rows(empty, "SELECT count(*) FROM audience_subscription WHERE state = 'active'") == [(2,)]
    assert rows(empty, "SELECT count(*) FROM django_session") == [(0,)]
    assert rows(empty, "SELECT act FROM accounts_auditentry ORDER BY id DESC LIMIT 1") == [("backup.restore",)]
    assert "1 send, 0 editions and 0 posts wait for a person" in done.stdout
    assert rows(empty, "SELECT state, is_held, trouble FROM delivery_send") == [
        ("paused", True, "Restored: what left after the backup is not known.")
    ]
    ours = sorted(rows(place_of_tests(), READERS))
    assert sorted(rows(empty, READERS)) == ours
    assert len(ours) == 2
    assert rows(empty, LEDGER) == rows(place_of_tests(), LEDGER)
    again = restore(kept, alice[0])
    assert again.returncode == 1
    assert "There is something in this database already" in again.stderr


@pytest.fixture
def command_lines(monkeypatch, tmp_path):
    """What every user of this machine may read of PostgreSQL's programs: a call for all of it until now."""
    own, seen = client.program, tmp_path / "seen"

    def noted(name):
        script = tmp_path / name
        script.write_text(f'#!/bin/bash\ntr "\\0" "\\n" < /proc/$$/cmdline >> {seen}\nexec {own(name)} "$@"\n')
        script.chmod(0o755)
        return str(script)

    monkeypatch.setattr(client, "program", noted)
    return seen.read_text


def test_the_databases_password_is_on_no_command_line(empty, alice, tmp_path, monkeypatch, command_lines):
    file = tmp_path / "office.age"
    monkeypatch.setenv("DISPATCH_DATABASE_URL", make_conninfo(place_of_tests(), password="not-for-all"))
    backup.make(file, shares.recipients([alice[1]]))
    monkeypatch.setenv("DISPATCH_DATABASE_URL", make_conninfo(empty, password="not-for-all"))
    with opening.opened(file, shares.identities(alice[0])) as opened:
        opening.about(opened)
        restoring._take_in(opened)
    assert rows(empty, "SELECT count(*) > 50 FROM pg_tables WHERE schemaname = 'public'") == [(True,)]
    said = command_lines()
    assert [name for name in ("/pg_dump", "/pg_restore", "/psql") if name not in said] == []
    assert "not-for-all" not in said


def test_who_opens_a_backup_finds_readers_in_it_who_were_invented_for_it(kept, alice, caplog):
    opened = pyrage.decrypt(kept.read_bytes(), shares.identities(alice[0]))
    assert b"@" not in opened.partition(b"\n")[0]
    assert (Subscriber.objects.count(), Subscription.objects.count()) == (2, 2)
    assert Honey.objects.count() == Suppression.objects.count() == 5
    one = Honey.objects.first()
    assert honey.notice([bytes(one.address_index)], "mail") == [one.file]
    assert AuditEntry.objects.get(act="backup.leaked").target == one.file
    (leak,) = health.leaks()
    assert leak.words == f"Backup {one.file.partition(':')[2]} got out: a reader who exists nowhere else was seen."


def test_one_that_was_cut_short_altered_or_is_anothers_leaves_nothing_behind(kept, restore, alice, tmp_path, empty):
    whole, part = kept.read_bytes(), tmp_path / "part.age"
    stranger = tmp_path / "bob.key"
    stranger.write_text(f"{pyrage.x25519.Identity.generate()}\n")
    other = vault.new_key_line()
    for content, key, changes, why in (
        (whole[:-100], alice[0], {}, "nothing was kept of it"),
        (whole[:100_000] + b"?" + whole[100_001:], alice[0], {}, "nothing was kept of it"),
        (whole, stranger, {}, "This key does not open it"),
        (whole, alice[0], {"DISPATCH_VAULT_KEYS": other}, "Bring those keys first"),
        (b"Dear Alice", alice[0], {}, "or it is no backup"),
    ):
        part.write_bytes(content)
        done = restore(part, key, **changes)
        assert (done.returncode, why in done.stderr) == (1, True), done.stderr
        assert "Traceback" not in done.stderr
        assert rows(empty, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]


def test_a_backup_is_looked_at_without_being_taken_in(kept, alice, tmp_path, capsys):
    def look(file):
        return cli.main(["backup", "verify", str(file), "--identity", str(alice[0])])

    assert look(kept) == 0
    said = capsys.readouterr().out
    assert f"needs the vault keys {shares.fingerprint()}" in said
    assert "7 audience_subscriber\n" in said
    part = tmp_path / "part.age"
    part.write_bytes(kept.read_bytes()[:-100])
    assert look(part) == 1
    assert "not whole" in capsys.readouterr().err
    opened = pyrage.decrypt(kept.read_bytes(), shares.identities(alice[0]))
    lied = opened.replace(b'"delivery_send": 1', b'"delivery_send": 2', 1)
    part.write_bytes(pyrage.encrypt(lied, shares.recipients([alice[1]])))
    assert look(part) == 1
    assert "delivery_send has 1 rows, not 2" in capsys.readouterr().err


def test_one_in_a_folder_is_named_by_its_moment_and_those_that_are_too_old_go_once_it_is_whole(
    alice, place, tmp_path, capsys
):
    away = tmp_path / "away"
    away.mkdir()
    old, recent, others = (
        away / "dispatch-2026-01-01-030000.age",
        away / "dispatch-2026-03-01-030000.age",
        away / "keys.age",
    )
    cut_short, under_way = away / "dispatch-2026-03-02-030000.age.part", away / "dispatch-2026-03-03-030000.age.part"
    for file, days in ((old, 15), (recent, 13), (others, 15), (cut_short, 2), (under_way, 0)):
        file.write_bytes(b"sealed")
        os.utime(file, (time.time() - days * 86_400,) * 2)

    def keep(*options):
        return cli.main(["backup", str(away), "--to", alice[1], *options])

    assert keep("--keep", "0") == 2
    assert cli.main(["backup", str(away), "--to", "nobody", "--keep", "14"]) == 1
    assert old.exists()
    assert keep("--keep", "14") == 0
    assert "Deleted there: 1 backup older than 14 days." in capsys.readouterr().out
    (made,) = set(away.iterdir()) - {recent, others, under_way}
    assert re.fullmatch(r"dispatch-\d{4}-\d\d-\d\d-\d{6}\.age", made.name)
    verifying.verify(made, shares.identities(alice[0]))


def test_a_holders_key_may_come_on_standard_input_and_is_left_nowhere(kept, restore, alice, empty):
    with alice[0].open() as key:
        done = restore(kept, "-", stdin=key)
    assert (done.returncode, done.stderr) == (0, "")
    assert rows(empty, "SELECT count(*) FROM audience_subscription WHERE state = 'active'") == [(2,)]


def test_a_file_that_is_there_is_never_written_over(kept, alice, place):
    content = kept.read_bytes()
    with pytest.raises(backup.Failed, match="is there already"):
        backup.make(kept, shares.recipients([alice[1]]))
    assert kept.read_bytes() == content
    assert oct(kept.stat().st_mode & 0o777) == "0o600"


def test_without_its_database_a_backup_leaves_no_file(place, alice, tmp_path, monkeypatch):
    monkeypatch.setenv("DISPATCH_DATABASE_URL", place("nowhere"))
    with pytest.raises(psycopg.Error):
        backup.make(tmp_path / "none.age", shares.recipients([alice[1]]))
    assert list(tmp_path.iterdir()) == [alice[0]]


def test_health_says_when_the_last_one_was_made(kept):
    (check,) = health.backups()
    assert check.state == "ok"
    assert "2 readers" in check.words
    AuditEntry.objects.update(act="another")
    (check,) = health.backups()
    assert (check.state, check.words) == ("todo", "There is none yet.")
