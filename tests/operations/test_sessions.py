"""Transactions that are open for long are named, and an operator ends them without touching the database."""

import contextlib
from datetime import timedelta

import newsroom
import psycopg
import pytest
from django.db import connection

from dispatch import cli
from dispatch.accounts.models import AuditEntry
from dispatch.operations import sessions

pytestmark = pytest.mark.django_db(transaction=True)
WHO = ("--by", "alice@example.org", "--reason", "it kept details")


@pytest.fixture
def left_open(monkeypatch):
    """Somebody's psql, in the middle of a transaction."""
    monkeypatch.setattr(sessions, "LONG", timedelta(0))
    known = connection.get_connection_params()
    wanted = {name: known[name] for name in ("dbname", "user", "password", "host", "port") if known.get(name)}
    session = psycopg.connect(**wanted, application_name="psql")
    session.execute("SELECT 1")
    yield session
    with contextlib.suppress(psycopg.Error):
        session.close()


def test_it_is_named_with_what_it_does(left_open, capsys):
    assert cli.main(["sessions"]) == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if "psql" in line)
    assert line.split()[0] == str(left_open.info.backend_pid)
    assert "idle in transaction" in line


def test_an_operator_ends_it_and_says_why(left_open, capsys):
    newsroom.person()
    assert cli.main(["sessions", "end", str(left_open.info.backend_pid), *WHO]) == 0
    assert "is ended" in capsys.readouterr().out
    with pytest.raises(psycopg.OperationalError):
        left_open.execute("SELECT 1")
    assert AuditEntry.objects.get(act="session.end").reason == "it kept details"


@pytest.mark.parametrize(
    ("words", "sorry"),
    [
        (("end", "1", "--by", "eve@example.org", "--reason", "just so"), "an active operator's account"),
        (("end", "1", "--by", "alice@example.org"), "say why"),
        (("end", "1", *WHO), "no transaction of a session 1 is open for long"),
    ],
)
def test_nothing_is_ended_by_mistake(left_open, capsys, words, sorry):
    newsroom.person()
    assert cli.main(["sessions", *words]) == 1
    assert sorry in capsys.readouterr().err
    left_open.execute("SELECT 1")


def test_nothing_to_name_is_said(capsys):
    assert cli.main(["sessions"]) == 0
    assert capsys.readouterr().out == "No transaction is open for long.\n"
