"""When a digest leaves: a wall-clock time in the newsletter's zone, on days that exist there. Pure."""

import zoneinfo
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Departure:
    """One digest's slot: its local date, which names it, and its moment."""

    day: date
    at: datetime  # UTC


def moment(day: date, at: time, zone: zoneinfo.ZoneInfo) -> datetime:
    """The wall-clock time as a moment in UTC.

    An hour that the clocks jump over is put off by the length of the jump; of a doubled hour it is the first (PEP 495,
    fold=0).
    """
    return datetime.combine(day, at.replace(fold=0), zone).astimezone(UTC)


def next_departure(after: datetime, at: time, zone: str, *, weekday: int | None = None) -> Departure:
    """The first departure strictly after `after`: any day, or the given weekday only (0 is Monday)."""
    place = zoneinfo.ZoneInfo(zone)
    day = after.astimezone(place).date() - DAY
    while not _leaves(day, at, place, weekday) or moment(day, at, place) <= after:
        day += DAY
    return Departure(day, moment(day, at, place))


def _leaves(day: date, at: time, zone: zoneinfo.ZoneInfo, weekday: int | None) -> bool:
    """Whether a digest leaves on that day. A day that the zone skipped has the next day's moments, and no digest."""
    exists = moment(day, at, zone) < moment(day + DAY, at, zone)
    return exists and weekday in (None, day.weekday())
