"""The demo looks on while the programs it looks at are restarted."""

import threading

import pytest
from django.db import OperationalError

from dispatch.local.demo import following, stories, telling


@pytest.fixture
def looking_on():
    with telling.bars() as bars:
        yield following.Following([], stories.load(stories.SAMPLES), bars, threading.Event())


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_being_started_again_is_asked_once_more(looking_on, monkeypatch):
    falls = iter([OperationalError("the database system is starting up")])
    monkeypatch.setattr("dispatch.queue.flush", lambda: raise_next(falls))
    looking_on.let_digests_leave()
    assert next(falls, None) is None


@pytest.mark.django_db(transaction=True)
def test_a_database_that_never_comes_back_is_not_waited_for_without_end(looking_on, monkeypatch):
    monkeypatch.setattr(following, "RESTARTED_WITHIN", 0.0)
    monkeypatch.setattr(following, "_edition", lambda *_: raise_next(iter([OperationalError("gone")])))
    with pytest.raises(OperationalError):
        looking_on.until_mailed()


def raise_next(errors):
    for error in errors:
        raise error
