"""A migration that does not get its table within a second gives way, and is tried again."""

import threading

import psycopg
import pytest
from django.core import management
from django.db import OperationalError, connection
from psycopg.conninfo import make_conninfo

from dispatch.local import migrate

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def needs_the_ledger(monkeypatch):
    """In place of the migrations: one statement that wants the ledger's table for itself."""

    def wanting(*_, **__):
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '200ms'")
            cursor.execute("LOCK TABLE delivery_chunk IN ACCESS EXCLUSIVE MODE")

    def in_one(*_, **__):
        from django.db import transaction

        with transaction.atomic():
            wanting()

    monkeypatch.setattr(management, "call_command", in_one)


@pytest.fixture
def bob():
    """He reads the ledger in a transaction of his own."""
    at = connection.settings_dict
    here = make_conninfo(dbname=at["NAME"], host=at["HOST"], user=at["USER"] or None, port=at["PORT"] or None)
    with psycopg.connect(here) as session:
        session.execute("SELECT count(*) FROM delivery_chunk")
        yield session


def test_it_goes_on_once_the_table_is_free(needs_the_ledger, bob, caplog):
    tried_twice = threading.Event()

    def leave():
        tried_twice.wait(120)
        bob.rollback()

    leaving = threading.Thread(target=leave)
    leaving.start()

    class Watching(list):
        def append(self, record):
            super().append(record)
            tried_twice.set()

    caplog.handler.records = Watching()
    migrate.apply(pause=0.05)
    leaving.join()
    assert any("tries again" in record.message for record in caplog.handler.records)


def test_it_ends_where_the_table_never_is(needs_the_ledger, bob, monkeypatch):
    monkeypatch.setattr(migrate, "TRIES", 2)
    with pytest.raises(OperationalError, match="lock timeout"):
        migrate.apply(pause=0.05)
