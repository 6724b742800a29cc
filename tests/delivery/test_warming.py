"""A new relay's first days: a ceiling of letters a day that restarts, crashes and many workers do not raise."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from dispatch.delivery import ledger, progress, relays, sending, statements, warming
from dispatch.delivery.models import Chunk, Relay, RelayDay
from dispatch.delivery.warming import Impossible

pytestmark = pytest.mark.django_db


@pytest.fixture
def main():
    return relays.save("main", "fake://")


def test_each_day_has_its_ceiling_and_after_the_last_there_is_none(main):
    day = timedelta(days=1)
    found = []
    for ago in range(-1, 4):
        warming.plan(main, [500, 1000, 2000], warming.today() - ago * day)
        found.append(warming.ceiling(main))
    assert found == [None, 500, 1000, 2000, None]


@pytest.mark.parametrize("text", ["many", "500, -1", "0", "1.5", "9" * 12, " ".join(["5"] * 91)])
def test_what_is_no_plan_is_said(main, text):
    with pytest.raises(Impossible):
        warming.plan(main, warming.read(text))


def test_a_plan_is_read_as_people_write_it():
    assert warming.read("500, 1000 2000;4000") == [500, 1000, 2000, 4000]
    assert warming.read("usual") == list(warming.USUAL)
    assert warming.read(" ") == []


def test_letters_stop_at_the_ceiling_and_the_rest_waits_for_tomorrow(fake, edition, subscribe):
    for number in range(5):
        subscribe(f"reader{number}")
    relay = Relay.objects.get()
    warming.plan(relay, [3])
    send = ledger.enlist(edition.pk)
    sending.send_chunk(send.pk, 1)
    assert len(fake.taken) == 3
    assert progress.of_send(send.pk).untouched == 2
    assert Chunk.objects.get().not_before == warming.tomorrow()
    assert relays.choose() is None
    assert relays.choose(for_one=True) == relay  # a letter that somebody waits for leaves all the same


def test_the_rest_goes_through_another_relay_at_once(fake, edition, subscribe):
    for number in range(5):
        subscribe(f"reader{number}")
    warming.plan(Relay.objects.get(), [3])
    relays.weigh(relays.save("spare", "fake://"), 0)
    send = ledger.enlist(edition.pk)
    sending.send_chunk(send.pk, 1)
    assert Chunk.objects.get().not_before is None
    sending.send_chunk(send.pk, 1)
    assert progress.of_send(send.pk).sent == 5


def test_only_letters_that_were_answered_for_are_counted(fake, edition, subscribe):
    for number in range(5):
        subscribe(f"reader{number}")
    relay = Relay.objects.get()
    warming.plan(relay, [1000])
    sending.send_chunk(ledger.enlist(edition.pk).pk, 1)
    assert warming.left(relay) == 995


def test_a_worker_that_dies_lowers_the_day_and_never_raises_it(main):
    warming.plan(main, [150])
    dead = warming.Allowance(main, 1000)
    assert dead.allows()
    other = warming.Allowance(Relay.objects.get(), 1000)
    assert sum(other.allows() for _ in range(200)) == 50
    assert other.is_spent


def test_it_ends_at_once_where_an_operator_says_so(main):
    warming.plan(main, [1])
    warming.draw(main, 1)
    assert relays.choose() is None
    warming.plan(main, [])
    assert relays.choose() == main


@pytest.mark.django_db(transaction=True)
def test_many_workers_together_keep_to_it():
    relay = relays.save("main", "fake://")
    warming.plan(relay, [1000])
    drawn = []

    def work():
        try:
            drawn.extend(warming.draw(Relay.objects.get(pk=relay.pk), 30) for _ in range(20))
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    assert sum(drawn) == 1000
    assert RelayDay.objects.get().letters == 1000
    assert statements.now() < warming.tomorrow()
