"""What a worker tells of its connections is what they are at: over real sockets, through errands, rests, losses, forks."""

import multiprocessing
import socket
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from faulty_relay import Fault, letters

from dispatch.delivery.mailers import dialling, roll, shelf, smtp
from dispatch.delivery.mailers.roll import State
from dispatch.outcomes import Sent


def told():
    return {(one["relay"], one["state"]): one["count"] for one in roll.call()}


def wait_for(condition):
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, told()
        time.sleep(0.01)


def test_connections_are_at_work_in_an_errand_and_at_rest_after_it(relay, mailer):
    errand = mailer(relay(), connections=3, name="main")
    answers = errand.send(letters(9))
    next(answers)
    assert told() == {("main", "at work"): 3}
    assert list(answers) == [Sent()] * 8
    errand.close()
    assert told() == {("main", "at rest"): 3}
    (one,) = roll.call()
    assert datetime.now(UTC) - datetime.fromisoformat(one["since"]) < timedelta(minutes=5)


def test_the_next_errand_takes_those_that_rest(relay, mailer):
    server = relay()
    first, second = (mailer(server, connections=2, name="main") for _ in range(2))
    list(first.send(letters(4)))
    first.close()
    answers = second.send(letters(1))
    list(answers)
    assert told() == {("main", "at rest"): 1, ("main", "at work"): 1}
    second.close()
    shelf.clear()
    assert told() == {}


def test_one_that_waits_for_its_greeting_is_opening():
    with socket.create_server(("127.0.0.1", 0)) as mute:
        waiting = smtp.Smtp(dialling.Relay("127.0.0.1", mute.getsockname()[1], security="none", name="slow"))
        knocking = threading.Thread(target=waiting.knock, daemon=True)
        knocking.start()
        wait_for(lambda: told() == {("slow", "opening"): 1})
    knocking.join(120)
    assert told() == {}


def test_one_that_never_stood_or_was_lost_is_told_of_no_more(relay, mailer):
    list(mailer(relay(Fault("EHLO", "drop"), Fault("EHLO", "drop", 2)), name="away").send(letters(1)))
    list(mailer(relay(Fault("END", "drop")), connections=1, name="lossy").send(letters(1)))
    assert told() == {}


def test_a_connection_that_has_carried_enough_leaves_with_its_place(relay, mailer):
    server = relay()
    errand = mailer(server, connections=1, messages=2, name="main")
    assert list(errand.send(letters(5))) == [Sent()] * 5
    assert server.connections == 3
    errand.close()
    assert told() == {("main", "at rest"): 1}


def test_of_a_relay_without_a_name_nothing_is_told(relay, mailer):
    list(mailer(relay()).send(letters(1)))
    assert told() == {}


def child(line):
    roll.change("main", None, State.AT_WORK)
    roll.change("main", None, State.AT_WORK)
    line.send("begun")
    line.recv()


@pytest.fixture
def forked():
    """A process of its own that has two connections, until it is killed."""
    fork = multiprocessing.get_context("fork")
    ours, theirs = fork.Pipe()
    process = fork.Process(target=child, args=(theirs,))
    process.start()
    assert ours.poll(120)
    yield process
    process.kill()
    process.join(120)


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_processes_are_added_up_and_a_dead_ones_are_gone(relay, mailer, request):
    errand = mailer(relay(), connections=2, name="main")
    list(errand.send(letters(4)))
    errand.close()
    process = request.getfixturevalue("forked")
    assert told() == {("main", "at rest"): 2, ("main", "at work"): 2}, "its parent's are not the child's too"
    process.kill()
    process.join(120)
    assert told() == {("main", "at rest"): 2}


def test_more_relays_than_there_are_places_for_take_turns():
    for number in range(3 * roll.RELAYS):
        roll.change(f"relay{number}", None, State.AT_WORK)
        assert told() == {(f"relay{number}", "at work"): 1}
        roll.change(f"relay{number}", State.AT_WORK, None)
    for number in range(roll.RELAYS + 1):
        roll.change(f"relay{number}", None, State.AT_REST)
    assert len(told()) == roll.RELAYS
    for number in range(roll.RELAYS + 1):
        roll.change(f"relay{number}", State.AT_REST, None)
    assert told() == {}
    roll.change("main", None, State.OPENING)
    assert told() == {("main", "opening"): 1}
    roll.change("main", State.OPENING, None)
