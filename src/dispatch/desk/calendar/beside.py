"""The readers' clock, which stands beside the newsroom's: whichever the person at this browser chose, else a newsletter's."""

import zoneinfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from dispatch.audience.models import Newsletter

COOKIE = "readers_clock"
NONE = "-"
KEPT = 365 * 24 * 3600


def zone(request: HttpRequest) -> zoneinfo.ZoneInfo | None:
    """None: nobody's; the newsroom's alone is shown."""
    chosen = request.COOKIES.get(COOKIE, "")
    if chosen == NONE:
        return None
    found = known(chosen) or next((known(name) for name in used() if name != settings.TIME_ZONE), None)
    return found if found and found.key != settings.TIME_ZONE else None


def used() -> list[str]:
    """Zones of newsletters, which are their readers' more likely than not."""
    return sorted(set(Newsletter.objects.filter(active=True).values_list("zone", flat=True)))


def known(name: str) -> zoneinfo.ZoneInfo | None:
    """By its IANA name; None: there is no such zone."""
    try:
        return zoneinfo.ZoneInfo(name) if "/" in name or name == "UTC" else None
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):  # no such file, an odd name, a folder of zones
        return None


def choose(response: HttpResponse, name: str) -> None:
    """Keep it in this browser for a year; NONE for nobody's."""
    response.set_cookie(COOKIE, name, max_age=KEPT, httponly=True, samesite="Lax", secure=settings.SECURE)


def town(place: zoneinfo.ZoneInfo) -> str:
    """ "Minsk" of Europe/Minsk."""
    return place.key.rpartition("/")[2].replace("_", " ")
