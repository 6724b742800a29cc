"""What readers' forms bring, as values. A field that a page of ours would not have sent is left out, not complained of."""

import functools
import zoneinfo
from dataclasses import dataclass

from django.conf import settings
from django.http import QueryDict

from dispatch.audience import addresses
from dispatch.audience.models import Newsletter
from dispatch.audience.rhythms import Wishes
from dispatch.audience.tickets import Wanted

LONGEST_NAME = 120
WEEKS = (1, 2, 4, 8)
"""For how long one may pause."""
MOST = (1, 2, 3, 5)
"""Letters a day that one may limit oneself to."""
FREQUENCIES = ("each", "daily", "weekly")
AREAS = {"Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
"""Of the IANA time zones, those that people live in."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A reader's wishes for one newsletter."""

    newsletter: Newsletter
    is_on: bool
    language: str
    second_language: str  # what comes where an article is not in the first; "": nothing
    topics: tuple[str, ...]  # none: all
    frequency: str = ""  # "": as the newsletter comes

    @property
    def frequencies(self) -> list[str]:
        """What else than the newsletter's own time can be chosen, in order."""
        return [one for one in FREQUENCIES if one in self.newsletter.offers]


def wanted(fields: QueryDict, newsletter: Newsletter) -> Wanted:
    """A sign-up form. The field `website` is one that people do not see."""
    return Wanted(
        newsletter=newsletter.pk,
        address=fields.get("address", "").strip(),
        language=_language(fields.get("language", ""), newsletter) or next(iter(newsletter.languages), "en"),
        topics=_topics(fields.getlist("topics"), newsletter),
        is_trapped=bool(fields.get("website")),
    )


def is_plainly_none(address: str) -> bool:
    """Whether anyone can see that this is no address. Of what only mail servers would see, forms do not speak."""
    name, at, domain = address.partition("@")
    return not (name and at and "." in domain) or len(address) > addresses.LONGEST


def safe_pattern() -> str:
    """A pattern that addresses with risky providers do not match, so that a style sheet alone can speak up."""
    domains = "|".join(risky.replace(".", r"\.") for risky in settings.RISKY_PROVIDERS)
    return rf"(?!.*[@.]({domains})\s*$).*" if domains else ".*"


def choices(fields: QueryDict, newsletters: list[Newsletter]) -> list[Choice]:
    """The preferences page: one choice a newsletter."""
    return [_choice(fields, newsletter) for newsletter in newsletters]


def wishes(fields: QueryDict) -> Wishes:
    """What is wished of all letters alike."""
    hour, zone, most = fields.get("hour", ""), fields.get("zone", ""), fields.get("most", "")
    return Wishes(
        hour=int(hour) if hour in map(str, range(24)) else None,
        zone=zone if zone in zones() else "",
        discreet="discreet" in fields,
        most_a_day=int(most) if most in map(str, MOST) else None,
    )


@functools.cache
def zones() -> tuple[str, ...]:
    """Time zones by a city's name, as people know them."""
    return tuple(sorted(name for name in zoneinfo.available_timezones() if name.partition("/")[0] in AREAS))


def pause(fields: QueryDict) -> int | None:
    """Weeks to pause, 0 to go on; None: as it is."""
    asked = fields.get("pause", "")
    return int(asked) if asked in map(str, (0, *WEEKS)) else None


def name(fields: QueryDict) -> str:
    """How the reader wants to be greeted; empty: not by name."""
    return " ".join("".join(letter for letter in fields.get("name", "") if letter.isprintable()).split())[:LONGEST_NAME]


def _choice(fields: QueryDict, newsletter: Newsletter) -> Choice:
    mark = newsletter.pk
    first = _language(fields.get(f"language-{mark}", ""), newsletter) or next(iter(newsletter.languages), "en")
    second = _language(fields.get(f"second-{mark}", ""), newsletter)
    frequency = fields.get(f"frequency-{mark}", "")
    return Choice(
        newsletter,
        is_on=f"on-{mark}" in fields,
        language=first,
        second_language="" if second == first else second,
        topics=_topics(fields.getlist(f"topics-{mark}"), newsletter),
        frequency=frequency if frequency in newsletter.offers else "",
    )


def _language(asked: str, newsletter: Newsletter) -> str:
    return asked if asked in newsletter.languages else ""


def _topics(asked: list[str], newsletter: Newsletter) -> tuple[str, ...]:
    """All of them is none chosen: what the newsletter will be about later is then included."""
    chosen = tuple(topic for topic in newsletter.topics if topic in asked)
    return () if len(chosen) == len(newsletter.topics) else chosen
