"""Programs that need longer to start than a start usually takes: each try has longer, until they are there."""

import sys
import time
from datetime import timedelta

import pytest
import working
from django.utils import timezone

from dispatch import signs
from dispatch.delivery.models import WorkerBeat
from dispatch.local import supervisor, watchdog
from dispatch.local.supervisor import Program
from dispatch.operations import crew, health

from .conftest import wait_for

NEEDS = 6
SLOW = f"""
import os, socket, time, psycopg
time.sleep({NEEDS})
with psycopg.connect(os.environ["DISPATCH_DATABASE_URL"], autocommit=True) as session:
    while True:
        session.execute(
            "INSERT INTO delivery_workerbeat (name, queues, doing, started_at, beat_at, version, memory, now)"
            " VALUES (%s, 'email', '', now(), now(), '', 0, '[]')"
            " ON CONFLICT (name) DO UPDATE SET doing = '', started_at = now(), beat_at = now(), heard_at = now()",
            [f"{{socket.gethostname()}}:{{os.getpid()}}"],
        )
        time.sleep(0.5)
"""
"""What a worker does as a watchdog sees it: nothing for long, then signs."""


@pytest.fixture
def house(monkeypatch):
    """One such program upon the tests' database, and what is said of it."""
    monkeypatch.setenv("DISPATCH_DATABASE_URL", working.surroundings()["DISPATCH_DATABASE_URL"])
    lines = []
    program = Program(name="mail", command=[sys.executable, "-c", SLOW], watched=True, works_for="email")
    everything = supervisor.Supervisor([program], say=lines.append)
    yield everything, lines
    everything.stop()


def rows():
    return list(WorkerBeat.objects.filter(queues="email"))


@pytest.mark.django_db(transaction=True)
class TestSlow:
    def test_one_that_needs_longer_than_a_start_has_is_there_after_some_tries(self, house, monkeypatch):
        monkeypatch.setattr(signs, "STARTS", NEEDS / 4)
        monkeypatch.setattr(watchdog, "LOOK_EVERY", 0.2)
        everything, lines = house
        everything.start(1)
        everything.watch_beside()
        dog = watchdog.Watchdog(everything)
        dog.watch_beside()
        wait_for(lambda: any(not one.sign.is_starting for one in rows()))
        tries = [line for line in lines if line.startswith("mail is replaced: it does not work ")]
        assert len(tries) >= 2, "the first two had less than it needs"
        assert "; now it has 3 s. " in tries[0]
        assert "; now it has 6 s. " in tries[1]
        (mail,) = everything.all
        process = mail.process.pid
        wait_for(lambda: process in dog.well_since)
        assert mail.process.pid == process

    def test_pages_and_the_terminal_say_so_and_what_to_do_and_no_queue_counts_as_served(self, house, monkeypatch):
        monkeypatch.setattr(signs, "SLOW", 0.5)
        everything, lines = house
        everything.start(1)
        time.sleep(1)
        dog = watchdog.Watchdog(everything)
        dog.look()
        dog.look()
        (line,) = lines
        assert line.startswith("mail is slow to start: ")
        assert line.endswith(f" s so far. It has 100 s, then it is started anew and has longer. {signs.REMEDY}")
        (worker,) = crew.workers()
        assert (worker.queues, bool(worker.slow_for)) == ("email", True)
        (slow,) = [check for check in health.workers() if check.part == "Worker"]
        assert (slow.state, "slow to start" in slow.words, slow.remedy.startswith(signs.REMEDY)) == ("todo", True, True)
        assert any("Nobody works for" in check.words and "email" in check.words for check in health.workers())
        wait_for(lambda: not rows()[0].sign.is_starting)
        dog.look()
        assert [one.doing for one in rows()] == [""], "its own row is left alone"

    def test_what_was_noted_of_one_that_died_before_it_worked_is_taken_back(self, house, monkeypatch):
        monkeypatch.setattr(signs, "SLOW", 0.1)
        everything, _ = house
        everything.start(1)
        time.sleep(0.5)
        dog = watchdog.Watchdog(everything)
        dog.look()
        assert [one.doing for one in rows()] == [signs.STARTING]
        everything.all[0].tell(9)
        wait_for(lambda: not everything.all[0].is_alive())
        dog.look()
        assert rows() == []


def test_a_start_has_twice_as_long_each_time_and_a_quarter_of_an_hour_at_most():
    assert [signs.grace(n) for n in range(6)] == [100, 200, 400, 800, 900, 900]
    assert signs.grace(10**9) == 900


def test_one_that_had_been_hearing_has_no_longer_than_ever():
    now = timezone.now()
    for replaced in (0, 5):
        gone = signs.Sign(now - timedelta(seconds=75), now - timedelta(seconds=75))
        assert signs.trouble(gone, now, signs.grace(replaced)) == "no sign of life for 75 s"
        deaf = signs.Sign(now, now - timedelta(seconds=75))
        assert signs.trouble(deaf, now, signs.grace(replaced)) == "alive, but deaf for 75 s"
        starting = signs.Sign(now, now - timedelta(seconds=75), is_starting=True)
        assert signs.trouble(starting, now, signs.grace(replaced)) == ""


def test_a_stretch_of_work_makes_it_forgotten(monkeypatch):
    program = Program(name="mail", command=[sys.executable, "-c", "import time; time.sleep(600)"], watched=True)
    everything = supervisor.Supervisor([program], say=lambda _: None)
    everything.start(1)
    try:
        dog = watchdog.Watchdog(everything)
        dog.cut_short["mail"] = 3
        well = signs.Sign(timezone.now() + timedelta(seconds=60), timezone.now() + timedelta(seconds=60))
        monkeypatch.setattr(watchdog, "_signs", lambda processes: dict.fromkeys(processes, well))
        dog.look()
        assert dog.cut_short["mail"] == 3
        dog.well_since = {process: since - watchdog.SETTLED - 1 for process, since in dog.well_since.items()}
        dog.look()
        assert dog.cut_short["mail"] == 0
    finally:
        everything.stop()
