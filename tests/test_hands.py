"""What a worker's processes are at is seen by the main one while they are at it, and not after they let go or died."""

import importlib.metadata
import multiprocessing
import os
from pathlib import Path

import pytest

import dispatch
from dispatch import hands
from dispatch.delivery.mailers import roll
from dispatch.delivery.models import WorkerBeat
from dispatch.workers import beating


def tasks():
    return [one["task"] for one in hands.now()]


def at_work(line, task):
    hands.take(task)
    line.send("begun")
    line.recv()
    hands.let_go()


@pytest.fixture
def child():
    """A forked process that is at a task until it is told to end."""
    fork = multiprocessing.get_context("fork")
    ours, theirs = fork.Pipe()
    process = fork.Process(target=at_work, args=(theirs, "email.send_chunk(4, 12)"))
    process.start()
    assert ours.poll(120)
    yield process, ours
    process.kill()
    process.join(120)


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_the_main_process_sees_what_its_child_is_at(child):
    process, line = child
    assert tasks() == ["email.send_chunk(4, 12)"]
    line.send("end")
    process.join(120)
    assert tasks() == []


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_who_died_at_it_is_at_nothing(child):
    process, _ = child
    process.kill()
    process.join(120)
    assert tasks() == []


def test_memory_is_that_of_living_processes():
    assert hands.memory() > 10_000_000


@pytest.mark.django_db
def test_a_sign_of_life_says_version_memory_work_and_connections(django_assert_num_queries):
    hands.take("social.publish_post(7)")
    roll.change("main", None, roll.State.AT_WORK)
    try:
        beat = beating.Beat("social")
        beat.write()
        with django_assert_num_queries(4):  # two statements in their transaction, whatever there is to tell
            beat.write()
    finally:
        hands.let_go()
        roll.change("main", roll.State.AT_WORK, None)
    beat = WorkerBeat.objects.get(name__endswith=f":{os.getpid()}")
    assert (beat.version, beat.now[0]["task"]) == (dispatch.__version__, "social.publish_post(7)")
    assert beat.memory > 10_000_000
    (connected,) = beat.connections
    assert (connected["relay"], connected["state"], connected["count"]) == ("main", "at work", 1)


@pytest.mark.django_db
def test_a_worker_of_newer_code_says_so_whatever_the_package_says(monkeypatch):
    monkeypatch.setattr(beating, "__version__", "9.0.0")
    beating.Beat("social").write()
    assert WorkerBeat.objects.get().version == "9.0.0"


def test_the_version_stands_in_one_place():
    assert importlib.metadata.version("dispatch") == dispatch.__version__
    home = Path(__file__).parents[1]
    assert 'dynamic = ["version"]' in (home / "pyproject.toml").read_text()
    for file in (home / "src" / "dispatch").rglob("*.py"):
        assert 'version("dispatch")' not in file.read_text(encoding="utf-8"), file


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_who_gets_on_says_so_and_its_task_began_when_it_began():
    hands.take("email.send_chunk(4, 12)")
    (began,) = hands.at_work()
    hands.advance()
    (later,) = hands.at_work()
    hands.let_go()
    assert later.advanced > began.advanced
    assert (later.since, later.kind) == (began.since, "email.send_chunk")
    hands.advance()
    assert tasks() == [], "of no task nothing is told"
