"""Throttles: no more leaves a second than a relay, or a provider, is to get; workers wait little and hold nothing up."""

import time
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch import cli, queue
from dispatch.audience.models import Subscriber
from dispatch.delivery import ledger, progress, sending, statements, throttling
from dispatch.delivery.models import Chunk, Relay
from dispatch.operations import health
from dispatch.outcomes import Sent

GMAIL = 1


@pytest.fixture(autouse=True)
def empty():
    """Nobody has drawn anything yet."""
    throttling._own.levels.clear()
    throttling._shared.not_before = 0.0
    throttling.hang_up()
    lose_the_buckets()


def lose_the_buckets():
    broker = queue.redis(0.5)
    broker.flushall()
    broker.connection_pool.disconnect()


@pytest.fixture
def readers(subscribe):
    return [subscribe(f"reader{number}") for number in range(6)]


def pace(per_second=None, **by_provider):
    throttling.set_pace(Relay.objects.get(), per_second, by_provider)


@given(
    rate=st.floats(0.2, 500), draws=st.lists(st.tuples(st.floats(0, 3), st.integers(1, 50)), min_size=1, max_size=30)
)
def test_whatever_the_draws_no_more_leaves_than_the_pace_and_one_seconds_worth(rate, draws):
    moments = [0.0]
    bucket = throttling.Own(clock=lambda: moments[-1])
    drawn = 0
    for pause, most in draws:
        moments.append(moments[-1] + pause)
        got = bucket.draw({"all": rate, "gmail": rate * 2}, most)
        assert 0 <= got.permits <= most
        assert got.permits or got.wait > 0
        drawn += got.permits
        assert drawn <= rate * moments[-1] + max(1.0, rate) + 0.001
    assert bucket.draw({"all": rate, "gmail": rate * 2}, 1).permits or bucket.draw({"all": rate}, 1).wait <= 1 / rate


def test_all_who_ask_the_broker_share_its_buckets():
    wanted = {"dispatch:pace:test": 20.0}
    began = time.monotonic()
    assert throttling.draw(wanted, 5).permits == 1
    none = throttling.draw(wanted, 5)
    assert none.permits == 0
    assert 0.02 < none.wait <= 0.051
    time.sleep(0.2)
    got = throttling.draw(wanted, 50).permits
    assert 3 <= got <= 20 * (time.monotonic() - began) + 1


def test_of_two_buckets_the_emptier_one_decides():
    throttling.draw({"dispatch:pace:a": 1.0}, 1)
    assert throttling.draw({"dispatch:pace:b": 1000.0, "dispatch:pace:a": 1.0}, 5).permits == 0
    assert throttling.draw({"dispatch:pace:b": 1000.0}, 1).permits == 1


def test_without_a_broker_each_process_keeps_to_a_tenth(monkeypatch):
    monkeypatch.setattr(queue, "redis", lambda seconds: 1 / 0)
    throttling.draw({"dispatch:pace:test": 10.0}, 1)
    assert throttling.draw({"dispatch:pace:test": 10.0}, 1).wait == pytest.approx(1.0, abs=0.1)


@pytest.mark.django_db
def test_with_rabbitmq_too_and_health_says_so(monkeypatch, fake):
    monkeypatch.setenv("DISPATCH_BROKER_URL", "amqp://broker.example.org")
    pace(per_second=10)
    throttling.draw({"dispatch:pace:test": 10.0}, 1)
    assert throttling.draw({"dispatch:pace:test": 10.0}, 1).wait == pytest.approx(1.0, abs=0.1)
    said = next(check for check in health.relays() if check.part == "Pace")
    assert said.words == "RabbitMQ cannot count letters. Each process allows itself a tenth of it."


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
    fake.answer = lambda _: lose_the_buckets() or Sent()
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
        (["--to", "gmail=fast"], "gmail=fast does not say how many letters a second"),
        (["--per-second", "-1"], "a pace is 0 (no limit) or more letters a second"),
    ],
)
def test_relay_pace_says_what_is_wrong(fake, capsys, words, why):
    assert cli.main(["relay", "pace", "fake", *words]) == 1
    assert why in capsys.readouterr().err
