"""How far a database may be ahead of a program, and what its migrations may do meanwhile."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader

from dispatch import env
from dispatch.local import migrate, upgrading

CHAOS = Path(__file__).parents[1] / "chaos"
pytestmark = pytest.mark.django_db


def say(step, bears):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO dispatch_step (step, bears) VALUES (%s, %s) "
            "ON CONFLICT (id) DO UPDATE SET step = excluded.step, bears = excluded.bears",
            [step, bears],
        )


@pytest.fixture(autouse=True)
def kept_open(monkeypatch):
    """The tests' own connection has a transaction open."""
    monkeypatch.setattr(connection, "close", lambda: None)


def test_a_database_one_step_ahead_is_borne():
    say(upgrading.STEP + 1, upgrading.STEP)
    upgrading.require()
    assert upgrading.trouble() == ""


def test_one_further_ahead_is_refused_in_words():
    say(upgrading.STEP + 2, upgrading.STEP + 1)
    with pytest.raises(
        env.Misconfigured, match=r"A newer Dispatch brought the database to step \d+, which bears programs from"
    ):
        upgrading.require()


def test_one_that_says_nothing_is_older_than_steps():
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM dispatch_step")
    assert upgrading.trouble() == ""


def test_an_older_program_that_migrates_takes_no_step_back():
    say(upgrading.STEP + 1, upgrading.STEP)
    upgrading.keep()
    assert upgrading.found() == upgrading.Found(upgrading.STEP + 1, upgrading.STEP)


def test_migrate_refuses_a_database_that_is_too_new(capsys):
    say(upgrading.STEP + 2, upgrading.STEP + 1)
    assert migrate.run(None) == 1
    assert "would harm it" in capsys.readouterr().err


def test_a_program_that_runs_ends_in_order_when_the_database_leaves_it_behind(monkeypatch):
    told = []
    monkeypatch.setattr(upgrading.os, "kill", lambda process, number: told.append(process))
    monkeypatch.setattr(upgrading, "_looked_at", float("-inf"))
    say(upgrading.STEP + 1, upgrading.STEP)
    upgrading.look()
    assert told == []
    monkeypatch.setattr(upgrading, "_looked_at", float("-inf"))
    say(upgrading.STEP + 2, upgrading.STEP + 1)
    upgrading.look()
    upgrading.look()
    assert told == [os.getpid()]


@pytest.mark.parametrize(
    ("operation", "fault"),
    [
        (migrations.RemoveField("chunk", "relay"), "RemoveField chunk: older programs still use it"),
        (migrations.RenameField("chunk", "relay", "way"), "RenameField chunk: older programs still use it"),
        (migrations.DeleteModel("Tally"), "DeleteModel Tally: older programs still use it"),
        (
            migrations.AddField("chunk", "kind", models.CharField(max_length=9, default="")),
            "AddField chunk.kind: older programs would write rows without it; null=True or db_default",
        ),
        (migrations.AddField("chunk", "kind", models.CharField(max_length=9, default="", db_default="")), None),
        (migrations.AddField("chunk", "seen_at", models.DateTimeField(null=True)), None),
    ],
)
def test_a_migration_only_adds_what_older_programs_need_not_know(operation, fault):
    migration = migrations.Migration("0009_next", "delivery")
    migration.operations = [operation]
    assert upgrading.faults(migration) == ([fault] if fault else [])
    migration.contracts = True
    assert upgrading.faults(migration) == []


def test_every_migration_of_a_later_step_keeps_to_that():
    found = MigrationLoader(None).disk_migrations.values()
    later = [one for one in found if getattr(one, "step", 1) > 1]
    assert {one.name: faults for one in later if (faults := upgrading.faults(one))} == {}
    assert max([getattr(one, "step", 1) for one in found]) <= upgrading.STEP


@pytest.mark.long
def test_a_real_next_version_moves_the_database_on_and_this_one_then_refuses(tmp_path):
    """A database of their own: the next version's step bears no older one."""
    script = f"""
import os, subprocess, sys, tempfile
from pathlib import Path
sys.path.insert(0, {str(CHAOS)!r})
import next_version
from world import DISPATCH, World
with tempfile.TemporaryDirectory(prefix="dispatch-next-") as name:
    world = World(Path(name))
    try:
        world.start_database()
        code = next_version.make(Path(name) / "next", bears=2)
        ahead = {{**os.environ, "PYTHONPATH": str(code)}}
        subprocess.run([*DISPATCH, "migrate"], check=True, env=ahead)
        for command in (["worker"], ["clock"], ["web", "--port", "0"], ["migrate"]):
            done = subprocess.run([*DISPATCH, *command], capture_output=True, text=True, timeout=240)
            print(command[0], done.returncode, done.stderr.strip().splitlines()[-1])
    finally:
        world.stop()
"""
    ours = {key: value for key, value in os.environ.items() if not key.startswith(("DISPATCH_", "DJANGO_"))}
    done = subprocess.run(
        [sys.executable, "-c", script], env=ours, cwd="/", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    words = (
        "A newer Dispatch brought the database to step 2, which bears programs from step 2 on; this one is of step 1"
    )
    lines = done.stdout.splitlines()
    assert [line.split(" ", 2)[:2] for line in lines] == [
        ["worker", "2"],
        ["clock", "2"],
        ["web", "2"],
        ["migrate", "1"],
    ]
    assert all(words in line for line in lines)
