"""What cannot run as it is configured says so once and ends; it is not tried for ever."""

import sys
import time

import pytest

from dispatch.local import supervisor
from dispatch.local.supervisor import Program

from .conftest import wait_for

WORKS = "import time; print('here', flush=True); time.sleep(600)"
REFUSES = "import sys; print('dispatch: DISPATCH_EXAMPLE is wrong. Mend it.', flush=True); sys.exit(2)"
BREAKS = "raise SystemExit(1)"
FOREIGN = (
    "web cannot start as Dispatch is configured: DISPATCH_REPLICA_URL names a database that is no copy of "
    "DISPATCH_DATABASE_URL's: another server's, or another one of the same server. Give a streaming replica's "
    "address, or leave it out. `dispatch check` looks at both."
)


def program(name, code, **rest):
    return Program(name=name, command=[sys.executable, "-c", code], **{"refuses": 2, **rest})


@pytest.fixture
def house():
    lines, made = [], []

    def of(*programs):
        made.append(supervisor.Supervisor(programs, lines=lines.append))
        return made[-1], lines

    yield of
    for one in made:
        one.stop()


def test_one_that_refuses_its_first_start_ends_all_with_its_own_words(house):
    everything, lines = house(program("web", REFUSES), program("mail", WORKS))
    everything.start(1)
    everything.watch()
    assert everything.refusal == "web cannot start as Dispatch is configured: DISPATCH_EXAMPLE is wrong. Mend it."
    everything.stop()
    assert not any(one.is_alive() for one in everything.all)
    assert sum("DISPATCH_EXAMPLE" in line for line in lines) == 1
    assert not any("starting again" in line for line in lines)


def test_one_that_is_waited_for_and_refuses_is_not_waited_for(house):
    everything, _ = house(program("web", REFUSES, ready=lambda: False))
    everything.start(1)
    assert everything.refusal.startswith("web cannot start")


def test_any_other_end_may_heal_and_what_another_program_means_by_its_status_is_unknown(house):
    everything, lines = house(program("web", BREAKS), program("broker", REFUSES, refuses=None))
    everything.start(1)
    everything.watch_beside()
    for name in ("web", "broker"):
        wait_for(lambda name=name: sum(f"{name} ended" in line for line in lines) >= 2)
    assert not everything.refusal


def test_one_that_ran_before_leaves_the_others_at_work_until_none_can_run(house, monkeypatch, tmp_path):
    monkeypatch.setattr(supervisor, "RAN", 0.0)
    flag = tmp_path / "wrong"
    code = f"import pathlib, time\nwhile not pathlib.Path('{flag}').exists(): time.sleep(0.1)\n"
    web, mail = program("web", code + BREAKS), program("mail", WORKS)
    everything, lines = house(web, mail)
    everything.start(1)
    everything.watch_beside()
    object.__setattr__(web, "command", [sys.executable, "-c", REFUSES])
    flag.touch()
    told = "web cannot run any more as Dispatch is configured (see above); the rest goes on\n"
    wait_for(lambda: told in lines)
    time.sleep(1)
    assert everything.all[1].is_alive()
    assert not everything.refusal
    object.__setattr__(mail, "command", [sys.executable, "-c", REFUSES])
    everything.all[1].tell(9)
    wait_for(lambda: everything.refusal)
    assert everything.stopping.is_set()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"DISPATCH_REPLICA_URL": "postgresql://dispatch@/postgres?host={run}"}, FOREIGN),
        ({"DISPATCH_TIME_ZONE": "Mars"}, "DISPATCH_TIME_ZONE is 'Mars'; give an IANA name such as Europe/Vilnius."),
        (
            {"DISPATCH_BROKER_URL": "htp://broker"},
            "DISPATCH_BROKER_URL starts with 'htp'; known are redis, rediss, redis+socket, sentinel, amqp, amqps.",
        ),
    ],
    ids=["a foreign replica", "a zone that is nowhere", "a broker that is none"],
)
def test_up_ends_with_one_sentence_and_is_not_tried_again(folder, start, wrong, words):
    up = start(folder, **{name: value.format(run=folder / "run") for name, value in wrong.items()})
    wait_for(lambda: up.process.poll() is not None)
    assert up.process.returncode == 2
    assert up.said.splitlines()[-1] == f"dispatch: {words}"
    assert "starting again" not in up.said
    assert "Traceback" not in up.said
    assert up.processes() == []
