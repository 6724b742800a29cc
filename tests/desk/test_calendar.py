"""The calendar: everything once, at its moment, by the newsroom's clock and the readers', on days of 23 and 25 hours, too."""

import itertools
import re
import zoneinfo
from datetime import UTC, date, datetime, time, timedelta

import newsroom
import pytest
import time_machine
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as trying
from hypothesis import strategies as st

from dispatch.accounts import stopping
from dispatch.accounts.models import Stop
from dispatch.desk.calendar import asking, days, sheet
from dispatch.desk.calendar.asking import Asked, View
from dispatch.editions.models import Edition
from dispatch.social import timing
from dispatch.social.models import Post, Slot

pytestmark = pytest.mark.django_db
VILNIUS = zoneinfo.ZoneInfo("Europe/Vilnius")
MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
QUERIES = 19
"""Of a page, however much stands in it; among them the session, the person, their desks, the STOPs at the top."""
ODD = {
    "Europe/Vilnius": (date(2026, 3, 29), date(2026, 10, 25)),
    "Africa/Cairo": (date(2026, 4, 24), date(2026, 10, 29)),  # midnight is skipped; 23 comes twice
    "America/Havana": (date(2026, 3, 8), date(2026, 11, 1)),  # midnight is skipped; 00 comes twice
    "Australia/Lord_Howe": (date(2026, 10, 4), date(2026, 4, 5)),  # by half an hour
    "Antarctica/Troll": (date(2026, 3, 29), date(2026, 10, 25)),  # by two hours
}


@pytest.fixture
def monday():
    with time_machine.travel(MONDAY, tick=False):
        yield


@pytest.fixture
def masto(monday):
    return newsroom.channel("masto", "fake")


def week(day=date(2026, 11, 23), **more):
    return sheet.of(Asked(View.WEEK, day, **more), None)


def planned(on, hours, state="scheduled", **fields):
    """A post of a story of its own, so many hours from Monday at ten, Vilnius time."""
    return newsroom.post(on, newsroom.story("en"), state, due_at=MONDAY + timedelta(hours=hours), **fields)


def marks(found):
    return {one.key: sorted(mark.word for mark in one.marks) for one in found.entries if one.marks}


@pytest.mark.parametrize(("zone", "short", "long"), [(zone, *both) for zone, both in ODD.items()])
def test_a_day_on_which_the_clocks_change_has_the_hours_that_it_has(zone, short, long):
    place = zoneinfo.ZoneInfo(zone)
    assert days.hours_in(short, place) < 24 < days.hours_in(long, place)
    for day in (short, long):
        table = days.hours(day, place, days.rows([day - days.DAY, day], place))
        assert sum(hour.minutes for hour in table) == days.hours_in(day, place) * 60
        there = [hour for hour in table if hour.minutes]
        for hour, after in itertools.pairwise(there):
            assert hour.begins + timedelta(minutes=hour.minutes) == after.begins


def test_in_spring_three_does_not_come_and_in_autumn_it_comes_twice():
    spring = days.hours(date(2026, 3, 29), VILNIUS, days.rows([date(2026, 3, 29)], VILNIUS))
    assert [hour.label for hour in spring if not hour.minutes] == ["03"]
    rows = days.rows([date(2026, 10, 24), date(2026, 10, 25)], VILNIUS)
    assert [days.label(row) for row in rows][2:6] == ["02", "03", "03 again", "04"]
    assert sum(hour.minutes for hour in days.hours(date(2026, 10, 24), VILNIUS, rows)) == 24 * 60


