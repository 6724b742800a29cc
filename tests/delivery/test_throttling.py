"""Throttles: no more leaves a second than a relay, or a provider, is to get; workers wait little and hold nothing up."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.db.models import F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatch import cli
from dispatch.audience.models import Subscriber
from dispatch.delivery import ledger, progress, relays, sending, statements, throttling
from dispatch.delivery.models import Chunk, Relay, RelayPace
from dispatch.operations import health
from dispatch.outcomes import Sent

GMAIL = 1


@pytest.fixture
def readers(subscribe):
    return [subscribe(f"reader{number}") for number in range(6)]


def pace(per_second=None, **by_provider):
    throttling.set_pace(Relay.objects.get(), per_second, by_provider)


def rates(relay, **by_class):
    """Of some classes, by name; "all" is the relay's own."""
    numbers = {"all": throttling.ALL, "gmail": GMAIL}
    return throttling.Rates(relay.pk, {numbers[name]: rate for name, rate in by_class.items()})


@pytest.fixture
def relay(db):
    return relays.save("fake", "fake://")


def test_whatever_the_draws_no_more_leaves_than_the_pace_and_one_seconds_worth(relay):
    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        rate=st.floats(0.2, 500),
        draws=st.lists(st.tuples(st.floats(0, 3), st.integers(1, 50)), min_size=1, max_size=15),
    )
    def holds(rate, draws):
        RelayPace.objects.all().delete()
        wanted, drawn, began, pretended = rates(relay, all=rate, gmail=rate * 2), 0, time.monotonic(), 0.0
        for pause, most in draws:
            pretended += pause
            RelayPace.objects.update(at=F("at") - timedelta(seconds=pause))
            got = throttling.draw(wanted, most)
            assert 0 <= got.permits <= most
            assert got.permits or got.wait > 0
            drawn += got.permits
            assert drawn <= rate * (pretended + time.monotonic() - began) + max(1.0, rate) + 0.001

    holds()


