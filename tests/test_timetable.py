"""Digests leave once a day at their wall-clock time, whatever the clocks do."""

import itertools
import zoneinfo
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch import timetable

ZONES = [
    "Europe/Vilnius", "Europe/Minsk", "Europe/Kyiv", "Europe/Lisbon", "Europe/Dublin",
    "Europe/Moscow", "Europe/Istanbul", "America/New_York", "America/Sao_Paulo", "America/St_Johns",
    "America/Havana", "America/Nuuk", "America/Santiago", "Africa/Casablanca", "Africa/Cairo",
    "Asia/Tehran", "Asia/Beirut", "Asia/Gaza", "Australia/Lord_Howe", "Pacific/Apia",
    "Pacific/Chatham", "Antarctica/Troll",
]  # fmt: skip


def changes(zone):
    """The UTC days on which the zone's offset changes, 2005 to 2030."""
    place = zoneinfo.ZoneInfo(zone)
    days = [datetime(2005, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(365 * 25)]
    return [
        day
        for day in days
        if day.astimezone(place).utcoffset() != (day + timedelta(days=1)).astimezone(place).utcoffset()
    ]


CHANGES = {zone: changes(zone) for zone in ZONES}


@settings(max_examples=25, deadline=None)
@given(at=st.times().map(lambda t: t.replace(second=0, microsecond=0)))
@pytest.mark.parametrize("zone", ZONES)
def test_one_digest_leaves_for_each_day_around_every_change_of_the_clocks(zone, at):
    place = zoneinfo.ZoneInfo(zone)
    assert CHANGES[zone]
    for change in CHANGES[zone]:
        moment, days = change - timedelta(days=3), []
        while moment < change + timedelta(days=3):
            departure = timetable.next_departure(moment, at, zone)
            assert departure.at > moment
            wall = departure.at.astimezone(place)
            jump = wall.replace(tzinfo=None) - datetime.combine(departure.day, at)
            assert timedelta(0) <= jump < timedelta(hours=24)
            days.append(departure.day)
            moment = departure.at
        steps = {(later - earlier).days for earlier, later in itertools.pairwise(days)}
        assert steps <= ({1, 2} if zone == "Pacific/Apia" else {1})


@pytest.mark.parametrize(
    ("zone", "day", "at", "utc"),
    [
        ("Europe/Vilnius", date(2026, 11, 23), time(8), "2026-11-23T06:00"),
        ("Europe/Vilnius", date(2026, 3, 29), time(3, 30), "2026-03-29T01:30"),  # skipped: half past four
        ("Europe/Vilnius", date(2026, 10, 25), time(3, 30), "2026-10-25T00:30"),  # doubled: the first
        ("Europe/Minsk", date(2026, 3, 29), time(3, 30), "2026-03-29T00:30"),
    ],
)
def test_a_wall_clock_time_is_this_moment(zone, day, at, utc):
    assert timetable.moment(day, at, zoneinfo.ZoneInfo(zone)) == datetime.fromisoformat(utc).replace(tzinfo=UTC)


def test_a_weekly_digest_leaves_on_its_weekday_only():
    first = timetable.next_departure(datetime(2026, 11, 23, 7, tzinfo=UTC), time(8), "Europe/Vilnius", weekday=0)
    assert first.day == date(2026, 11, 30)
    assert timetable.next_departure(first.at, time(8), "Europe/Vilnius", weekday=0).day == date(2026, 12, 7)


def test_no_digest_leaves_on_a_day_that_the_zone_skipped():
    before = datetime(2011, 12, 29, 12, tzinfo=zoneinfo.ZoneInfo("Pacific/Apia"))
    assert timetable.next_departure(before, time(8), "Pacific/Apia").day == date(2011, 12, 31)
