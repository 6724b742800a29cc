"""Berths: however many processes want connections to a relay, no more stand than may, and each gets its fair share."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from counting_sink import Sink
from django.conf import settings as configured
from django.db import DatabaseError

from dispatch import env
from dispatch.audience.models import Subscriber
from dispatch.delivery import berths, ledger, letters, progress, relays, sending, statements
from dispatch.delivery.mailers import shelf
from dispatch.delivery.models import Berth, Chunk, Relay

OTHER, GMAIL = 0, 1
WORKER = Path(__file__).with_name("lone_worker.py")
URL = "smtp://127.0.0.1:{}?security=none&connections={}"
PATIENT = 120.0


@pytest.fixture
def relay(db):
    return relays.save("main", "fake://")


@pytest.fixture
def become(monkeypatch):
    """become("a:1:1"): whoever asks now is that process."""
    return lambda name: monkeypatch.setattr(berths, "_holder", lambda: name)


@pytest.fixture(autouse=True)
def nobody_is_full():
    berths._full.clear()
    yield
    shelf.clear()
    berths._full.clear()


def test_without_a_limit_nothing_is_asked(edition, fake, subscribe):
    for name in ("alice", "bob"):
        subscribe(name)
    send = ledger.enlist(edition.pk)
    sending.send_chunk(send.pk, 1)
    assert (progress.of_send(send.pk).sent, Berth.objects.count()) == (2, 0)


def test_a_newcomer_gets_its_share_once_the_first_has_looked_again(relay, become):
    berths.set_limits(relay, 4, {})
    become("a:1:1")
    first = berths.take(relay, OTHER, 4)
    assert first.allowed == 4
    become("b:1:1")
    assert berths.take(relay, OTHER, 4) is None
    become("a:1:1")
    first.look(4)
    assert first.allowed == 2
    become("b:1:1")
    assert berths.take(relay, OTHER, 4) is None, "they still stand"
    become("a:1:1")
    first.look(2)
    become("b:1:1")
    assert berths.take(relay, OTHER, 4).allowed == 2


def test_a_letter_that_somebody_waits_for_gets_the_next_berth(relay, become):
    berths.set_limits(relay, 1, {})
    become("a:1:1")
    first = berths.take(relay, OTHER, 4)
    become("b:1:1")
    waiting = berths.Room(relay.pk, berths.NOBODY, 1, berths.limits(relay), urgent=True)
    waiting.look(0)
    assert waiting.is_lost
    become("a:1:1")
    first.look(1)
    assert first.is_lost
    first.rest(0)
    become("b:1:1")
    assert berths.for_one(relay).allowed == 1


def test_a_lower_limit_is_kept_from_the_next_look_on(relay, become):
    berths.set_limits(relay, 8, {})
    become("a:1:1")
    room = berths.take(relay, OTHER, 8)
    berths.set_limits(relay, 3, {})
    assert room.most(8) == 8, "it has just looked"
    room.looked_at -= berths.LOOK
    assert room.most(8) == 3
    assert [use.held for use in berths.in_use(relay)] == [8], "they stand until their letters have left"
    room.look(3)
    assert [use.held for use in berths.in_use(relay)] == [3]


def test_a_mailer_whose_database_is_away_keeps_its_share_and_rests_nothing(relay, monkeypatch):
    berths.set_limits(relay, 3, {})
    room = berths.take(relay, OTHER, 8)

    def away(*_, **__):
        raise DatabaseError

    monkeypatch.setattr(berths, "_locked", away)
    room.look(2)
    assert room.allowed == 3
    assert room.rest(2) == (0, 0.0)


@pytest.mark.django_db(transaction=True)
def test_a_dead_process_gives_its_berths_back_with_the_next_beat_and_a_living_one_keeps_them(relay):
    berths.set_limits(relay, 4, {})
    gone = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    for process in (gone.pid, os.getpid()):
        Berth.objects.create(
            relay=relay, holder=f"{berths._SIGN}:{process}:1", provider_class=0, held=2, wanted=2, is_urgent=False,
            is_kept=True, since=statements.now(), until=statements.now(),
        )  # fmt: skip
    berths.renew()
    assert [use.held for use in berths.in_use(relay)] == [4]
    gone.kill()
    gone.wait()
    gone.stdin.close()
    berths.renew()
    assert [use.held for use in berths.in_use(relay)] == [2]


def begin(send):
    database = f"postgresql://dispatch@/{configured.DATABASES['default']['NAME']}?host={env.run_dir()}"
    environment = os.environ | {"DISPATCH_DATABASE_URL": database}
    return subprocess.Popen([sys.executable, WORKER, str(send)], env=environment, stdout=subprocess.PIPE)


def wait_for(what, seconds=PATIENT):
    ends = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < ends, "it did not come to pass"
        time.sleep(0.05)


@pytest.fixture
def crowd(subscribe):
    """crowd(30, 10): so many readers, and so many more at gmail."""

    def make(others, gmail):
        for number in range(others):
            subscribe(f"other{number}")
        theirs = [subscribe(f"gmail{number}").pk for number in range(gmail)]
        Subscriber.objects.filter(pk__in=theirs).update(provider_class=GMAIL)

    return make


@pytest.fixture
def workers():
    made = []

    def start(send, count):
        made.extend(begin(send.pk) for _ in range(count))
        for one in made:
            assert one.stdout.readline() == b"begun\n"
        return made

    yield start
    for one in made:
        one.kill()
        one.wait()
        one.stdout.close()


def test_connections_at_rest_of_who_waits_for_a_provider_hold_none_of_its_berths(relay, become):
    """Else two who wait would each keep the other from the only berth, for ever."""
    berths.set_limits(relay, 5, {"gmail": 1})
    for name in ("1:1:1", "2:1:1", "3:1:1"):
        become(name)
        assert berths.take(relay, OTHER, 1).rest(1) == (1, berths.REST)
    become("1:1:1")
    first = berths.take(relay, GMAIL, 1, resting=1)
    for name in ("2:1:1", "3:1:1"):
        become(name)
        assert berths.take(relay, GMAIL, 1, resting=1) is None
    become("1:1:1")
    first.rest(1)
    become("2:1:1")
    assert berths.take(relay, GMAIL, 1, resting=1).allowed == 1
    become("3:1:1")
    assert berths.take(relay, GMAIL, 1, resting=1) is None


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_real_processes_never_have_more_connections_than_the_relay_and_the_provider_allow(
    newsletter, make_edition, crowd, workers, settings_of_delivery
):
    settings_of_delivery(chunk=10)
    crowd(200, 100)
    sink = Sink(most=5, kind_of=lambda reader: reader[:5], seconds=0.02)
    relay = relays.save("main", URL.format(sink.port, 4))
    berths.set_limits(relay, 5, {"gmail": 2})
    send = ledger.enlist(make_edition().pk)
    for one in workers(send, 4):
        assert one.wait(PATIENT) == 0
    assert (sink.refused, sink.highest) == (0, 5)
    assert sink.peaks["gmail"] <= 2
    assert sink.peaks["other"] >= 3, "others flow beside them"
    assert progress.of_send(send.pk).sent == 300
    assert set(sink.taken.values()) == {1}
    assert len(sink.taken) == 300
    sink.close()


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_a_killed_workers_berths_come_back_and_the_rest_of_the_mail_leaves_over_them(
    newsletter, make_edition, crowd, workers, settings_of_delivery
):
    settings_of_delivery(chunk=100, lease_seconds=5, resend_wait_seconds=1)
    crowd(100, 0)
    sink = Sink(most=2, seconds=0.5)
    relay = relays.save("main", URL.format(sink.port, 2))
    berths.set_limits(relay, 2, {})
    send = ledger.enlist(make_edition().pk)
    (worker,) = workers(send, 1)
    wait_for(lambda: sum(sink.taken.values()) >= 2)
    assert [use.held for use in berths.in_use(relay)] == [2]
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    assert berths.take(relay, OTHER, 2) is None, "nobody knows yet that they are free"
    began = time.monotonic()
    wait_for(lambda: berths.take(relay, OTHER, 2) is not None)
    assert time.monotonic() - began < 30
    assert sink.refused == 0
    sink.close()


def test_what_finds_no_berth_waits_a_second_and_others_are_sent_meanwhile(relay, become, edition, crowd, monkeypatch):
    crowd(2, 3)
    send = ledger.enlist(edition.pk)
    berths.set_limits(relay, None, {"gmail": 1})
    become("a:1:1")
    assert berths.take(relay, GMAIL, 1)
    become("b:1:1")
    rung = []
    monkeypatch.setattr(sending.queue, "enqueue", lambda *doorbell: rung.append(doorbell))
    gmail = Chunk.objects.get(provider_class=GMAIL)
    sending.send_chunk(send.pk, gmail.number)
    gmail.refresh_from_db()
    assert (gmail.state, gmail.settled, gmail.ahead) == ("pending", 0, 0)
    assert gmail.not_before > statements.now() - sending.AGAIN
    assert progress.of_send(send.pk).sent == 2, "the other chunk left with the same doorbell"
    assert rung == [("email.send_chunk", send.pk, gmail.number)]
    Berth.objects.all().delete()
    berths._full.clear()
    Chunk.objects.update(not_before=None)
    sending.send_chunk(send.pk, gmail.number)
    assert progress.of_send(send.pk).sent == 5


def test_a_relay_without_a_berth_leaves_the_mail_to_another(relay, become, edition, crowd):
    crowd(2, 0)
    relays.weigh(relays.save("other", "fake://"), 0)
    berths.set_limits(relay, 1, {})
    become("a:1:1")
    berths.take(relay, OTHER, 1)
    become("b:1:1")
    send = ledger.enlist(edition.pk)
    sending.send_chunk(send.pk, 1)
    assert progress.of_send(send.pk).sent == 2
    assert Chunk.objects.get().relay == Relay.objects.get(name="other")


def test_a_letter_without_a_berth_is_not_claimed(relay, become, monkeypatch):
    monkeypatch.setattr(berths, "PATIENCE", 0.0)
    berths.set_limits(relay, 1, {})
    become("a:1:1")
    berths.take(relay, OTHER, 1)
    become("b:1:1")
    monkeypatch.setattr(letters, "_claim", lambda _: pytest.fail("it was claimed"))
    letters.send(1)
