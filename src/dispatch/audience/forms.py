"""What readers' forms bring, as values. A field that a page of ours would not have sent is left out, not complained of."""

from dataclasses import dataclass

from django.conf import settings
from django.http import QueryDict

from dispatch.audience import addresses
from dispatch.audience.models import Newsletter
from dispatch.audience.tickets import Wanted

LONGEST_NAME = 120
WEEKS = (1, 2, 4, 8)
"""For how long one may pause."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A reader's wishes for one newsletter."""

    newsletter: Newsletter
    is_on: bool
    language: str
    second_language: str  # what comes where an article is not in the first; "": nothing
    topics: tuple[str, ...]  # none: all


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


def pause(fields: QueryDict) -> int | None:
    """Weeks to pause, 0 to go on; None: as it is."""
    asked = fields.get("pause", "")
    return int(asked) if asked in map(str, (0, *WEEKS)) else None


def name(fields: QueryDict) -> str:
    """How the reader wants to be greeted; empty: not by name."""
    return " ".join("".join(letter for letter in fields.get("name", "") if letter.isprintable()).split())[:LONGEST_NAME]


def _choice(fields: QueryDict, newsletter: Newsletter) -> Choice:
    slug = newsletter.slug
    first = _language(fields.get(f"language-{slug}", ""), newsletter) or next(iter(newsletter.languages), "en")
    second = _language(fields.get(f"second-{slug}", ""), newsletter)
    return Choice(
        newsletter,
        is_on=f"on-{slug}" in fields,
        language=first,
        second_language="" if second == first else second,
        topics=_topics(fields.getlist(f"topics-{slug}"), newsletter),
    )


def _language(asked: str, newsletter: Newsletter) -> str:
    return asked if asked in newsletter.languages else ""


def _topics(asked: list[str], newsletter: Newsletter) -> tuple[str, ...]:
    """All of them is none chosen: what the newsletter will be about later is then included."""
    chosen = tuple(topic for topic in newsletter.topics if topic in asked)
    return () if len(chosen) == len(newsletter.topics) else chosen
