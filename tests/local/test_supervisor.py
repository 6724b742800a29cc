import signal
import sys
import time

import pytest

from dispatch.local import supervisor
from dispatch.local.supervisor import Program

from .conftest import wait_for

WAIT = "import time; print('here', flush=True); time.sleep(60)"
DEAF = "import signal, time; signal.signal(15, signal.SIG_IGN); print('here', flush=True); time.sleep(60)"


def program(name: str, code: str = WAIT, **rest) -> Program:
    return Program(name=name, command=[sys.executable, "-c", code], **rest)


@pytest.fixture
def house():
    lines: list[str] = []
    made: list[supervisor.Supervisor] = []

    def of(*programs: Program) -> tuple[supervisor.Supervisor, list[str]]:
        made.append(supervisor.Supervisor(programs, lines=lines.append))
        return made[-1], lines

    yield of
    for one in made:
        one.stop()


def test_lines_carry_their_programs_name(house):
    everything, lines = house(program("alice"), program("bo"))
    everything.start(1)
    wait_for(lambda: len(lines) == 2)
    assert sorted(lines) == ["alice | here\n", "bo    | here\n"]


def test_what_dies_comes_back_and_what_keeps_dying_waits_longer(house):
    everything, lines = house(program("bob", "raise SystemExit(3)"))
    everything.start(1)
    everything.watch_beside()
    wait_for(lambda: sum("bob ended (exit status 3)" in line for line in lines) >= 2)
    assert "starting again in 0.3 s" in lines[0]
    assert "starting again in 0.9 s" in lines[1]


def test_what_does_not_listen_is_killed_in_time(house, monkeypatch):
    monkeypatch.setattr(supervisor, "STOP_WITHIN", 1.0)
    everything, lines = house(program("deaf", DEAF))
    everything.start(1)
    wait_for(lambda: lines)
    started = time.monotonic()
    everything.stop()
    assert time.monotonic() - started < 10  # what Ctrl-C promises
    wait_for(lambda: not everything.all[0].is_alive())
    assert everything.all[0].process.returncode == -signal.SIGKILL


def test_what_holds_data_starts_first_and_stops_last(house):
    everything, _ = house(program("work"), program("data", group=0))
    everything.start(0)
    work, data = everything.all
    assert data.is_alive()
    assert not work.is_alive()
    everything.start(1)
    stopped: list[str] = []
    for one in everything.all:
        one.tell = lambda number, one=one, tell=one.tell: (stopped.append(one.program.name), tell(number))
    everything.stop()
    assert stopped == ["work", "data"]


def test_what_never_gets_ready_is_told(house):
    everything, _ = house(program("charlie", ready=lambda: False))
    with pytest.raises(TimeoutError, match="charlie does not get ready"):
        everything.start(1, timeout=0.2)


def test_nothing_comes_back_while_all_is_stopped(house):
    everything, _ = house(program("alice"))
    everything.start(1)
    everything.stop()
    everything.tend()
    time.sleep(0.2)
    assert not everything.all[0].is_alive()
