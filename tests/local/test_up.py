"""`dispatch up`, for real: PostgreSQL, Valkey, web, workers and clock."""

import os
import pwd
import re
import shutil
import signal
import smtplib
import subprocess
import sys
import time
from pathlib import Path

import ports
import psycopg
import pytest

from dispatch.local import answering, instance, postgres
from dispatch.local import up as up_command

from .conftest import clean_environment, command, is_running, wait_for


def rows(folder: Path, sql: str) -> list[tuple[object, ...]]:
    with psycopg.connect(f"postgresql://dispatch@/dispatch?host={folder / 'run'}", autocommit=True) as session:
        cursor = session.execute(sql)
        return cursor.fetchall() if cursor.description else []


def beats(folder: Path, condition: str) -> bool:
    try:
        return bool(rows(folder, f"SELECT 1 FROM delivery_workerbeat WHERE {condition}"))
    except psycopg.OperationalError:  # it is just starting again
        return False


def test_one_command_serves_and_ends_within_ten_seconds_and_finds_its_data_again(folder, start):
    first = start(folder).wait_until_up()
    assert first.answers()
    assert (folder / "keys" / "vault_keys").stat().st_mode & 0o777 == 0o600
    rows(folder, "CREATE TABLE kept AS SELECT 7 AS seven")
    keys = (folder / "keys" / "vault_keys").read_text()
    assert first.stop() < 10
    assert first.process.returncode == 0
    assert first.processes() == []
    assert "does not exist" not in first.said

    start(folder).wait_until_up()
    assert rows(folder, "SELECT seven FROM kept") == [(7,)]
    assert (folder / "keys" / "vault_keys").read_text() == keys


@pytest.mark.long
def test_whatever_is_killed_comes_back(folder, start):
    up = start(folder).wait_until_up()
    for words in (("web",), ("clock",), ("worker", "email"), ("valkey-server",), ("postgres", "-D")):
        wait_for(lambda words=words: up.processes(*words))
        (victim,) = up.processes(*words)
        os.kill(victim, signal.SIGKILL)
        wait_for(lambda words=words, victim=victim: set(up.processes(*words)) - {victim})
    wait_for(up.answers)
    wait_for(lambda: beats(folder, "queues = 'clock' AND doing = 'leading' AND beat_at > now() - interval '2 s'"))
    wait_for(lambda: beats(folder, "queues = 'email' AND beat_at > now() - interval '2 s'"))
    assert up.stop(signal.SIGTERM) < 10


@pytest.mark.long
def test_web_servers_that_stand_still_are_replaced(folder, start):
    up = start(folder, DISPATCH_SILENT_SECONDS="10", DISPATCH_WEB_PROCESSES="2").wait_until_up()
    frozen = up.processes("web")
    assert len(frozen) == 2
    time.sleep(answering.ASK_EVERY + 2)  # who has answered once has no longer than the ten seconds
    for one in frozen:
        os.kill(one, signal.SIGSTOP)
    wait_for(lambda: len(set(up.processes("web")) - set(frozen)) == 2)
    wait_for(up.answers)
    assert "web-2 is replaced: no answer for" in up.said
    assert up.stop(signal.SIGTERM) < 10


@pytest.mark.long
def test_a_killed_supervisor_leaves_no_orphan_and_the_next_start_keeps_its_port(folder, start):
    first = start(folder).wait_until_up()
    orphans = first.processes()
    assert len(orphans) >= 5
    first.stop(signal.SIGKILL)
    second = start(folder).wait_until_up()
    assert second.answers()
    assert f"localhost:{second.port}" in second.said
    wait_for(lambda: not any(is_running(orphan) for orphan in orphans), seconds=20)


def test_two_starts_in_one_directory_say_so(folder, monkeypatch):
    monkeypatch.setenv("DISPATCH_DATA_DIR", str(folder))
    with instance.held():
        second = subprocess.run(
            command("up"), env=clean_environment(folder), capture_output=True, text=True, check=False, timeout=60
        )
    assert second.returncode == 1
    assert f"already runs in {folder} (process {os.getpid()})" in second.stderr
    assert "Traceback" not in second.stderr


@pytest.mark.long
def test_two_instances_in_two_directories_do_not_collide(folder, start):
    one = start(folder)
    two = start(folder.with_name("other"))
    assert one.wait_until_up().answers()
    assert two.wait_until_up().answers()
    assert re.search(rf"Port {one.port} is taken; the web uses \d+\.", one.said + two.said)
    assert rows(folder, "SHOW data_directory") != rows(folder.with_name("other"), "SHOW data_directory")


