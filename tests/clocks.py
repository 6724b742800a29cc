"""Zones whose clocks change in every way there is, and when they do, for what must hold around each change."""

import itertools
import zoneinfo
from datetime import UTC, datetime, timedelta

ZONES = [
    "Europe/Vilnius", "Europe/Minsk", "Europe/Lisbon", "Europe/Dublin", "Europe/Moscow",
    "Europe/Istanbul", "America/New_York", "America/Sao_Paulo", "America/St_Johns", "America/Havana",
    "America/Nuuk", "America/Santiago", "Africa/Casablanca", "Africa/Cairo", "Asia/Tehran",
    "Asia/Beirut", "Asia/Gaza", "Australia/Lord_Howe", "Pacific/Chatham", "Antarctica/Troll",
]  # fmt: skip


def changes(zone):
    """The UTC days on which the zone's offset changes, 2019 to 2030."""
    place = zoneinfo.ZoneInfo(zone)
    days = [datetime(2019, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(365 * 11)]
    return [
        one
        for one, after in itertools.pairwise(days)
        if one.astimezone(place).utcoffset() != after.astimezone(place).utcoffset()
    ]


CHANGES = {zone: changes(zone) for zone in ZONES}
