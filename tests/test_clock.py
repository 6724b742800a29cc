import contextlib
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


def test_an_act_that_is_seldom_wanted_and_fails_is_tried_again_within_a_minute(acts):
    clock.tick("fails", every=3600)(lambda: 1 / 0)
    clock.tick("works", every=3600)(lambda: None)
    due = dict.fromkeys(acts, 0.0)
    clock.run_due(due, threading.Event())
    soon = {name: moment - time.monotonic() <= clock.AGAIN for name, moment in due.items()}
    assert soon == {"fails": True, "works": False}


def cut(session):
    with contextlib.closing(clock._connect()) as another:
        another.execute("SELECT pg_terminate_backend(%s, 5000)", [session])


def backend():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def test_an_act_whose_session_the_databases_restart_cut_is_done_within_a_minute(acts, caplog):
    done = []
    clock.tick("counts", every=3600)(lambda: done.append(1))
    due = dict.fromkeys(acts, 0.0)
    cut(backend())
    clock.run_due(due, threading.Event())
    assert due["counts"] - time.monotonic() <= clock.AGAIN
    clock.run_due(dict.fromkeys(acts, 0.0), threading.Event())
    assert done == [1]
    told = [(record.levelname, record.exc_info) for record in caplog.records if record.name == clock.log.name]
    assert told == [("WARNING", None)]


def test_an_act_that_costs_its_session_each_time_does_not_stop_those_behind_it(acts):
    done = []

    @clock.tick("costs its session", every=0)
    def costs() -> None:
        cut(backend())
        backend()

    clock.tick("works", every=0)(lambda: done.append(1))
    due = dict.fromkeys(acts, 0.0)
    for _ in range(3):
        clock.run_due(due, threading.Event())
    assert done == [1, 1, 1]


def test_a_database_that_is_away_is_told_once_until_it_was_there_again(leaderships, monkeypatch, caplog):
    one, answers = leaderships[0], iter([False, False, True, False])

    def turn():
        reached = next(answers)
        with monkeypatch.context() as patched:
            if not reached:
                patched.setattr(clock, "_connect", lost)
            told = clock._turn(one, {}, threading.Event(), clock.Pulse(lambda *_: None))
        one.let_go()
        return told

    def lost():
        raise clock.psycopg.OperationalError("it is away")

    assert [turn() for _ in range(4)] == [False, False, True, False]
    told = [record.levelname for record in caplog.records]
    assert told.count("WARNING") == 2


def test_it_acts_says_that_it_lives_and_survives_losing_its_database(acts):
    stop, done, said = threading.Event(), [], []

    @clock.tick("count", every=0.05)
    def count() -> None:
        done.append(1)
        if len(done) == 3:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    thread = threading.Thread(
        target=lambda: (clock.run(stop, alive=lambda *told: said.append(told)), connection.close())
    )
    thread.start()
    deadline = time.monotonic() + 120
    while len(done) < 8 and time.monotonic() < deadline:
        time.sleep(0.02)
    stop.set()
    thread.join(60)
    assert len(done) >= 8
    assert ("leading", 0.0) in said


def running(told, stop):
    """A clock in a thread, until the test ends."""
    thread = threading.Thread(target=lambda: (clock.run(stop, alive=told), connection.close()))
    thread.start()
    return thread


def wait_for(what):
    deadline = time.monotonic() + 120
    while not what():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)


@pytest.fixture
def short(monkeypatch):
    """Time is short: signs come often, and two seconds without a step are silence."""
    monkeypatch.setattr(clock, "BEAT_EVERY", 0.05)
    monkeypatch.setattr(clock, "LEEWAY", 2.0)


@pytest.mark.usefixtures("short")
def test_acts_that_are_slow_one_after_another_are_no_silence(acts):
    stop, told, done = threading.Event(), [], []

    def slow():
        for _ in range(4):
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(0.7)")
        done.append(time.monotonic())

    clock.tick("slow", every=60)(slow)
    clock.tick("slow, too", every=60)(slow)
    began = time.monotonic()
    thread = running(lambda doing, silent: told.append((time.monotonic(), doing, silent)), stop)
    wait_for(lambda: len(done) == 2)
    stop.set()
    thread.join(60)
    assert done[1] - began > 2 * clock.LEEWAY
    signs = [at for at, doing, silent in told if doing == "leading" and not silent and at < done[1]]
    assert max(signs) - min(signs) > clock.LEEWAY, "it gave signs while acts were under way"


@pytest.mark.usefixtures("short")
def test_an_act_that_hangs_is_silence_though_a_thread_tells_of_it(acts):
    stop, told, hangs = threading.Event(), [], threading.Event()
    clock.tick("hangs", every=60)(lambda: hangs.wait(120))
    thread = running(lambda _, silent: told.append(silent), stop)
    wait_for(lambda: told and told[-1] > 1)
    hangs.set()
    wait_for(lambda: told[-1] == 0)
    stop.set()
    thread.join(60)
