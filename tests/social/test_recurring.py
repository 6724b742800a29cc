"""A post that comes round again: by the wall clock whatever the clocks do, one turn at a time, and never in a burst."""

import itertools
import zoneinfo
from datetime import UTC, date, datetime, time, timedelta

import newsroom
import pytest
import time_machine
from clocks import CHANGES, ZONES
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.accounts import stopping
from dispatch.accounts.models import Stop
from dispatch.outcomes import Unknown
from dispatch.social import abreast, acts, lateness, planning, publishing, recurring
from dispatch.social.models import Post, Recurrence
from dispatch.social.recurring import Wish

MINUTES = st.times().map(lambda at: at.replace(second=0, microsecond=0))
MONDAY = datetime(2026, 11, 30, 7, 30, tzinfo=UTC)  # 9:30 in Vilnius
WEEK = timedelta(weeks=1)


@pytest.mark.parametrize("zone", ZONES)
@settings(max_examples=8, deadline=None)
@given(at=MINUTES, every=st.integers(1, 3), weekday=st.integers(0, 6))
def test_a_weekly_turn_comes_once_a_cycle_around_every_change_of_the_clocks(zone, at, every, weekday):
    place = zoneinfo.ZoneInfo(zone)
    for day in CHANGES[zone]:
        first = (day - timedelta(weeks=6)).date()
        first += timedelta(days=(weekday - first.weekday()) % 7)
        wish = Wish(every=every, unit="week", first=first, at=at)
        found = _until(wish, zone, day - timedelta(days=28), day + timedelta(days=42))
        local = [moment.astimezone(place) for moment in found]
        days = [one.date() - timedelta(days=(one.weekday() - weekday) % 7) for one in local]
        assert {b - a for a, b in itertools.pairwise(days)} == {timedelta(weeks=every)}
        assert all((one - first).days % (7 * every) == 0 for one in days)
        assert all(timedelta(0) <= _put_off(one, at) <= timedelta(hours=2) for one in local)


