"""A channel's slots as people write them: "mon-fri 09:00 13:30; sat 11:00"."""

import re
import zoneinfo
from collections.abc import Iterable
from datetime import time

from django.db import transaction

from dispatch.social.models import Channel, Slot

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Wanted = tuple[int, time]
"""A weekday, 0 is Monday, and a wall-clock time."""


class Unclear(ValueError):
    """What was written is no list of slots; the text says which part."""


def parse(text: str) -> list[Wanted]:
    """In the week's order, each once. Raises Unclear."""
    found: set[Wanted] = set()
    for part in filter(None, map(str.strip, text.lower().split(";"))):
        days, *times = part.split()
        if not times:
            raise Unclear(f"“{part}” names no time; write it like mon-fri 09:00 13:30")
        found |= {(day, _time(one)) for day in _days(days) for one in times}
    return sorted(found)


def parse_hours(text: str) -> tuple[time | None, time | None]:
    """ "22:00-07:00", which may go over midnight; nothing for never. Raises Unclear."""
    if not text.strip():
        return None, None
    begin, dash, end = text.partition("-")
    if not dash or begin.strip() == end.strip():
        raise Unclear(f"“{text}” are no hours; write them like 22:00-07:00")
    return _time(begin.strip()), _time(end.strip())


def parse_zone(text: str) -> str:
    """An IANA name, or nothing for the newsroom's. Raises Unclear."""
    if text and text not in zoneinfo.available_timezones():
        raise Unclear(f"“{text}” is no time zone; they are named like Europe/Vilnius")
    return text


def written(slots: Iterable[Wanted]) -> str:
    """The other way round: days that have the same times together."""
    by_day: dict[int, list[str]] = {}
    for day, at in sorted(slots):
        by_day.setdefault(day, []).append(f"{at:%H:%M}")
    by_times: dict[str, list[str]] = {}
    for day, times in by_day.items():
        by_times.setdefault(" ".join(times), []).append(DAYS[day])
    return "; ".join(f"{','.join(days)} {times}" for times, days in by_times.items())


@transaction.atomic
def replace(channel: Channel, wanted: Iterable[Wanted]) -> None:
    """From now on the channel has these."""
    channel.slots.all().delete()
    Slot.objects.bulk_create(Slot(channel=channel, weekday=day, at=at) for day, at in wanted)


def _days(text: str) -> list[int]:
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first not in DAYS or (last or first) not in DAYS:
            raise Unclear(f"“{part}” is no day; they are {', '.join(DAYS)}")
        begin, end = DAYS.index(first), DAYS.index(last or first)
        found += [day % 7 for day in range(begin, end + 1 if end >= begin else end + 8)]
    return found


def _time(text: str) -> time:
    if not re.fullmatch(r"([01]?\d|2[0-3]):[0-5]\d", text):
        raise Unclear(f"“{text}” is no time; write it like 09:00")
    hours, minutes = map(int, text.split(":"))
    return time(hours, minutes)
