import os
import socket
import subprocess
import sys

import psycopg
import psycopg_pool
import pytest
import redis

from dispatch import cli, env
from dispatch.local import unreached


def test_without_a_command_it_lists_them_all(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main([])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert all(f"    {name}" in said for name in cli.COMMANDS)


def test_an_unknown_command_is_told(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["sned"])
    assert ended.value.code == 2
    assert "invalid choice: 'sned'" in capsys.readouterr().err


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_explains_itself(name, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main([name, "--help"])
    assert ended.value.code == 0
    assert cli.COMMANDS[name][1] in " ".join(capsys.readouterr().out.split())


def test_a_wrong_setting_is_two_and_words(monkeypatch, capsys):
    monkeypatch.setenv("DISPATCH_PORT", "eighty")
    assert cli.main(["up"]) == 2
    assert capsys.readouterr().err == "dispatch: DISPATCH_PORT is 'eighty', which is not a number.\n"


def test_the_next_key_has_the_next_number(monkeypatch, capsys):
    assert cli.main(["keys", "new"]) == 0
    number, _, key = capsys.readouterr().out.strip().partition(" ")
    assert number == "2"
    monkeypatch.setenv("DISPATCH_VAULT_KEYS", f"2 {key}")
    assert env.text("DISPATCH_VAULT_KEYS").startswith("2 ")


AWAY = """
import sys
from dispatch import cli
for words in (["queue"], ["top", "--once"], ["send", "list"], ["stop", "list"], ["relay", "list"]):
    print(cli.main(words), flush=True)
"""


def test_without_its_database_each_command_says_so_in_a_sentence():
    with socket.socket() as taken:  # bound, and listening to nobody
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        away = f"postgresql://dispatch:secret@127.0.0.1:{port}/newsroom"
        environment = os.environ | {"DISPATCH_DATABASE_URL": away, "DISPATCH_DATABASE_POOL": "0"}
        done = subprocess.run(
            [sys.executable, "-c", AWAY], env=environment, capture_output=True, text=True, timeout=300, check=False
        )
    assert done.stdout.split() == ["1"] * 5, done.stderr
    where = f"127.0.0.1, port {port}, database newsroom: Connection refused."
    todo = "Is it running, and is DISPATCH_DATABASE_URL right? `dispatch check` looks at both."
    assert done.stderr.splitlines() == [f"dispatch: PostgreSQL was not reached at {where} {todo}"] * 5


def unanswered(ask):
    """What is raised where nobody listens."""
    with pytest.raises(Exception) as raised:  # noqa: PT011 - its kind is what is asked about
        ask()
    return raised.value


def test_the_broker_and_a_pool_that_waits_in_vain_are_told_too(monkeypatch):
    monkeypatch.setenv("DISPATCH_BROKER_URL", "redis://:secret@127.0.0.1:1/0")
    words = unreached.words(unanswered(redis.Redis(port=1).ping))
    assert words.startswith("The broker (Valkey) was not reached at 127.0.0.1:1: ")
    assert "secret" not in words
    monkeypatch.setenv("DISPATCH_DATABASE_URL", "postgresql:///x?host=/nowhere")
    told = unreached.words(psycopg_pool.PoolTimeout("couldn't get a connection after 10.00 sec"))
    assert told.startswith("PostgreSQL was not reached at /nowhere, database x: couldn't get a connection after")


def test_another_trouble_of_the_database_is_not_called_so():
    assert unreached.words(psycopg.errors.DeadlockDetected("deadlock detected")) == ""
    assert unreached.words(psycopg.errors.UndefinedTable("relation does not exist")) == ""
    assert unreached.words(ValueError("no")) == ""
    assert "not reached" in unreached.words(psycopg.errors.AdminShutdown("terminating connection"))