@pytest.mark.parametrize("zone", ZONES)
@settings(max_examples=8, deadline=None)
@given(at=MINUTES, every=st.integers(1, 4), day=st.integers(1, 31))
def test_a_monthly_turn_comes_once_a_cycle_whatever_the_month_lacks(zone, at, every, day):
    wish = Wish(every=every, unit="month", first=date(2024, 1, day), at=at)
    begin = datetime(2023, 12, 1, tzinfo=UTC)
    found = _until(wish, zone, begin, begin + timedelta(days=6 * 366))
    place = zoneinfo.ZoneInfo(zone)
    local = [moment.astimezone(place) for moment in found]
    months = [
        12 * (one - timedelta(hours=2)).year + (one - timedelta(hours=2)).month for one in local if one.time() == at
    ]
    assert all((b - a) % every == 0 for a, b in itertools.pairwise(months) if b != a)
    assert len(found) in {-(-72 // every), -(-71 // every)}
    assert all(one.day == day or one.day >= 28 or _put_off(one, at) for one in local)


@given(minutes=st.integers(0, 10 * 365 * 24 * 60), every=st.integers(1, 52))
def test_the_next_moment_is_the_first_that_is_later_however_long_nobody_asked(minutes, every):
    after = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    wish = Wish(every=every, unit="week", first=date(2024, 1, 3), at=time(9, 30))
    from_the_start = recurring.moments(wish, "Europe/Vilnius", datetime(2023, 1, 1, tzinfo=UTC))
    wanted = next(moment for moment in from_the_start if moment > after)
    assert next(recurring.moments(wish, "Europe/Vilnius", after)) == wanted


def _until(wish, zone, after, end):
    return list(itertools.takewhile(lambda moment: moment <= end, recurring.moments(wish, zone, after)))


def _put_off(moment, at):
    return (moment.replace(tzinfo=None) - datetime.combine(moment.date(), at)) % timedelta(days=1)


@pytest.fixture
def post(db, fake):
    """Out since a Monday at half past nine in Vilnius."""
    channel = newsroom.channel("fake", "fake", zone="Europe/Vilnius")
    return newsroom.post(on=channel, about=newsroom.story("en"), due_at=MONDAY, sent_at=MONDAY, remote_id="1")


@pytest.fixture
def alice(db):
    return newsroom.person("editor")


def again(post, by, **said):
    wish = {"every": 1, "unit": "week", "first": date(2026, 11, 30), "at": time(9, 30)} | said
    return recurring.begin(post.pk, Wish(**wish), by, "it stays true")


def turns(post):
    found = Post.objects.filter(story=post.story_id, turn__gt=0).order_by("turn")
    return [(one.state, one.due_at) for one in found]


def publish_at(moment):
    """Everything the clock and a worker do at a moment. The database's clock is the real one: what is due then is due now."""
    with time_machine.travel(moment, tick=False):
        recurring.plan_turns()
    due = Post.objects.filter(state="scheduled", due_at__lte=moment)
    kept = list(due.values_list("pk", "due_at"))
    due.update(due_at=timezone.now())
    for number, due_at in kept:
        publishing.publish(number)
        Post.objects.filter(pk=number).update(due_at=due_at, sent_at=moment)
    with time_machine.travel(moment, tick=False):
        recurring.plan_turns()


def test_a_turn_is_planned_when_the_one_before_is_settled_and_never_two_at_once(post, alice, fake):
    with time_machine.travel(MONDAY, tick=False):
        assert again(post, alice) == []
        recurring.plan_turns()
    assert turns(post) == [("scheduled", MONDAY + WEEK)]
    fake.answer = lambda draft: Unknown(reason="no answer")
    publish_at(MONDAY + WEEK)
    publish_at(MONDAY + 3 * WEEK)
    assert [state for state, _ in turns(post)] == ["unknown"]
    turn = Post.objects.get(turn=1)
    acts.settle(turn.pk, alice, "I see it", went_out=True)
    publish_at(MONDAY + 3 * WEEK)
    assert turns(post)[1:] == [("scheduled", MONDAY + 4 * WEEK)], "what passed meanwhile is not made up for"


def test_it_ends_by_itself_after_so_many_times_or_at_its_last_day(post, alice):
    with time_machine.travel(MONDAY, tick=False):
        again(post, alice, most=2)
    for weeks in range(1, 6):
        publish_at(MONDAY + weeks * WEEK)
    assert [state for state, _ in turns(post)] == ["sent", "sent"]
    assert Recurrence.objects.get().state == "over"
    with time_machine.travel(MONDAY + 6 * WEEK, tick=False):
        again(post, alice, until=date(2027, 1, 18))
    for weeks in range(7, 12):
        publish_at(MONDAY + weeks * WEEK)
    assert len(turns(post)) == 3


def test_the_texts_take_turns_and_none_comes_twice_within_a_week(post, alice):
    with time_machine.travel(MONDAY + timedelta(days=1), tick=False):
        again(post, alice, first=date(2026, 12, 3), texts=("Have you seen the reading room?",))
    (first,) = Post.objects.filter(turn=1)
    assert first.text == f"Have you seen the reading room?\n\n{post.link}"
    assert first.due_at == datetime(2026, 12, 3, 7, 30, tzinfo=UTC)
    Recurrence.objects.all().delete()
    first.delete()
    with time_machine.travel(MONDAY + timedelta(days=1), tick=False):
        again(post, alice, first=date(2026, 12, 3))
        assert turns(post) == [("scheduled", datetime(2026, 12, 10, 7, 30, tzinfo=UTC))], (
            "three days later were too soon"
        )
        again(post, alice, first=date(2026, 12, 3), soon=True)
    assert ("scheduled", datetime(2026, 12, 3, 7, 30, tzinfo=UTC)) in turns(post), "unless that is asked for"


def test_a_turn_whose_moment_passes_under_a_stop_is_skipped(post, alice, fake):
    with time_machine.travel(MONDAY, tick=False):
        again(post, alice)
    pulled = stopping.stop(Stop.Scope.EVERYTHING, None, alice, "wait")
    Post.objects.filter(turn=1).update(due_at=timezone.now() - timedelta(minutes=11))
    lateness.put_by()
    stopping.lift(pulled.pk, alice, "go on")
    abreast.publish_due(0)
    assert fake.out == {}
    turn = Post.objects.get(turn=1)
    assert (turn.state, turn.trouble) == ("dropped", "skipped: its moment passed; it comes round again")
    recurring.plan_turns()
    assert [state for state, _ in turns(post)] == ["dropped", "scheduled"]


def test_nothing_comes_again_under_an_embargo_or_once_the_article_is_taken_back(post, alice):
    with time_machine.travel(MONDAY, tick=False):
        post.story.embargo_until = MONDAY + WEEK + timedelta(hours=1)
        post.story.save()
        again(post, alice)
    assert turns(post) == [("scheduled", MONDAY + 2 * WEEK)]
    post.article.state = "withdrawn"
    post.article.save()
    planning.withdraw(post.article)
    recurring.plan_turns()
    assert [state for state, _ in turns(post)] == ["withdrawn"]


def test_a_post_that_was_taken_back_does_not_come_again(post, alice):
    with time_machine.travel(MONDAY, tick=False):
        again(post, alice)
    Post.objects.filter(turn=0).update(state="gone")
    recurring.plan_turns()
    assert [state for state, _ in turns(post)] == ["dropped"]
    assert Recurrence.objects.get().state == "stopped"


def test_stopping_it_drops_the_turn_that_is_planned(post, alice):
    with time_machine.travel(MONDAY, tick=False):
        again(post, alice)
    rule = Recurrence.objects.get()
    assert recurring.stop(rule.pk, alice, "it is no news any more")
    assert not recurring.stop(rule.pk, alice, "twice")
    recurring.plan_turns()
    assert [state for state, _ in turns(post)] == ["dropped"]


def test_words_that_do_not_fit_are_told_and_nothing_is_changed(post, alice):
    (problem,) = again(post, alice, texts=("x" * 600,))
    assert "500" in problem
    assert not Recurrence.objects.exists()


def test_it_is_described_in_a_line(post, alice):
    with time_machine.travel(MONDAY, tick=False):
        again(post, alice, every=2, most=3, until=date(2027, 3, 1))
    told = "every 2 weeks on Monday at 09:30 (Europe/Vilnius), until 2027-03-01, 3 times at most"
    assert recurring.described(Recurrence.objects.get()) == told
