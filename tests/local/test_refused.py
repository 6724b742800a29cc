"""What cannot run as it is configured says so once and ends; it is not tried for ever."""

import shutil
import sys
import tempfile
import time
from pathlib import Path

import ports
import pytest

from dispatch.local import supervisor
from dispatch.local.supervisor import Program

from .conftest import Up, wait_for

WORKS = "import time; print('here', flush=True); time.sleep(600)"
REFUSES = "import sys; print('dispatch: DISPATCH_EXAMPLE is wrong. Mend it.', flush=True); sys.exit(2)"
LATER = "import time; time.sleep(2)\n"
BREAKS = "raise SystemExit(1)"
NO_KEY = "DISPATCH_VAULT_KEYS: each line is a number and 32 bytes in base64."
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
    everything, lines = house(program("web", LATER + BREAKS), program("broker", LATER + REFUSES, refuses=None))
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


@pytest.fixture(scope="module")
def kept():
    """A directory with a database that is at this version: a first start takes longest."""
    place = Path(tempfile.mkdtemp(prefix="dispatch-up-"))
    place.chmod(0o755)
    up = Up(place / "data", ports.free())
    try:
        up.wait_until_up()
    finally:
        up.stop()
    yield place / "data"
    shutil.rmtree(place, ignore_errors=True)


WRONG = {
    "a foreign replica": ("DISPATCH_REPLICA_URL", "postgresql://dispatch@/postgres?host={run}", FOREIGN),
    "keys that are none": ("DISPATCH_VAULT_KEYS", "garbage", " cannot start as Dispatch is configured: " + NO_KEY),
    "a number that is none": (
        "DISPATCH_SILENT_SECONDS",
        "soon",
        "DISPATCH_SILENT_SECONDS is 'soon', which is not a number.",
    ),
    "a zone that is nowhere": (
        "DISPATCH_TIME_ZONE",
        "Mars",
        "dispatch: DISPATCH_TIME_ZONE is 'Mars'; give an IANA name such as Europe/Vilnius.",
    ),
    "a database that is none": (
        "DISPATCH_DATABASE_URL",
        "http://user:word@db.example.org",
        "DISPATCH_DATABASE_URL cannot be read. Give it as postgresql://user:password@host/name, with %40 for an @ inside.",
    ),
    "a broker that is none": (
        "DISPATCH_BROKER_URL",
        "htp://user:word@x",
        "known are redis, rediss, redis+socket, sentinel, amqp, amqps.",
    ),
    "a relay that is none": (
        "DISPATCH_RELAY_URL",
        "foo://user:word@x",
        "cannot be used: it begins with smtp://, smtps:// or anymail+PROVIDER://. See docs/relays.md.",
    ),
}


@pytest.mark.parametrize("name", [next(iter(WRONG)), *(pytest.param(n, marks=pytest.mark.long) for n in [*WRONG][1:])])
def test_up_ends_with_one_sentence_and_is_not_tried_again(kept, start, name):
    setting, value, words = WRONG[name]
    up = start(kept, **{setting: value.format(run=kept / "run")})
    wait_for(lambda: up.process.poll() is not None)
    last = up.said.splitlines()[-1]
    assert up.process.returncode == 2
    assert last.startswith("dispatch: ")
    assert last.endswith(words)
    assert "starting again" not in up.said
    assert "Traceback" not in up.said
    assert "word" not in last.replace("password", "")
    assert up.processes() == []
