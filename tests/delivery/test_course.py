"""Letters stream: the ledger is told beforehand of whatever may be under way, and hears of what was answered."""

import contextlib
import itertools

import pytest
from django.db import OperationalError, connection

from dispatch.delivery import acts, course, ledger, progress, relays, sending, statements
from dispatch.delivery.mailers.base import always
from dispatch.delivery.models import Chunk
from dispatch.outcomes import Sent

pytestmark = pytest.mark.django_db

CAST = [f"reader-{number:02}" for number in range(60)]


class Slow:
    """Has up to `depth` letters under way; `meanwhile(taken)` happens before the next is answered."""

    def __init__(self, depth):
        self.depth, self.taken, self.meanwhile = depth, [], lambda _: None

    def send(self, messages, leaving=always):
        messages, under_way, place = iter(messages), 0, 0
        while True:
            while under_way < self.depth and (message := next(messages, None)) is not None:
                if not leaving(place):
                    messages = iter(())
                    break
                under_way, place = under_way + 1, place + 1
                self.taken.append(message.recipient)
            if not under_way:
                return
            self.meanwhile(len(self.taken))
            under_way -= 1
            yield Sent()

    def close(self):
        """There is nothing to close."""


@pytest.fixture
def slow(monkeypatch, settings_of_delivery):
    settings_of_delivery(window=course.LEAST)
    relays.save("slow", "fake://")
    mailer = Slow(4)
    monkeypatch.setattr(relays, "open_mailer", lambda relay: mailer)
    return mailer


@pytest.fixture
def send(edition, subscribe):
    for name in CAST:
        subscribe(name)
    return ledger.enlist(edition.pk)


def go(send):
    sending.send_chunk(send.pk, 1)
    return progress.of_send(send.pk)


def test_the_next_letters_leave_while_the_last_are_under_way(slow, send):
    told = []
    slow.meanwhile = lambda _: told.append(Chunk.objects.values_list("settled", "ahead").get())
    assert go(send).sent == len(CAST)
    assert len(set(slow.taken)) == len(slow.taken) == len(CAST)
    steps = sorted(set(told))
    assert steps[0] == (0, course.LEAST)
    assert any(after < ahead for (_, ahead), (after, _) in itertools.pairwise(steps))


def test_nothing_leaves_that_was_not_written_ahead(slow, send):
    def check(taken):
        chunk = Chunk.objects.get()
        assert taken <= chunk.ahead
        assert chunk.ahead - chunk.settled <= course.LEAST

    slow.meanwhile = check
    assert go(send).sent == len(CAST)


def test_never_twice_has_one_letter_under_way(slow, send, newsletter):
    newsletter.ambiguity = "never_twice"
    newsletter.save()
    send.ambiguity = "never_twice"
    send.save()

    def check(taken):
        assert Chunk.objects.values_list("settled", "ahead").get() == (taken - 1, taken)

    slow.meanwhile = check
    assert go(send).sent == len(CAST)


def test_the_window_follows_the_pace(slow, send, settings_of_delivery, monkeypatch):
    settings_of_delivery(window=30)
    monkeypatch.setattr(course, "PACE", 1000.0)
    widest = []
    slow.meanwhile = lambda _: widest.append(Chunk.objects.get().ahead - Chunk.objects.get().settled)
    assert go(send).sent == len(CAST)
    assert course.LEAST < max(widest) <= 30


def test_a_pause_lets_those_under_way_arrive_and_frees_the_chunk(slow, send):
    def pause(taken):
        if taken == 30:
            acts.pause(send.pk, None, "a mistake in the title")

    slow.meanwhile = pause
    now = go(send)
    assert (now.sent, now.in_flight, now.untouched) == (len(slow.taken), 0, len(CAST) - len(slow.taken))
    assert 30 <= len(slow.taken) <= 30 + course.LEAST
    assert Chunk.objects.get().state == "pending"
    slow.meanwhile = lambda _: None
    acts.resume(send.pk, None, "mended")
    assert go(send).sent == len(CAST)
    assert len(set(slow.taken)) == len(slow.taken)


@pytest.mark.parametrize("asked", ["advance", "window"])
def test_a_database_that_fails_does_not_tear_letters_under_way(slow, send, monkeypatch, asked):
    real, calls = getattr(ledger, asked), []

    def fails(*arguments, **words):
        calls.append(words)
        if len(calls) > 1:
            raise OperationalError("the database is being started again")
        return real(*arguments, **words)

    monkeypatch.setattr(ledger, asked, fails)
    answered = []
    slow.meanwhile = answered.append
    with pytest.raises(OperationalError):
        go(send)
    assert len(calls) == 2
    assert len(answered) == len(slow.taken) == course.LEAST


@pytest.mark.django_db(transaction=True)
def test_a_connection_to_the_database_that_is_cut_does_not_either(slow, send):
    answered = []

    def cut(taken):
        answered.append(taken)
        if taken == 10:
            with contextlib.suppress(OperationalError):
                statements.run("SELECT pg_terminate_backend(pg_backend_pid())")

    slow.meanwhile = cut
    with pytest.raises(OperationalError):
        go(send)
    connection.close()
    assert len(answered) == len(slow.taken) == course.LEAST
    assert Chunk.objects.get().ahead == course.LEAST


def test_a_worker_whose_chunk_was_taken_over_stops_and_writes_nothing(slow, send):
    def steal(taken):
        if taken == 10:
            Chunk.objects.update(lease_until="2020-01-01T00:00Z")
            ledger.claim(send.pk, 1)

    slow.meanwhile = steal
    before = Chunk.objects.get().token
    go(send)
    chunk = Chunk.objects.get()
    assert chunk.token == before + 2
    assert chunk.state == "leased"
    assert len(slow.taken) <= course.LEAST
