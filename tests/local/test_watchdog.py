"""Who is replaced, and who is not: by the rows that programs write, and only by what is known."""

import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from dispatch import signs
from dispatch.delivery.models import WorkerBeat
from dispatch.local import check, supervisor, watchdog, worker_health
from dispatch.local.supervisor import Program

from .conftest import wait_for

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def ago(seconds):
    return NOW - timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("beat", "heard", "why"),
    [
        (3, 3, ""),
        (3, 65, ""),
        (65, 65, ""),
        (75, 75, "no sign of life for 75 s"),
        (3, 75, "alive, but deaf for 75 s"),
        (3, None, ""),
    ],
)
def test_a_sign_says_whether_its_process_is_of_use(beat, heard, why):
    assert signs.trouble(signs.Sign(ago(beat), None if heard is None else ago(heard)), NOW) == why


@pytest.fixture
def house():
    """One program that is watched, and what is said of it."""
    lines = []
    program = Program(name="mail", command=[sys.executable, "-c", "import time; time.sleep(600)"], watched=True)
    everything = supervisor.Supervisor([program], say=lines.append)
    everything.start(1)
    yield everything, lines
    everything.stop()


def seen(monkeypatch, *signs_in_turn):
    """What the database says at each look."""
    rest = list(signs_in_turn)
    monkeypatch.setattr(
        watchdog, "_signs", lambda processes: None if (now := rest.pop(0)) is None else dict.fromkeys(processes, now)
    )


def test_who_is_deaf_at_two_looks_in_a_row_is_killed_and_comes_back(house, monkeypatch):
    everything, lines = house
    (mail,) = everything.all
    old = mail.process.pid
    now = timezone.now()
    monkeypatch.setattr(mail, "started_at", now.timestamp() - 500)
    deaf = signs.Sign(now + timedelta(seconds=30), now - timedelta(seconds=100))
    seen(monkeypatch, deaf, deaf)
    dog = watchdog.Watchdog(everything)
    dog.look()
    assert mail.is_alive()
    assert lines == []
    dog.look()
    wait_for(lambda: not mail.is_alive())
    assert lines[0].startswith("mail is replaced: alive, but deaf for")
    everything.watch_beside()
    wait_for(lambda: mail.is_alive() and mail.process.pid != old)


def test_a_database_that_does_not_answer_is_no_reason(house, monkeypatch):
    everything, lines = house
    monkeypatch.setattr(everything.all[0], "started_at", time.time() - 500)
    old = signs.Sign(timezone.now() - timedelta(seconds=300), None)
    seen(monkeypatch, old, None, signs.Sign(timezone.now() + timedelta(seconds=60), None), old)
    dog = watchdog.Watchdog(everything)
    for _ in range(4):
        dog.look()
    assert lines == []
    assert everything.all[0].is_alive()


def test_whoever_says_nothing_after_its_start_is_replaced_too_and_no_older_row_speaks_for_it(house, monkeypatch):
    everything, lines = house
    (mail,) = everything.all
    monkeypatch.setattr(mail, "started_at", time.time() - signs.STARTS - 20)
    earlier = signs.Sign(timezone.now() - timedelta(seconds=signs.STARTS + 30), None)
    seen(monkeypatch, earlier, earlier)
    dog = watchdog.Watchdog(everything)
    dog.look()
    dog.look()
    assert lines[0].startswith("mail is slow to start: 1")
    assert lines[1].startswith("mail is replaced: it does not work 1")
    assert lines[1].endswith(f" s after its start; now it has 200 s. {signs.REMEDY}")


@pytest.mark.django_db
class TestWorkerHealth:
    @pytest.fixture
    def rows(self, monkeypatch):
        """The command asks by a connection of its own; here by the test's."""

        def ask():
            names = WorkerBeat.objects.filter(name__startswith=watchdog.name(0)[:-1]).order_by("queues", "name")
            return list(names.values_list("name", "queues", "beat_at", "heard_at", "doing"))

        monkeypatch.setattr(worker_health, "_rows", ask)

    def beat(self, queues="email", *, process=None, heard_ago=0.0):
        from dispatch.workers import beating

        beat = beating.Beat(queues)
        if process is not None:
            beat.name = watchdog.name(process)
        beat.write("", timezone.now() - timedelta(seconds=heard_ago))
        return beat

    def test_a_host_without_a_worker_is_not_well(self, rows, capsys):
        assert worker_health.ask() == 1
        assert capsys.readouterr().err == "There is no worker here.\n"
        beat = self.beat()
        assert worker_health.ask() == 0
        assert "(email): well" in capsys.readouterr().out
        beat.end()
        assert worker_health.ask("clock") == 1
        assert capsys.readouterr().err == "There is no worker here for clock.\n"

    def test_a_deaf_one_is_not_and_those_long_dead_are_not_asked(self, rows, capsys):
        self.beat("upkeep", process=2**22 + 5, heard_ago=3000)  # beyond what Linux counts to
        self.beat("email", heard_ago=100)
        assert worker_health.ask() == 1
        assert "(email): alive, but deaf for 100 s" in capsys.readouterr().out
        assert worker_health.ask("upkeep") == 1

    def test_another_process_that_got_a_dead_ones_number_is_not_taken_for_it(self, rows, capsys):
        own = self.beat()
        another = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        try:
            self.beat("upkeep", process=another.pid)
            before = timezone.now() - timedelta(seconds=600)
            WorkerBeat.objects.filter(name=watchdog.name(another.pid)).update(beat_at=before)
            assert worker_health.ask() == 0
            assert capsys.readouterr().out == f"{own.name} (email): well\n"
        finally:
            another.kill()
            another.wait()

    def test_without_a_database_nobody_is_started_anew(self, monkeypatch, capsys):
        monkeypatch.setenv("DISPATCH_DATABASE_URL", "postgresql://127.0.0.1:1/x")
        assert worker_health.ask() == 0
        assert "nobody can know" in capsys.readouterr().err

    def test_it_is_what_check_says_too(self, rows):
        self.beat()
        assert check.run(type("Options", (), {"beating": True})) == 0
