"""What a container's platform asks: the process lives, and it can serve."""

import pytest
from django.db import Error

from dispatch import queue
from dispatch.operations import probes

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch):
    monkeypatch.setattr(probes, "_last", (-probes.ASKED_EVERY, {}))
    monkeypatch.setattr(probes, "_is_migrated", False)


def test_a_process_that_lives_says_so_without_asking_anything(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"alive": True})


def test_it_is_ready_with_its_database_and_migrations(client):
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "database": "ok", "migrations": "ok", "broker": "ok"}


def test_a_broker_that_is_away_is_said_and_no_reason_to_send_nobody(client, monkeypatch):
    monkeypatch.setattr(queue, "ping", lambda seconds: "redis://secret@host is away")
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["broker"] == "does not answer; mail and posts wait or go late"
    assert b"secret" not in answer.content


def test_without_its_database_it_is_not_ready(client, monkeypatch):
    def away():
        raise Error

    monkeypatch.setattr(probes.connection, "cursor", away)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {
        "ready": False, "database": "does not answer", "migrations": "not known", "broker": "ok"
    }  # fmt: skip


def test_a_migration_that_is_missing_is_said(client, monkeypatch):
    monkeypatch.setattr(probes.MigrationExecutor, "migration_plan", lambda self, targets: ["one"])
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["migrations"] == "not all are applied: run dispatch migrate"