@given(
    st.lists(st.integers(0, 10 * 24 * 60), max_size=12),
    st.sampled_from([(zone, day) for zone, both in ODD.items() for day in both]),
    st.sampled_from(View),
)
@trying(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_post_stands_once_in_the_day_and_hour_that_its_zone_says(minutes, where, view):
    zone, day = where
    Post.objects.all().delete()
    place = zoneinfo.ZoneInfo(zone)
    with timezone.override(place), time_machine.travel(datetime(2026, 1, 1, tzinfo=UTC), tick=False):
        on = newsroom.channel("masto", "fake")
        asked = Asked(view, day)
        begin, end = days.start(asked.days[0], place), days.start(asked.days[-1] + days.DAY, place)
        for minute in minutes:
            moment = begin - timedelta(days=1) + timedelta(minutes=minute)
            newsroom.post(on, newsroom.story("en"), "scheduled", due_at=moment)
        found = sheet.of(asked, None)
    there = Post.objects.filter(due_at__gte=begin, due_at__lt=end)
    assert sorted(one.number for one in found.entries) == sorted(there.values_list("pk", flat=True))
    for shown in found.days:
        assert {one.at.astimezone(place).date() for one in shown.entries} <= {shown.date}
        assert not shown.cells or [one for cell in shown.cells for one in cell.things] == shown.things
        for cell in shown.cells:
            ends = cell.hour.begins + timedelta(minutes=cell.hour.minutes)
            assert all(cell.hour.begins <= one.at < ends for one in cell.things)


def test_what_is_out_stands_where_it_went_out(masto):
    planned(masto, -2, "sent", sent_at=MONDAY - timedelta(hours=1))
    (one,) = week().entries
    assert one.at == MONDAY - timedelta(hours=1)
    assert one.fixed == "It is out."


def test_a_digest_that_has_no_row_yet_stands_where_it_will_leave_and_one_that_has_stands_once(monday):
    daily = newsroom.newsletter("daily", names={"en": "The day"}, cadence="daily", zone="Europe/Minsk")
    Edition.objects.create(newsletter=daily, slot="2026-11-24", due_at=datetime(2026, 11, 24, 5, tzinfo=UTC))
    newsroom.newsletter("office", names={"en": "At once"})
    newsroom.newsletter("paused", cadence="daily", active=False)
    found = week().entries
    assert [one.at.astimezone(VILNIUS).strftime("%d %H:%M") for one in found] == [
        f"{day} 07:00" for day in range(24, 30)
    ]
    assert [bool(one.number) for one in found] == [True, *[False] * 5]
    assert [bool(one.fixed) for one in found] == [False, *[True] * 5]
    assert all("can be moved once it has a story" in one.fixed for one in found[1:])


def test_free_slots_are_those_that_no_post_has(masto):
    for hour in (9, 12):
        Slot.objects.create(channel=masto, weekday=1, at=time(hour))
    planned(masto, 23)
    assert [one.at for day in week().days for one in day.free] == [datetime(2026, 11, 24, 10, tzinfo=UTC)]
    assert [one for day in week(free=False).days for one in day.free] == []


def test_posts_too_close_twice_said_and_late_are_marked(masto):
    one, near = planned(masto, 2), planned(masto, 2.05)
    again = newsroom.post(masto, one.story, "scheduled", turn=1, due_at=MONDAY + timedelta(days=2))
    late = planned(masto, -1)
    planned(masto, -5, "sent", sent_at=MONDAY - timedelta(hours=5))
    assert marks(week()) == {
        f"post-{one.pk}": ["close", "twice"],
        f"post-{near.pk}": ["close"],
        f"post-{again.pk}": ["twice"],
        f"post-{late.pk}": ["late"],
    }


def test_a_post_just_before_the_week_is_close_to_one_just_in_it(masto):
    planned(masto, 24 * 7 - 10.05)
    inside = planned(masto, 24 * 7 - 9.99)
    assert marks(week(date(2026, 11, 30))) == {f"post-{inside.pk}": ["close"]}


def test_quiet_hours_embargoes_stops_and_trouble_are_marked(masto):
    masto.quiet_from, masto.quiet_to, masto.trouble = time(22), time(7), "its token ran out"
    masto.save()
    one = planned(masto, 13)
    one.story.embargo_until = MONDAY + timedelta(days=1)
    one.story.save()
    stopping.stop(Stop.Scope.CHANNEL, masto.pk, None, "a wrong text")
    found = week()
    assert marks(found) == {f"post-{one.pk}": ["STOP", "at risk", "embargo", "quiet"]}
    assert [len(day.held) for day in found.days] == [1, 1, 0, 0, 0, 0, 0]
    quiet = [cell.hour.label for cell in found.days[1].cells if cell.quiet == "all"]
    assert quiet == [f"{hour:02}" for hour in (*range(7), 22, 23)]
    assert [cell.hour.label for cell in found.days[0].cells if cell.says_quiet] == ["00", "22"]
    assert not [cell for cell in found.days[1].cells if cell.says_quiet]


def test_mailings_that_are_held_or_late_are_marked(monday):
    daily = newsroom.newsletter("daily", cadence="daily")
    late = Edition.objects.create(newsletter=daily, slot="2026-11-23", due_at=MONDAY - timedelta(hours=2))
    stopping.stop(Stop.Scope.NEWSLETTER, daily.pk, None, "a wrong list")
    newsroom.newsletter("week", cadence="weekly", weekday=2)
    found = marks(week())
    assert found.pop(f"edition-{late.pk}") == ["STOP", "late"]
    assert set(found) == {f"digest-daily-2026-11-{day}" for day in range(24, 30)}
    stopping.stop(Stop.Scope.EVERYTHING, None, None, "a wrong list")
    assert marks(week())["digest-week-2026-11-25"] == ["STOP"]


def test_a_channel_with_slots_and_nothing_to_post_is_silent(masto):
    assert week().silences == []
    Slot.objects.create(channel=masto, weekday=1, at=time(9))
    planned(masto, 24)
    (one,) = week().silences
    assert (one.first, one.last, one.days) == (date(2026, 11, 25), date(2026, 11, 29), 5)


def test_the_readers_clock_stands_beside_the_newsrooms_and_says_where_it_differs():
    minsk = zoneinfo.ZoneInfo("Europe/Minsk")
    found = sheet.of(Asked(View.WEEK, date(2026, 10, 25)), minsk)
    assert found.rows[:5] == [("00", "00"), ("01", "01"), ("02", "02"), ("03", "03"), ("03 again", "04")]
    sunday = found.days[-1]
    assert [(cell.hour.label, cell.beside) for cell in sunday.cells if cell.beside][:1] == [("04", "05")]


@given(
    st.sampled_from(View), st.dates(date(2001, 1, 1), date(2099, 1, 1)), st.booleans(), st.sampled_from(["", "masto"])
)
def test_an_address_says_what_was_asked_for(view, day, free, channel):
    from django.http import QueryDict

    asked = Asked(view, day, channel=channel, state="out", free=free)
    assert asking.read(QueryDict(asked.address()[1:])) == asked
    assert day in asked.days
    later = asking.read(QueryDict(asked.later[1:]))
    assert later.days[0] > asked.days[0]
    assert later.days[0] <= asked.days[-1] + days.DAY


@given(st.integers(0, 400 * 24), st.sampled_from(list(ODD)))
@trying(max_examples=60, deadline=None)
def test_free_slots_come_in_their_order_and_once(hours, zone):
    class Timed:
        def __init__(self):
            self.zone, self.slots = zone, self

        def all(self):
            return [Slot(weekday=day, at=time(hour, 30)) for day, hour in ((6, 1), (6, 2), (6, 3), (3, 0), (4, 0))]

    after = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours)
    found = list(timing.moments(Timed(), after, after + timedelta(days=21)))
    assert found == sorted(set(found))
    assert all(after < one <= after + timedelta(days=21) for one in found)


