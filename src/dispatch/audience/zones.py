"""Time zones as people name them."""

import zoneinfo

from django.core.exceptions import ValidationError


def check_zone(name: str) -> None:
    """Raises ValidationError where no IANA time zone has this name."""
    try:
        zoneinfo.ZoneInfo(name)
    except (ValueError, zoneinfo.ZoneInfoNotFoundError, OSError) as error:
        raise ValidationError("There is no such time zone; an IANA name is like Europe/Vilnius.") from error