@pytest.mark.django_db(transaction=True)
def test_all_who_draw_share_the_buckets_also_at_once(relay):
    wanted, drawn, began = rates(relay, all=40.0, gmail=1000.0), [], time.monotonic()

    def draw_a_while():
        while time.monotonic() < began + 2:
            drawn.append(throttling.draw(wanted, 5).permits)
            time.sleep(0.01)
        connection.close()

    threads = [threading.Thread(target=draw_a_while) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 40 <= sum(drawn) <= 40 * (time.monotonic() - began) + 40


def test_of_two_buckets_the_emptier_one_decides(relay):
    assert throttling.draw(rates(relay, all=1.0), 1).permits == 1
    none = throttling.draw(rates(relay, all=1.0, gmail=1000.0), 5)
    assert none.permits == 0
    assert 0 < none.wait <= 1
    assert throttling.draw(rates(relay, gmail=1000.0), 5).permits >= 1


def test_without_a_database_nothing_may_leave(relay, monkeypatch):
    def away(*_, **__):
        raise DatabaseError

    monkeypatch.setattr(throttling.statements, "row_or_none", away)
    assert throttling.draw(rates(relay, all=10.0), 1) == throttling.Drawn(0, throttling.LONGEST)


@pytest.mark.django_db
def test_with_rabbitmq_the_pace_holds_all_the_same(monkeypatch, relay):
    monkeypatch.setenv("DISPATCH_BROKER_URL", "amqp://broker.example.org")
    assert throttling.draw(rates(relay, all=10.0), 1).permits == 1
    assert not any(check.part == "Pace" for check in health.relays())


@pytest.mark.django_db
def test_a_relay_gets_no_more_than_its_pace_and_the_chunk_goes_on_within_the_second(fake, edition, readers):
    pace(per_second=20)
    send = ledger.enlist(edition.pk)
    began = time.monotonic()
    sending.send_chunk(send.pk, 1)
    assert progress.of_send(send.pk).sent == 6
    assert time.monotonic() - began > 5 / 20 - 0.02


@pytest.mark.django_db
def test_who_would_wait_longer_gives_the_chunk_back_until_then(fake, edition, readers):
    pace(per_second=0.2)
    send = ledger.enlist(edition.pk)
    began = time.monotonic()
    sending.send_chunk(send.pk, 1)
    assert time.monotonic() - began < 1.5
    chunk = Chunk.objects.get()
    assert (progress.of_send(send.pk).sent, chunk.state, chunk.settled, chunk.ahead) == (1, "pending", 1, 1)
    assert timedelta(seconds=3) < chunk.not_before - statements.now() <= timedelta(seconds=5)
    assert ledger.due_chunks() == []
    Chunk.objects.update(not_before=statements.now())
    assert ledger.due_chunks() == [(send.pk, 1)]


@pytest.mark.django_db
def test_a_provider_that_is_to_get_little_does_not_hold_up_the_others(fake, edition, readers):
    Subscriber.objects.filter(pk__in=[reader.pk for reader in readers[:3]]).update(provider_class=GMAIL)
    pace(gmail=0.2)
    send = ledger.enlist(edition.pk)
    for number in (1, 2):
        sending.send_chunk(send.pk, number)
    assert progress.of_send(send.pk).sent == 3 + 1


@pytest.mark.django_db
def test_nobody_waits_into_the_end_of_a_lease(fake, edition, readers, settings_of_delivery):
    settings_of_delivery(lease_seconds=1)
    pace(per_second=1.2)
    send = ledger.enlist(edition.pk)
    sending.send_chunk(send.pk, 1)
    assert progress.of_send(send.pk).sent == 1
    assert Chunk.objects.get().state == "pending"


@pytest.mark.django_db
def test_permits_that_are_lost_cost_pace_and_nobody(fake, edition, readers):
    pace(per_second=50)
    fake.answer = lambda _: RelayPace.objects.all().delete() and Sent()
    send = ledger.enlist(edition.pk)
    sending.send_chunk(send.pk, 1)
    assert progress.of_send(send.pk).sent == 6


@pytest.mark.django_db
def test_while_it_waits_no_transaction_is_open(fake, edition, readers, monkeypatch):
    from django.db import connection

    depth, open_now = len(connection.savepoint_ids), []
    monkeypatch.setattr(throttling.time, "sleep", lambda _: open_now.append(len(connection.savepoint_ids) - depth))
    pace(per_second=50)
    sending.send_chunk(ledger.enlist(edition.pk).pk, 1)
    assert open_now
    assert not any(open_now)


@pytest.mark.django_db
def test_relay_pace_sets_shows_and_takes_away(fake, capsys):
    assert cli.main(["relay", "pace", "fake", "--per-second", "200", "--to", "gmail=20", "--to", "yahoo=0.5"]) == 0
    assert capsys.readouterr().out == "fake: 200 a second at most; to gmail 20, to yahoo 0.5.\n"
    assert cli.main(["relay", "pace", "fake", "--per-second", "0", "--to", "yahoo=0"]) == 0
    assert capsys.readouterr().out == "fake: to gmail 20 a second at most.\n"
    assert Relay.objects.get().by_provider == {"gmail": 20.0}
    said = next(check for check in health.relays() if check.part == "Relay fake")
    assert said.words == "Nowhere (tests), takes mail; to gmail 20 a second at most."


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--to", "hotmail=3"], "there is no provider hotmail; known are other, gmail, microsoft"),
        (["--to", "gmail=fast"], "gmail=fast does not say how many"),
        (["--per-second", "-1"], "a pace is 0 (no limit) or more letters a second"),
    ],
)
def test_relay_pace_says_what_is_wrong(fake, capsys, words, why):
    assert cli.main(["relay", "pace", "fake", *words]) == 1
    assert why in capsys.readouterr().err
