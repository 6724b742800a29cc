"""Moments as people write them in a spreadsheet: "2026-11-23 08:30", "23.11.2026 08:30", by a wall clock or with an offset.

Pure.
"""

import re
import zoneinfo
from datetime import UTC, datetime, timedelta, timezone

from dispatch import timetable

ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})[ T]+(\d{1,2}):(\d\d)(?::00)?\s*(Z|[+-]\d\d:?\d\d)?")
DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})[ ,]+(\d{1,2}):(\d\d)(?::00)?")


class Unclear(ValueError):
    """It is no moment; the text says how one is written."""


def read(text: str, zone: zoneinfo.ZoneInfo | None, otherwise: zoneinfo.ZoneInfo) -> datetime:
    """In UTC. `zone`: whose clock, as said beside it; None: `otherwise`. Raises Unclear."""
    found, dotted = ISO.fullmatch(text), DOTTED.fullmatch(text)
    if found is None and dotted is None:
        raise Unclear(f"“{text[:40]}” is no moment; write it like 2026-11-23 08:30 or 23.11.2026 08:30, or next")
    if found:
        year, month, day, hour, minute, offset = found.groups()
    else:
        assert dotted
        day, month, year, hour, minute = dotted.groups()
        offset = None
    if offset and zone:
        raise Unclear("the moment has an offset and a zone beside it; leave one of them out")
    try:
        said = datetime(int(year), int(month), int(day), int(hour), int(minute))  # noqa: DTZ001 - by whose clock, see below
        if offset:
            return (said.replace(tzinfo=UTC) - _offset(offset)).astimezone(UTC)
        return timetable.moment(said.date(), said.time(), zone or otherwise)
    except (ValueError, OverflowError) as error:
        raise Unclear(f"“{text}” is a day or an hour that does not exist") from error


def is_put_off(text: str, moment: datetime, clock: zoneinfo.ZoneInfo) -> bool:
    """Whether the clock skips the hour that was written, so that the moment is a later one."""
    found = ISO.fullmatch(text) or DOTTED.fullmatch(text)
    if found is None or (found.re is ISO and found[6]):
        return False
    local = moment.astimezone(clock)
    return (local.hour, local.minute) != (int(found[4]), int(found[5]))


def written(moment: datetime, zone: zoneinfo.ZoneInfo, *, dotted: bool = False) -> str:
    """The other way round, to the minute."""
    return moment.astimezone(zone).strftime("%d.%m.%Y %H:%M" if dotted else "%Y-%m-%d %H:%M")


def _offset(text: str) -> timedelta:
    if text == "Z":
        return timedelta(0)
    size = timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    timezone(size)  # raises ValueError for a day and more
    return -size if text[0] == "-" else size
