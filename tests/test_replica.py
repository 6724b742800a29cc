"""How a replica stands, by its own and the primary's words; and what is refused at a start."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import replicas
from django.conf import settings

from dispatch import env, history, replica
from dispatch.local import check
from dispatch.replica import Copy, Primary, Seen, State
from dispatch.settings import _replica

HERE = Primary("0/3000148", datetime(2026, 3, 1, tzinfo=UTC), timeline=2, cluster=7, database=5)
THERE = Copy(follows=True, has_all=False, behind=1.5, timeline=2, cluster=7, database=5)


@pytest.mark.parametrize(
    ("changes", "seen"),
    [
        ({}, Seen(State.WELL, 1.5)),
        ({"behind": 11.0}, Seen(State.LATE, 11.0)),
        ({"behind": None}, Seen(State.LATE, None)),
        ({"has_all": True, "behind": 86_400.0}, Seen(State.WELL, 0.0)),
        ({"follows": False}, Seen(State.LEADS)),
        ({"timeline": 1, "has_all": True}, Seen(State.STRAY)),
        ({"cluster": 8}, Seen(State.FOREIGN)),
        ({"database": 6, "follows": False}, Seen(State.FOREIGN)),
    ],
)
def test_it_is_judged_by_what_both_say(changes, seen):
    assert replica.judged(HERE, replace(THERE, **changes)) == seen


def test_each_state_has_words():
    assert all(Seen(state).words for state in State)


def url(database):
    return f"postgresql://dispatch@/{database}?host={env.run_dir()}"


@pytest.mark.django_db
def test_another_database_is_refused_and_the_primary_itself_is_not(monkeypatch):
    with replicas.known_as(url("postgres"), monkeypatch):
        with pytest.raises(env.Misconfigured, match="DISPATCH_REPLICA_URL names a database that is no copy"):
            replica.require()
        (finding,) = check.copied()
        assert (finding.state, "no copy of this database" in finding.words) == ("WRONG", True)
        assert history.read(lambda using: using) == "default"
    with replicas.known_as(url(settings.DATABASES["default"]["NAME"]), monkeypatch):
        replica.require()
        (finding,) = check.copied()
        assert (finding.state, "is the primary itself" in finding.words) == ("todo", True)


@pytest.mark.django_db
def test_one_that_is_away_at_a_start_is_no_reason_to_refuse(monkeypatch, tmp_path):
    with replicas.known_as(f"postgresql://dispatch@/dispatch?host={tmp_path}", monkeypatch):
        replica.require()
        (finding,) = check.copied()
        assert (finding.state, "It does not answer" in finding.words) == ("todo", True)
        assert history.read(lambda using: using) == "default"


def test_without_one_nothing_is_asked_and_nothing_said():
    assert not replica.is_set()
    assert history.read(lambda using: using) == "default"
    assert list(check.copied()) == []


@pytest.mark.parametrize(
    "bad",
    [
        "http://db.example.org/dispatch",
        "postgresql://dispatch:pass%word@db/dispatch",
        "postgresql://dispatch:pass@word@db/dispatch",
        "postgresql://dispatch:pass@db:word/dispatch",
    ],
)
def test_an_address_that_cannot_be_read_is_told_without_its_password(bad):
    with pytest.raises(env.Misconfigured, match=r"^DISPATCH_REPLICA_URL cannot be read. Give it as postgres") as told:
        _replica(bad)
    assert "word@" not in str(told.value).replace("password@host", "")


def test_several_hosts_and_options_of_ones_own_are_taken():
    found = _replica("postgresql://u@a:5432,b:5433/d?sslmode=require&options=-c%20work_mem%3D1MB")
    assert (found["HOST"], found["PORT"], found["NAME"]) == ("a,b", "5432,5433", "d")
    assert found["OPTIONS"]["options"] == "-c work_mem=1MB -c default_transaction_read_only=on"
    assert _replica("postgresql://u@a")["NAME"] == settings.DATABASES["default"]["NAME"]


@pytest.mark.django_db
def test_the_web_does_not_start_upon_a_foreign_one():
    ours = {
        "DISPATCH_DATABASE_URL": url(settings.DATABASES["default"]["NAME"]),
        "DISPATCH_REPLICA_URL": url("postgres"),
    }
    command = [sys.executable, "-m", "dispatch.cli", "web", "--port", "1"]
    said = subprocess.run(command, env=os.environ | ours, capture_output=True, text=True, check=False, timeout=240)
    assert (said.returncode, "Traceback" in said.stderr) == (2, False)
    assert "dispatch: DISPATCH_REPLICA_URL names a database that is no copy of DISPATCH_DATABASE_URL's" in said.stderr
