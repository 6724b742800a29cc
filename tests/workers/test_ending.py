"""What systemd hears of a program's life (sd_notify(3)): from real ones, through a real socket, also when they hang."""

import os
import signal
import socket
import time
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import working
from django.utils import timezone

from dispatch.delivery.models import WorkerBeat
from dispatch.workers import ending

HOOKS = Path(__file__).parents[1] / "chaos" / "hooks"
SOCIAL = ("worker", "--queues", "social", "--concurrency", "1")
LONGER_THAN_BEATS = 20.0
"""Seconds, of which a program that is well lets five pass between two signs."""


class Ear:
    """systemd's end."""

    def __init__(self, address):
        self.line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.line.bind(address)
        self.line.settimeout(0.1)
        self.heard = []

    def listen(self):
        """Whatever has come in by now; all of it so far."""
        try:
            while True:
                self.heard.append(self.line.recv(100).decode())
        except TimeoutError:
            return self.heard

    def hears(self, what, times=1):
        working.wait_for(lambda: self.listen().count(what) >= times)

    def is_told_nothing(self):
        """For longer than a program that is well would be silent."""
        self.listen()
        count = len(self.heard)
        ends = time.monotonic() + LONGER_THAN_BEATS
        while time.monotonic() < ends:
            self.listen()
        return self.heard[count:] == []


@contextmanager
def an_ear(address):
    ear = Ear(address)
    try:
        yield ear
    finally:
        ear.line.close()


@pytest.fixture
def ear(tmp_path):
    with an_ear(str(tmp_path / "notify")) as one:
        yield one


def test_it_is_said_to_a_socket_with_a_name_and_to_one_without_a_file(ear, tmp_path, monkeypatch):
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    ending.tell("READY=1")
    assert ear.listen() == ["READY=1"]
    name = f"dispatch-test-{os.getpid()}"
    with an_ear(f"\0{name}") as abstract:
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
        ending.tell("WATCHDOG=1")
        assert abstract.listen() == ["WATCHDOG=1"]


def test_where_nobody_listens_a_program_goes_on(tmp_path, monkeypatch):
    ending.tell("READY=1")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    ending.tell("READY=1")


def row():
    return WorkerBeat.objects.order_by("-started_at").first()


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
class TestPrograms:
    def test_a_worker_says_that_it_is_ready_that_it_is_well_and_that_it_ends(self, ear, tmp_path):
        with working.program(tmp_path, *SOCIAL, NOTIFY_SOCKET=str(tmp_path / "notify")) as worker:
            ear.hears("READY=1")
            well = ear.listen().count("WATCHDOG=1")
            ear.hears("WATCHDOG=1", times=well + 2)
            worker.terminate()
            ear.hears("STOPPING=1")
        assert ear.listen().count("READY=1") == 1

    def test_one_whose_main_loop_hangs_asks_to_be_replaced_and_says_no_more_that_it_is_well(self, ear, tmp_path):
        began = timezone.now()
        wrong = {"PYTHONPATH": str(HOOKS), "HOOK_HANG": str(tmp_path / "hung"), "DISPATCH_SILENT_SECONDS": "10"}
        changes = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "DISPATCH_DRAIN_SECONDS": "2", **wrong}
        with working.program(tmp_path, *SOCIAL, **changes) as worker:
            ear.hears("READY=1")
            ear.hears("WATCHDOG=1")
            working.wait_for(lambda: row() and row().doing == "deaf")
            ear.hears("WATCHDOG=trigger")
            well = ear.listen().count("WATCHDOG=1")
            ear.hears("WATCHDOG=trigger", times=ear.heard.count("WATCHDOG=trigger") + 2)
            assert ear.heard.count("WATCHDOG=1") == well
            assert worker.poll() is None
            deaf = row().beat_at
            working.wait_for(lambda: row().beat_at > deaf)
        assert row().beat_at > began, "its thread wrote to the last"

    def test_one_that_stands_still_says_nothing(self, ear, tmp_path):
        with working.program(tmp_path, *SOCIAL, NOTIFY_SOCKET=str(tmp_path / "notify")) as worker:
            ear.hears("WATCHDOG=1")
            os.kill(worker.pid, signal.SIGSTOP)
            try:
                assert ear.is_told_nothing()
            finally:
                os.kill(worker.pid, signal.SIGCONT)
            well = ear.listen().count("WATCHDOG=1")
            ear.hears("WATCHDOG=1", times=well + 1)

    def test_a_clock_says_so_from_its_loop_and_is_silent_while_that_waits_for_ever(self, ear, tmp_path):
        url = working.surroundings()["DISPATCH_DATABASE_URL"]
        with working.program(tmp_path, "clock", NOTIFY_SOCKET=str(tmp_path / "notify")), psycopg.connect(url) as other:
            ear.hears("READY=1")
            ear.hears("WATCHDOG=1", times=2)
            other.execute("LOCK TABLE delivery_workerbeat")
            working.wait_for(lambda: other.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()[0])
            assert ear.is_told_nothing()
            other.rollback()
            well = ear.listen().count("WATCHDOG=1")
            ear.hears("WATCHDOG=1", times=well + 2)
