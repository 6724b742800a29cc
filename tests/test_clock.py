import threading
import time

import pytest
from django.db import connection

from dispatch import clock

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def acts(monkeypatch):
    """A clock that knows only what the test declares."""
    monkeypatch.setattr(clock, "registry", {})
    monkeypatch.setattr(clock, "load", lambda: None)
    return clock.registry


@pytest.fixture
def leaderships():
    made = [clock.Leadership(), clock.Leadership()]
    yield made
    for one in made:
        one.let_go()


def test_one_of_two_clocks_leads_until_it_ends(leaderships):
    first, second = leaderships
    assert first.holds()
    assert not second.holds()
    first.let_go()
    assert second.holds()
    assert second.holds()


def test_a_leader_whose_session_is_cut_learns_it_and_another_takes_over(leaderships):
    first, second = leaderships
    assert first.holds()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [first.session.info.backend_pid])
    with pytest.raises(clock.psycopg.Error):
        first.holds()
    assert second.holds()


def test_what_an_act_does_to_its_own_connection_does_not_cost_the_lead(leaderships):
    first, second = leaderships
    assert first.holds()
    connection.close()
    assert first.holds()
    assert not second.holds()


def test_an_act_that_fails_does_not_stop_the_others(acts, caplog):
    done = []

    @clock.tick("fails", every=60)
    def fails() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")

    clock.tick("works", every=60)(lambda: done.append(1))
    due = dict.fromkeys(acts, 0.0)
    clock.run_due(due, threading.Event())
    clock.run_due(due, threading.Event())
    assert done == [1]
    assert [record.act for record in caplog.records] == ["fails"]


def test_it_acts_says_that_it_lives_and_survives_losing_its_database(acts):
    stop, done, said = threading.Event(), [], []

    @clock.tick("count", every=0.05)
    def count() -> None:
        done.append(1)
        if len(done) == 3:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    thread = threading.Thread(target=lambda: (clock.run(stop, alive=said.append), connection.close()))
    thread.start()
    deadline = time.monotonic() + 120
    while len(done) < 8 and time.monotonic() < deadline:
        time.sleep(0.02)
    stop.set()
    thread.join(60)
    assert len(done) >= 8
    assert said[0] == "leading"
