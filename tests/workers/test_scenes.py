"""Workers that freeze, go deaf, hang, are told to end, crash at a letter or grow: real ones, while mail goes out."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.long
SCENES = Path(__file__).parents[1] / "chaos" / "scenes.py"
WELL = {"lost": 0, "doubled": 0, "state": "finished"}


def played(name):
    """What came of a scene."""
    ours = {key: value for key, value in os.environ.items() if not key.startswith(("DISPATCH_", "DJANGO_"))}
    done = subprocess.run(
        [sys.executable, SCENES, name], env=ours, cwd="/", capture_output=True, text=True, timeout=580, check=False
    )
    assert done.returncode == 0, done.stderr[-5000:]
    told = json.loads(done.stdout.strip().splitlines()[-1])
    print(told)  # noqa: T201 - shown where the test failed
    return told


@pytest.mark.parametrize("name", ["frozen", "deaf", "hung"])
def test_who_is_of_no_use_is_replaced_in_two_minutes_and_nobody_gets_two(name):
    told = played(name)
    assert told["replaced_s"] < 120
    assert told | WELL == told
    assert told["unknown"] <= 2, "one for each of its processes that stood still"


def test_told_to_end_a_worker_finishes_its_letters_and_gives_the_rest_back():
    told = played("drained")
    assert told["code"] == 0
    assert told["stopped_s"] < 120
    assert told | WELL == told
    assert told["ambiguous"] == 0, "each letter under way had its answer"


def test_a_relay_that_answers_nobody_does_not_keep_a_worker_from_ending():
    told = played("undrained")
    assert told["code"] == 1
    assert 5 < told["stopped_s"] < 120, "six seconds are allowed there, and the machine may be busy"
    assert (told["lost"], told["state"]) == (0, "finished")
    assert told["doubled"] <= told["ambiguous"]


def test_a_letter_that_kills_its_workers_is_set_aside_alone_with_how_they_died():
    told = played("poisoned")
    ((readers, trouble),) = told["set_aside"]
    assert readers == [told["poison"]]
    assert trouble.startswith("One letter. Its worker died 4 times, the last by signal 11 (SIGSEGV")
    assert (told["arrived"], told["doubled"]) == (399, 0), "everybody else got theirs"


def test_a_process_that_grows_is_replaced_between_chunks_and_no_letter_is_lost():
    told = played("leaking")
    assert told | WELL == told
    assert told["ambiguous"] == 0
    assert told["chunks"] == 12
    assert told["processes"] > 2, "there are two at a time"
