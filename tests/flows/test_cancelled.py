"""Letters that were cancelled before they left: their stories come with each reader's next letter, and to nobody twice."""

from datetime import UTC, datetime

import pytest
import readership
import time_machine
from django.utils import timezone

from dispatch import queue
from dispatch.accounts.models import User
from dispatch.audience.models import Rhythm
from dispatch.delivery import acts, approving, closing, ledger, missing
from dispatch.delivery.models import Send
from dispatch.editions import rendering, ticks
from dispatch.editions.models import Edition

pytestmark = pytest.mark.django_db
DAILY = {"frequency": "daily", "hour": 9}


@pytest.fixture(autouse=True)
def no_broker(monkeypatch):
    monkeypatch.setattr(queue, "enqueue", lambda task, *ids: None)


@pytest.fixture
def clock():
    with time_machine.travel(datetime(2026, 3, 23, 5, 0, tzinfo=UTC), tick=False) as clock:
        yield clock


@pytest.fixture
def newsroom(clock):
    """Alice and Charlie, in English and Belarusian, have a digest a day at nine; this morning's is about to leave."""
    room = readership.Newsroom("each")
    for name in ("alice", "charlie"):
        room.wish(name, DAILY)
    room.publish("en", "Rights")
    room.translate(0, "be")
    room.pass_hours(clock, 8)
    return room


def told(newsroom, name):
    return list(newsroom.told(newsroom.cast[name]).values())


def test_who_was_not_sent_a_cancelled_letter_is_told_its_story_the_next_morning(newsroom, clock):
    newsroom.stop(["untouched"])
    assert (told(newsroom, "alice"), told(newsroom, "charlie")) == ([], [])
    newsroom.pass_hours(clock, 1)
    assert told(newsroom, "alice") == []
    newsroom.publish("en", "Rights")
    newsroom.pass_hours(clock, 24)
    assert newsroom.letters("alice")[-1].telling == ["1/en", "2/en"]
    assert (told(newsroom, "alice"), told(newsroom, "charlie")) == ([1, 1], [1, 1])


@pytest.mark.parametrize("fate", ["sent", "in doubt"])
def test_who_has_it_or_may_have_it_is_not_told_again(newsroom, clock, fate):
    newsroom.stop([fate, "untouched"])
    newsroom.pass_hours(clock, 48)
    assert sorted(len(newsroom.letters(name)) for name in ("alice", "charlie")) == [1, 2]
    assert (told(newsroom, "alice"), told(newsroom, "charlie")) == ([1], [1])


def test_a_send_that_nobody_agreed_to_counts_as_not_told(newsroom, clock, settings):
    settings.DELIVERY = settings.DELIVERY | {"approve_from": 1}
    newsroom.publish("en", "Rights")
    Rhythm.objects.update(due_at=timezone.now())
    ticks.depart()
    edition = Edition.objects.get(state="due", slot__startswith="own:")
    rendering.render(edition.pk)
    send = approving.enlist(edition.pk)
    assert send.state == "draft"
    acts.cancel(send.pk, None, "not like this")
    assert closing.close(send) == "cancelled"
    newsroom.pass_hours(clock, 24)
    assert newsroom.letters("alice")[-1].telling == ["2/en"]


def test_a_reader_who_reads_along_by_now_is_told_and_reads_along_again(newsroom, clock):
    newsroom.wish("alice", {"frequency": "", "hour": None})
    newsroom.settle()
    hers = Rhythm.objects.filter(subscription__subscriber=newsroom.cast["alice"])
    assert not hers.exists()
    newsroom.stop(["untouched"])
    assert hers.get().held == [1]
    newsroom.publish("en", "Rights")
    newsroom.pass_hours(clock, 1)
    assert newsroom.letters("alice")[-1].telling == ["1/en", "2/en"]
    newsroom.publish("en", "Rights")
    newsroom.pass_hours(clock, 1)
    assert not hers.exists()
    assert told(newsroom, "alice") == [1, 1, 1]


def test_what_is_owed_is_given_back_once_and_not_sent_as_missing_too(newsroom, clock):
    newsroom.stop(["untouched"])
    send = Send.objects.get(edition__slot__startswith="own:")
    assert missing.sendable(send.pk) == 0
    assert missing.send_to(send.pk, User(email="editor@example.org"), "all of them") == 0
    newsroom.pass_hours(clock, 24)
    Send.objects.filter(pk=send.pk).update(state="cancelling")
    assert closing.close(send) == "cancelled"
    newsroom.pass_hours(clock, 24)
    assert told(newsroom, "alice") == [1]
    assert ledger.fate(send.pk, newsroom.cast["alice"].pk) == "owed"
