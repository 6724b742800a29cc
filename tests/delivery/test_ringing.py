"""Doorbells for chunks: as many wait at the broker as are of use, however large a send is."""

import newsroom
import pytest

from dispatch import queue
from dispatch.delivery import ringing, ticks
from dispatch.delivery.models import Chunk, Send

pytestmark = pytest.mark.django_db


@pytest.fixture
def rung(monkeypatch):
    heard = []
    monkeypatch.setattr(queue, "enqueue", lambda task, *ids: heard.append((task, *ids)))
    return heard


@pytest.fixture(autouse=True)
def few_are_enough(monkeypatch):
    monkeypatch.setattr(ringing, "ENOUGH", 5)
    monkeypatch.setattr(ringing, "UNKNOWN", 2)


@pytest.fixture
def weekly(settings, rung):
    settings.DELIVERY = settings.DELIVERY | {"chunk": 2}
    letter = newsroom.newsletter("weekly", languages=["en"])
    newsroom.readers(letter, en=20)
    newsroom.relay()
    return newsroom.send(letter, newsroom.story("en"))


def at_the_broker(monkeypatch, **waiting):
    monkeypatch.setattr(queue, "waiting", lambda seconds: waiting)


def test_a_send_begins_with_as_many_as_are_of_use(weekly, rung):
    assert [one for one in rung if one[0] == "email.send_chunk"] == [
        ("email.send_chunk", weekly.pk, number) for number in range(1, 6)
    ]


@pytest.mark.parametrize(("waiting", "more"), [(0, 5), (3, 2), (5, 0), (900, 0)])
def test_the_clock_rings_for_as_many_more(weekly, rung, monkeypatch, waiting, more):
    rung.clear()
    at_the_broker(monkeypatch, email=waiting)
    ticks.ring_chunks()
    assert len(rung) == more
    assert Chunk.objects.filter(send=weekly, rung_at__isnull=False).count() == more


def test_of_a_broker_that_does_not_say_so_many_a_second(weekly, rung, monkeypatch):
    rung.clear()
    at_the_broker(monkeypatch)
    ticks.ring_chunks()
    assert len(rung) == 2


def test_with_nothing_under_way_the_broker_is_not_asked(weekly, monkeypatch):
    Send.objects.update(state=Send.State.FINISHED)
    monkeypatch.delattr(queue, "waiting")
    ticks.ring_chunks()
