"""What a page of the calendar shows: days, their hours, what stands in them, what is free, at rest, held and stopped.

A fixed number of queries, however much there is.
"""

import zoneinfo
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone

from dispatch.accounts import desks, permissions, stopping
from dispatch.accounts.models import Role, Stop, User
from dispatch.desk.calendar import clashes, days, entries
from dispatch.desk.calendar.asking import Asked, View
from dispatch.desk.calendar.clashes import CLOSE, Silence
from dispatch.desk.calendar.days import DAY, Hour, Row
from dispatch.desk.calendar.entries import Entry, Held
from dispatch.social import timing
from dispatch.social.models import Channel


@dataclass(frozen=True, slots=True)
class Free:
    """A slot of a channel that no post has."""

    channel: Channel
    at: datetime
    tag: str


Thing = Entry | Free


@dataclass(frozen=True)
class Cell:
    """An hour of a day in the table of a week."""

    hour: Hour
    things: list[Thing]  # as they pass
    quiet: str  # whose quiet hours it begins in: "all", "Mastodon, X"; empty: nobody's
    says_quiet: bool  # whether that is news since the hour before, and beside the day before
    is_now: bool
    beside: str  # the readers' hour, where it is not what the table's first column says


@dataclass(frozen=True)
class Day:
    """A day, and what stands in it."""

    date: date
    is_today: bool
    is_over: bool
    in_month: bool
    hours: float  # 24, but for days on which the clocks change
    things: list[Thing]
    held: list[Held]  # stories that may not leave yet when it begins, or at all on that day
    cells: list[Cell]  # of a week's table; else none

    @property
    def entries(self) -> list[Entry]:
        """Without free slots."""
        return [one for one in self.things if isinstance(one, Entry)]

    @property
    def free(self) -> list[Free]:
        """Free slots."""
        return [one for one in self.things if isinstance(one, Free)]


@dataclass(frozen=True)
class Legend:
    """A channel, and the STOP that holds it by itself."""

    channel: Channel
    tag: str
    stop: Stop | None
    is_mine: bool  # whether whoever looks may act on it


@dataclass(frozen=True)
class Sheet:
    """One page."""

    asked: Asked
    zone: zoneinfo.ZoneInfo
    beside: zoneinfo.ZoneInfo | None
    days: list[Day]
    rows: list[tuple[str, str]]  # the hours of a week's table, and the readers' beside them
    channels: list[Legend]
    silences: list[Silence]
    everything: Stop | None  # a STOP of everything

    @property
    def entries(self) -> list[Entry]:
        """All of them."""
        return [one for day in self.days for one in day.entries]

    @property
    def doubtful(self) -> list[Entry]:
        """Those that want a second look."""
        return [one for one in self.entries if one.marks]


def of(asked: Asked, beside: zoneinfo.ZoneInfo | None, by: User | None = None) -> Sheet:
    """The page that is asked for, by the newsroom's clock, for one who looks."""
    theirs = desks.of(by)
    zone, now, shown = timezone.get_current_timezone(), timezone.now(), asked.days
    assert isinstance(zone, zoneinfo.ZoneInfo)
    start, end = days.start(shown[0], zone), days.start(shown[-1] + DAY, zone)
    channels, stops = entries.channels(asked), list(stopping.in_force())
    posts = entries.posts(
        asked, start - CLOSE, end + CLOSE, theirs
    )  # neighbours just outside are close to those inside
    everything = next((stop for stop in stops if stop.scope == Stop.Scope.EVERYTHING), None)
    holding = {stop.target: stop for stop in stops if stop.scope == Stop.Scope.CHANNEL}
    held = {one.channel for one in posts} if everything else {pk for pk in holding if pk}
    known = {channel.pk: channel for channel in channels}
    found = [one for one in clashes.marked(posts, known, held, now) if start <= one.at < end]
    may_move = by is None or permissions.may(by, Role.APPROVER)
    mail = entries.editions(asked, start, end, now, theirs, may_move=may_move)
    silent = {stop.target for stop in stops if stop.scope == Stop.Scope.NEWSLETTER}
    held_mail = {one.newsletter for one in mail if everything or one.newsletter in silent}
    found += clashes.mailings(mail, held_mail, now)
    wanted = [one for one in found if asked.wants_state(one.shape)] if asked.state else found
    free = _free(channels, posts, max(start, now), end) if asked.free else []
    by_day = _by_day([*wanted, *free], zone)
    table = _Table(shown, zone, beside, channels) if asked.view is View.WEEK else None
    embargoes = entries.embargoes(now, start, end)
    ahead = [day for day in shown if day >= days.day_of(now, zone)]
    return Sheet(
        asked=asked,
        zone=zone,
        beside=beside,
        days=[_day(day, asked, zone, things=by_day[day], embargoes=embargoes, table=table) for day in shown],
        rows=table.labels if table else [],
        channels=[
            Legend(one, entries.tag(one.name), holding.get(one.pk), entries.is_mine(one.desk_id, theirs))
            for one in channels
        ],
        silences=clashes.silences(posts, channels, ahead) if len(ahead) > 1 else [],
        everything=everything,
    )


