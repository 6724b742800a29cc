"""Doorbells for chunks: as many wait at the broker as are of use, however large a send is."""

import newsroom
import pytest

from dispatch import queue
from dispatch.delivery import ringing, ticks
from dispatch.delivery.models import Chunk, Send

pytestmark = pytest.mark.django_db


class Rung(list):
    def __init__(self):
        super().__init__()
        self.first = []


@pytest.fixture
def rung(monkeypatch):
    """What is heard later, in its order; `rung.first`: what is heard among letters."""
    heard = Rung()
    monkeypatch.setattr(queue, "enqueue", lambda task, *ids: heard.append((task, *ids)))
    monkeypatch.setattr(queue, "hurry", lambda task, *ids: heard.first.append((task, *ids)))
    return heard


@pytest.fixture(autouse=True)
def few_are_enough(monkeypatch):
    monkeypatch.setattr(ringing, "ENOUGH", 5)
    monkeypatch.setattr(ringing, "UNKNOWN", 2)
    monkeypatch.setattr(ringing, "FLOOD", 4)
    monkeypatch.setattr(ringing, "LETTERS", 6)


@pytest.fixture
def weekly(settings, rung):
    settings.DELIVERY = settings.DELIVERY | {"chunk": 2}
    letter = newsroom.newsletter("weekly", languages=["en"])
    newsroom.readers(letter, en=20)
    newsroom.relay()
    return newsroom.send(letter, newsroom.story("en"))


def at_the_broker(monkeypatch, row):
    monkeypatch.setattr(queue, "row", lambda name, seconds: row)


def test_a_send_begins_with_as_many_as_are_of_use(weekly, rung):
    assert [one for one in rung if one[0] == "email.send_chunk"] == [
        ("email.send_chunk", weekly.pk, number) for number in range(1, 6)
    ]


@pytest.mark.parametrize(("waiting", "more"), [(0, 5), (3, 2), (5, 0), (900, 0)])
def test_the_clock_rings_for_as_many_more(weekly, rung, monkeypatch, waiting, more):
    rung.clear()
    at_the_broker(monkeypatch, (3, waiting))
    ticks.ring_chunks()
    assert len(rung) == more
    assert Chunk.objects.filter(send=weekly, rung_at__isnull=False).count() == more


def test_of_a_broker_that_does_not_say_so_many_a_second(weekly, rung, monkeypatch):
    rung.clear()
    at_the_broker(monkeypatch, None)
    ticks.ring_chunks()
    assert (len(rung), rung.first) == (2, [])


@pytest.mark.parametrize(("letters", "among"), [(3, 0), (4, 1), (9, 1), (10, 0)])
def test_while_letters_pile_up_one_chunk_a_second_is_heard_among_them(weekly, rung, monkeypatch, letters, among):
    rung.clear()
    at_the_broker(monkeypatch, (letters, 5))
    ticks.ring_chunks()
    assert (len(rung.first), len(rung)) == (among, 0)


def test_of_breaking_news_some_are_heard_among_letters(weekly, rung, monkeypatch):
    Send.objects.update(is_urgent=True)
    monkeypatch.setattr(ringing, "URGENT", 2)
    at_the_broker(monkeypatch, (0, 0))
    rung.clear()
    ticks.ring_chunks()
    assert (len(rung.first), len(rung)) == (2, 3)
    rung.first.clear()
    ringing.first(Send.objects.get(), [1, 2, 3])
    assert rung.first == [("email.send_chunk", weekly.pk, 1), ("email.send_chunk", weekly.pk, 2)]


@pytest.mark.parametrize(("letters", "more"), [(0, 3), (4, 2), (6, 0), (60, 0)])
def test_of_letters_that_wait_as_many_are_rung_for_as_are_of_use(rung, monkeypatch, letters, more):
    monkeypatch.setattr(ticks.letters, "due", lambda: [7, 8, 9])
    at_the_broker(monkeypatch, (letters, 0))
    ticks.ring_letters()
    assert rung == [("email.send_letter", number) for number in (7, 8, 9)[:more]]


def test_with_nothing_under_way_the_broker_is_not_asked(weekly, monkeypatch):
    Send.objects.update(state=Send.State.FINISHED)
    monkeypatch.delattr(queue, "row")
    ticks.ring_chunks()
