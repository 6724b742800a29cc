"""Days and their hours by the wall clock of a zone, also where the clocks change: then a day has 23 or 25 of them. Pure."""

import zoneinfo
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from dispatch import timetable

DAY, QUARTER = timedelta(days=1), timedelta(minutes=15)
Row = tuple[int, int]
"""An hour of the wall clock, and 1 where it comes for the second time (PEP 495), else 0."""


@dataclass(frozen=True)
class Hour:
    """A row of a day: from `begins` (UTC) for so many minutes; 0: the clocks skip it, or it does not come a second time."""

    row: Row
    begins: datetime
    minutes: int

    @property
    def label(self) -> str:
        """Of its row."""
        return label(self.row)


def label(row: Row) -> str:
    """ "09", and "02 again" where it comes for the second time."""
    return f"{row[0]:02}{' again' if row[1] else ''}"


def start(day: date, zone: zoneinfo.ZoneInfo) -> datetime:
    """Its first moment, in UTC: midnight, or what stands for it where the clocks skip midnight."""
    return timetable.moment(day, time(), zone)


def day_of(moment: datetime, zone: zoneinfo.ZoneInfo) -> date:
    """The day that it belongs to."""
    return moment.astimezone(zone).date()


def row_of(moment: datetime, zone: zoneinfo.ZoneInfo) -> Row:
    """The hour that it belongs to."""
    local = moment.astimezone(zone)
    return local.hour, local.fold


def hours_in(day: date, zone: zoneinfo.ZoneInfo) -> float:
    """How long the day is: 24, but for those on which the clocks change."""
    return (start(day + DAY, zone) - start(day, zone)).total_seconds() / 3600


def rows(days: Iterable[date], zone: zoneinfo.ZoneInfo) -> list[Row]:
    """Those that a table of these days needs, in their order: 24, and the hours that come a second time after their first."""
    found: list[Row] = [(hour, 0) for hour in range(24)]
    for day in days:
        before = found[0]
        for row, _, _ in _stretches(day, zone):
            if row not in found:
                found.insert(found.index(before) + 1, row)
            before = row
    return found


def hours(day: date, zone: zoneinfo.ZoneInfo, wanted: Iterable[Row]) -> list[Hour]:
    """The day in a table of these rows."""
    there = {row: (begins, minutes) for row, begins, minutes in _stretches(day, zone)}
    found, last = [], start(day, zone)
    for row in wanted:
        last, minutes = there.get(row, (last, 0))
        found.append(Hour(row, last, minutes))
    return found


def _stretches(day: date, zone: zoneinfo.ZoneInfo) -> Iterator[tuple[Row, datetime, int]]:
    """Its hours as they pass: each with its first moment and its minutes. Offsets are of whole quarters everywhere."""
    moment, end = start(day, zone), start(day + DAY, zone)
    while moment < end:
        row, begins, minutes = row_of(moment, zone), moment, 0
        while moment < end and row_of(moment, zone) == row:
            moment, minutes = moment + QUARTER, minutes + 15
        yield row, begins, minutes