@pytest.fixture
def editor(client):
    return newsroom.signed_in(client, "editor")


@pytest.mark.parametrize("view", ["week", "month", "agenda"])
def test_a_month_of_three_thousand_posts_asks_the_database_as_often_as_one_of_ten(
    editor, view, django_assert_num_queries, masto
):
    daily, story = newsroom.newsletter("daily", cadence="daily"), newsroom.story("en")
    edition = Edition.objects.create(newsletter=daily, slot="2026-11-24", due_at=datetime(2026, 11, 24, 6, tzinfo=UTC))
    edition.stories.create(newsletter=daily, story=story)
    Slot.objects.create(channel=masto, weekday=1, at=time(9))
    article, made = story.articles.get(), itertools.count(1)

    def fill(count):
        said = {
            "channel": masto,
            "story": story,
            "article": article,
            "language": "en",
            "text": "x",
            "state": "scheduled",
        }
        moments = (MONDAY.replace(day=1) + timedelta(minutes=13 * n) for n in range(count))
        Post.objects.bulk_create(Post(**said, due_at=moment, turn=next(made)) for moment in moments)

    editor.get(f"/calendar/?view={view}")
    fill(10)
    with django_assert_num_queries(QUERIES):
        editor.get(f"/calendar/?view={view}")
    fill(3000)
    with django_assert_num_queries(QUERIES):
        page = editor.get(f"/calendar/?view={view}")
    assert page.status_code == 200


def test_an_address_that_makes_no_sense_shows_this_week(editor):
    page = editor.get("/calendar/?view=decade&day=2026-02-31&state=happy&channel=nobody").content.decode()
    assert "Nothing" in page
    assert re.search(r'aria-current="page">Week', page)


def test_the_navigation_leads_there(editor):
    assert '<a href="/calendar/" aria-current="page">Calendar</a>' in editor.get("/calendar/").content.decode()


def test_others_see_nothing_of_it(client):
    assert client.get("/calendar/").status_code == 302