@pytest.mark.long
def test_a_database_and_broker_of_ones_own_start_nothing_embedded(folder, start):
    host = start(folder).wait_until_up()
    guest = start(
        folder.with_name("guest"),
        DISPATCH_DATABASE_URL=f"postgresql://dispatch@/dispatch?host={folder / 'run'}",
        DISPATCH_BROKER_URL=f"redis+socket://{folder / 'run' / 'valkey.sock'}",
    ).wait_until_up()
    assert guest.answers()
    assert guest.processes("postgres", "-D") == guest.processes("valkey-server") == []
    assert host.processes("postgres", "-D")
    assert not (folder.with_name("guest") / "postgres").exists()


@pytest.mark.long
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become someone else")
def test_an_ordinary_user_needs_nothing_of_root(folder, start):
    nobody = pwd.getpwnam("nobody")
    os.chown(folder.parent, nobody.pw_uid, nobody.pw_gid)
    python = f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"  # our own may be root's alone
    if not Path(python).exists():
        pytest.skip("no Python of this version that an ordinary user may run")
    wrap = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    path = os.pathsep.join(place for place in sys.path if place)
    up = start(folder, wrap=wrap, python=python, HOME=str(folder), PYTHONPATH=path).wait_until_up()
    wait_for(lambda: beats(folder, "queues = 'email'"))
    assert up.answers()
    assert "starting again" not in up.said
    assert (folder / "postgres").owner() == (folder / "keys" / "vault_keys").owner() == "nobody"


@pytest.mark.long
@pytest.mark.skipif(os.geteuid() != 0, reason="only root's folders are closed to PostgreSQL's user")
def test_root_may_keep_its_data_where_only_root_may_go(folder, start):
    folder.parent.chmod(0o700)
    up = start(folder).wait_until_up()
    home = (folder / "postgres").resolve()
    assert up.answers()
    assert home.is_relative_to(postgres.ROOTS_PLACE)
    assert home.stat().st_mode & 0o777 == 0o700
    up.stop()
    shutil.rmtree(home)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"DISPATCH_DATA_DIR": "/proc/here"}, "Set DISPATCH_DATA_DIR to a directory that you may write to"),
        ({"DISPATCH_PORT": "eighty"}, "DISPATCH_PORT is 'eighty', which is not a number"),
        ({"DISPATCH_SECRET_KEY_FILE": "/nowhere"}, "DISPATCH_SECRET_KEY_FILE names /nowhere, which cannot be read"),
    ],
)
def test_a_wrong_setting_is_told_in_words(folder, changes, words):
    done = subprocess.run(
        command("up", "--port", str(ports.free())),
        env=clean_environment(folder, **changes),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode != 0
    assert words in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.long
def test_the_intake_runs_where_it_is_set_and_takes_what_comes_back(folder, start):
    place = ports.free()
    up = start(
        folder,
        DISPATCH_INTAKE=f"127.0.0.1:{place}",
        DISPATCH_INTAKE_PROTOCOL="smtp",
        DISPATCH_BOUNCE_DOMAIN="bounces.example.org",
    ).wait_until_up()
    wait_for(lambda: greeted(place))
    with smtplib.SMTP("127.0.0.1", place, local_hostname="localhost", timeout=120) as client:
        client.ehlo()
        client.docmd("MAIL FROM:<>")
        assert client.docmd("RCPT TO:<complaints@bounces.example.org>")[0] == 250
        assert client.data(b"Subject: Hello\r\n\r\nHello\r\n")[0] == 250
    (victim,) = up.processes("intake")
    os.kill(victim, signal.SIGKILL)
    wait_for(lambda: set(up.processes("intake")) - {victim})
    wait_for(lambda: greeted(place))
    assert up.stop() < 60
    assert up.processes() == []


def greeted(place: int) -> bool:
    try:
        with smtplib.SMTP("127.0.0.1", place, local_hostname="localhost", timeout=120):
            return True
    except OSError:
        return False


def test_without_an_address_of_ours_there_is_no_intake(monkeypatch):
    monkeypatch.setenv("DISPATCH_INTAKE", "127.0.0.1:8024")
    monkeypatch.delenv("DISPATCH_BOUNCE_DOMAIN", raising=False)
    assert up_command.intakes() == []
    monkeypatch.setenv("DISPATCH_BOUNCE_DOMAIN", "bounces.example.org")
    assert [program.name for program in up_command.intakes()] == ["intake"]
    monkeypatch.delenv("DISPATCH_INTAKE")
    assert up_command.intakes() == []
