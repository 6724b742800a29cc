"""Posts at a moment, in a channel's next slot, and not in its quiet hours."""

import itertools
import zoneinfo
from datetime import UTC, datetime, time, timedelta

import newsroom
import pytest
import time_machine
from clocks import CHANGES, ZONES
from django.db import connection
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.accounts.models import AuditEntry
from dispatch.social import planning, publishing, timing
from dispatch.social.models import Channel, Post, Slot
from dispatch.social.timing import Placed

WEDNESDAY = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


class Timed:
    """As much of a channel as timing needs."""

    def __init__(self, zone, *slots):
        self.zone, self.slots = zone, self
        self.all = lambda: [Slot(weekday=weekday, at=at) for weekday, at in slots]
        self.quiet_from = self.quiet_to = None


@pytest.mark.parametrize("zone", ZONES)
@settings(max_examples=10, deadline=None)
@given(at=st.times().map(lambda at: at.replace(second=0, microsecond=0)), weekday=st.integers(0, 6))
def test_each_slot_comes_once_a_week_around_every_change_of_the_clocks(zone, at, weekday):
    channel, place = Timed(zone, (weekday, at)), zoneinfo.ZoneInfo(zone)
    for day in CHANGES[zone]:
        found = list(timing.moments(channel, day - timedelta(days=14), day + timedelta(days=14)))
        local = [moment.astimezone(place) for moment in found]
        assert {one.weekday() for one in local} <= {weekday, (weekday + 1) % 7}  # put off over midnight at most
        days = [one.date() - timedelta(days=(one.weekday() - weekday) % 7) for one in local]
        assert {b - a for a, b in itertools.pairwise(days)} == {timedelta(days=7)}
        assert len(found) >= 3
        jumps = [one for one in local if one.time() != at]
        assert all(timedelta(0) < _ahead(one, at) <= timedelta(hours=2) for one in jumps)


def _ahead(moment, at):
    wanted = datetime.combine(moment.date(), at)
    return (moment.replace(tzinfo=None) - wanted) % timedelta(days=1)


@given(st.times(), st.times(), st.sampled_from(ZONES), st.integers(0, 6 * 365 * 24 * 60))
@settings(max_examples=100, deadline=None)
def test_after_quiet_hours_it_is_not_quiet_and_nothing_moves_that_need_not(begin, end, zone, minutes):
    channel, moment = Timed(zone), datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    channel.quiet_from, channel.quiet_to = begin.replace(microsecond=0), end.replace(microsecond=0)
    later = timing.end_of_quiet(channel, moment)
    assert moment <= later <= moment + timedelta(hours=26)
    if later == moment:
        return
    clock = later.astimezone(timing.zone(channel)).time()
    assert clock >= channel.quiet_to or clock < channel.quiet_from


@pytest.fixture
def post(db):
    """A draft on a channel with slots on Wednesday and Friday at noon and at six, Vilnius time."""
    channel = newsroom.channel("fake", "fake", zone="Europe/Vilnius")
    for weekday, hour in itertools.product((2, 4), (12, 18)):
        Slot.objects.create(channel=channel, weekday=weekday, at=time(hour))
    return newsroom.post(on=channel, about=newsroom.story("en"), state="draft", due_at=WEDNESDAY)


def due(post):
    post.refresh_from_db()
    return post.state, post.due_at


def test_a_post_goes_out_at_its_new_moment_and_never_at_its_old_one(post, fake):
    with time_machine.travel(WEDNESDAY, tick=False):
        assert timing.at(post.pk, WEDNESDAY + timedelta(hours=1), None) is Placed.DONE
        assert timing.at(post.pk, WEDNESDAY + timedelta(hours=3), None) is Placed.DONE
    assert due(post) == ("scheduled", WEDNESDAY + timedelta(hours=3))
    Post.objects.update(due_at=timezone.now() + timedelta(hours=1))
    publishing.publish(post.pk)
    assert fake.out == {}
    assert AuditEntry.objects.filter(act="post.schedule").count() == 2


def test_now_means_now(post, fake):
    assert timing.at(post.pk, timezone.now(), None) is Placed.DONE
    publishing.publish(post.pk)
    assert due(post)[0] == "sent"
    assert len(fake.out) == 1


@pytest.mark.parametrize(("after", "placed"), [(timedelta(hours=-1), Placed.PAST), (timedelta(days=400), Placed.FAR)])
def test_a_moment_that_cannot_be_is_told(post, after, placed):
    assert timing.at(post.pk, timezone.now() + after, None) is placed
    assert due(post) == ("draft", WEDNESDAY)


@pytest.mark.parametrize("state", ["sent", "claimed", "unknown", "dropped", "withdrawn"])
def test_what_is_out_or_over_keeps_its_moment(post, state):
    Post.objects.update(state=state)
    assert timing.at(post.pk, timezone.now() + timedelta(hours=1), None) is Placed.TOO_LATE
    assert due(post) == (state, WEDNESDAY)


def test_the_next_slot_is_one_that_no_other_post_has(post):
    other = newsroom.post(on=post.channel, about=newsroom.story("en"), state="draft", due_at=WEDNESDAY)
    with time_machine.travel(WEDNESDAY, tick=False):
        assert timing.in_next_slot(other.pk, None) == (Placed.DONE, datetime(2026, 11, 25, 16, tzinfo=UTC))
        assert timing.in_next_slot(post.pk, None) == (Placed.DONE, datetime(2026, 11, 27, 10, tzinfo=UTC))
        assert timing.in_next_slot(post.pk, None) == (Placed.DONE, datetime(2026, 11, 27, 10, tzinfo=UTC))


def test_a_channel_without_slots_has_none_free(post):
    Slot.objects.all().delete()
    assert timing.in_next_slot(post.pk, None) == (Placed.FULL, None)
    assert due(post) == ("draft", WEDNESDAY)


def test_the_parts_of_a_thread_move_with_the_first(post):
    said = {"channel": post.channel, "story": post.story, "article": post.article, "language": "en"}
    part = Post.objects.create(follows=post, place=1, text="more", due_at=WEDNESDAY, state="draft", **said)
    moment = timezone.now() + timedelta(hours=1)
    timing.at(post.pk, moment, None)
    assert due(part) == ("scheduled", moment)


def test_what_comes_in_quiet_hours_waits_for_their_end(db):
    newsroom.channel("fake", "fake", zone="Europe/Vilnius", quiet_from=time(22), quiet_to=time(7))
    with time_machine.travel(datetime(2026, 11, 25, 21, 30, tzinfo=UTC), tick=False):
        planning.plan(newsroom.story("en").articles.get())
    assert Post.objects.get().due_at == datetime(2026, 11, 26, 5, 0, tzinfo=UTC)


@pytest.mark.django_db(transaction=True)
def test_two_people_at_once_get_a_slot_each(post):
    import threading

    others = [newsroom.post(on=post.channel, about=newsroom.story("en"), state="draft") for _ in range(3)]
    found = []

    def take(one):
        found.append(timing.in_next_slot(one.pk, None)[1])
        connection.close()

    threads = [threading.Thread(target=take, args=[one]) for one in (post, *others)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 4
    assert Channel.objects.count() == 1