class _Table:
    """The hours of some days, side by side."""

    def __init__(
        self, shown: Sequence[date], zone: zoneinfo.ZoneInfo, beside: zoneinfo.ZoneInfo | None, channels: list[Channel]
    ) -> None:
        self.zone, self.beside, self.channels = zone, beside, channels
        self.rows = days.rows(shown, zone)
        self.hours = {day: days.hours(day, zone, self.rows) for day in shown}
        self.first: dict[Row, str] = {}
        self.said: dict[Row, str] = {}  # whose quiet hours the day before has there
        for hour in (one for day in shown for one in self.hours[day] if one.minutes):
            self.first.setdefault(hour.row, self._beside(hour))

    @property
    def labels(self) -> list[tuple[str, str]]:
        return [(days.label(row), self.first[row]) for row in self.rows]

    def cells(self, day: date, things: Iterable[Thing]) -> list[Cell]:
        by_row: defaultdict[Row, list[Thing]] = defaultdict(list)
        for thing in things:
            by_row[days.row_of(thing.at, self.zone)].append(thing)
        found, before, now = [], "", timezone.now()
        for hour in self.hours[day]:
            quiet = self._quiet(hour.begins) if hour.minutes else before
            is_news = bool(quiet) and (quiet != before and self.said.get(hour.row) != quiet)
            self.said[hour.row], before = quiet, quiet
            beside = self._beside(hour) if hour.minutes else self.first[hour.row]
            other = beside if beside != self.first[hour.row] else ""
            is_now = hour.begins <= now < hour.begins + timedelta(minutes=hour.minutes)
            found.append(Cell(hour, by_row[hour.row], quiet, is_news, is_now, other))
        return found

    def _quiet(self, moment: datetime) -> str:
        quiet = [channel.name for channel in self.channels if timing.is_quiet(channel, moment)]
        return "all" if quiet and len(quiet) == len(self.channels) else ", ".join(quiet)

    def _beside(self, hour: Hour) -> str:
        return f"{hour.begins.astimezone(self.beside):%H:%M}".removesuffix(":00") if self.beside else ""


def _free(channels: list[Channel], posts: Iterable[Entry], start: datetime, end: datetime) -> list[Free]:
    taken = {
        (one.channel, timing.minute(moment))
        for one in posts
        for moment in (one.at, one.due_at)
        if moment and one.state[1] in timing.HOLDING
    }
    return [
        Free(channel, moment, entries.tag(channel.name))
        for channel in channels
        for moment in timing.moments(channel, start, end)
        if moment < end and (channel.pk, timing.minute(moment)) not in taken
    ]


def _by_day(things: Iterable[Thing], zone: zoneinfo.ZoneInfo) -> Mapping[date, list[Thing]]:
    found: defaultdict[date, list[Thing]] = defaultdict(list)
    for thing in sorted(things, key=lambda one: one.at):
        found[days.day_of(thing.at, zone)].append(thing)
    return found


def _day(
    day: date,
    asked: Asked,
    zone: zoneinfo.ZoneInfo,
    *,
    things: list[Thing],
    embargoes: list[Held],
    table: _Table | None,
) -> Day:
    today, start = timezone.localdate(), days.start(day, zone)
    return Day(
        date=day,
        is_today=day == today,
        is_over=day < today,
        in_month=asked.view is not View.MONTH or day.month == asked.day.month,
        hours=days.hours_in(day, zone),
        things=things,
        held=[one for one in embargoes if one.until > start] if day >= today else [],
        cells=table.cells(day, things) if table else [],
    )
