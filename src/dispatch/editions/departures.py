"""What readers with a rhythm of their own are owed. Pure but for the two look-ups at its end.

A reader is owed each story that came since they were last told anything, and those held back then. Of these an edition
tells what is there in their language, or in the second one once the translation has had its time. Readers who are owed the
same share one variant: what differs is a handful of stories, whatever they chose.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q

from dispatch.articles import embargo
from dispatch.articles.models import Article
from dispatch.audience.models import Newsletter, Rhythm, Subscription, Suppression
from dispatch.editions.models import Barred, Edition, Item

FRESH = timedelta(days=15)
"""For how long a story is news. Longer than a week and a day, so that who moves a weekly digest loses nothing."""

HELD = timedelta(minutes=15)
"""When what could not be rendered is tried again, at the latest."""

Telling = tuple[tuple[int, str], ...]
"""Numbers of stories, rising, and the language that each is told in."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A story that may be told."""

    number: int
    story: int
    arrived_at: datetime
    languages: frozenset[str]
    topics: frozenset[str]
    mailed: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody whose letter is due; ids and wishes only."""

    subscription: int
    subscriber: int
    provider_class: int
    language: str
    second_language: str
    topics: tuple[str, ...]
    frequency: str
    hour: int | None
    zone: str
    discreet: bool
    since: int
    told_to: int | None
    held: tuple[int, ...]
    most_a_day: int | None
    is_away: bool  # paused, or not to be written to: what comes passes them by

    @property
    def wishes(self) -> tuple[str, str, tuple[str, ...]]:
        """What decides which stories are told, and in which language."""
        return self.language, self.second_language, self.topics


class Table:
    """A newsletter's fresh stories at one moment, and who is owed what of them."""

    def __init__(self, offers: Iterable[Offer], patience: timedelta, now: datetime) -> None:
        self.offers = {one.number: one for one in sorted(offers, key=lambda one: one.number)}
        self.last = max(self.offers, default=0)
        self._patience, self._now = patience, now
        self._wanted: dict[tuple[object, ...], frozenset[int]] = {}
        self._told: dict[tuple[object, ...], Telling] = {}

    def owed(self, reader: Reader) -> frozenset[int]:
        """Which stories the reader has not been told and wants, told or not in a language of theirs yet."""
        wanted = self._about(reader.topics)
        if reader.told_to is None:
            spoken = (reader.language, reader.second_language)
            return frozenset(
                number
                for number in wanted
                if number in reader.held or not _was_told(self.offers[number], spoken, reader.since)
            )
        return self._beyond(reader.told_to, reader.held, reader.topics)

    def telling(self, reader: Reader, owed: frozenset[int]) -> Telling:
        """What of it can be told now."""
        key = (owed, reader.language, reader.second_language)
        if key not in self._told:
            said = ((number, self._language(self.offers[number], reader)) for number in sorted(owed))
            self._told[key] = tuple((number, language) for number, language in said if language)
        return self._told[key]

    def next_fallback(self, reader: Reader, owed: frozenset[int]) -> datetime | None:
        """When the second language may stand in for a translation that has not come."""
        waiting = (self.offers[number] for number in owed)
        return min(
            (one.arrived_at + self._patience for one in waiting if reader.second_language in one.languages),
            default=None,
        )

    def not_mailed(self, reader: Reader, since: int) -> frozenset[int]:
        """What the newsletter's own editions have yet to tell such a reader."""
        spoken = (reader.language, reader.second_language)
        wanted = self._about(reader.topics)
        return frozenset(number for number in wanted if not _was_told(self.offers[number], spoken, since))

    def _about(self, topics: tuple[str, ...]) -> frozenset[int]:
        if topics not in self._wanted:
            asked = {topic.casefold() for topic in topics}
            fitting = (number for number, one in self.offers.items() if not asked or asked & one.topics)
            self._wanted[topics] = frozenset(fitting)
        return self._wanted[topics]

    def _beyond(self, told_to: int, held: tuple[int, ...], topics: tuple[str, ...]) -> frozenset[int]:
        key = (told_to, held, topics)
        if key not in self._wanted:
            wanted = self._about(topics)
            self._wanted[key] = frozenset(number for number in wanted if number > told_to or number in held)
        return self._wanted[key]

    def _language(self, offer: Offer, reader: Reader) -> str:
        if reader.language in offer.languages:
            return reader.language
        may_fall_back = offer.arrived_at + self._patience <= self._now
        return reader.second_language if may_fall_back and reader.second_language in offer.languages else ""


def table(newsletter: Newsletter, now: datetime) -> Table:
    """The stories that are news at this moment, in the languages that they are published in."""
    barred = Barred.objects.filter(newsletter=newsletter).values("story")
    fresh = list(Item.objects.filter(newsletter=newsletter, arrived_at__gt=now - FRESH).exclude(story__in=barred))
    published = Article.objects.filter(
        story__in=[item.story_id for item in fresh],
        state=Article.State.PUBLISHED,
        language__in=newsletter.languages,
        current__isnull=False,
    )
    languages: dict[int, set[str]] = {item.story_id: set() for item in fresh}
    topics: dict[int, set[str]] = {item.story_id: set() for item in fresh}
    for one in published.select_related("story", "current").defer("current__html", "current__text"):
        assert one.current
        topics[one.story_id] |= {topic.casefold() for topic in one.current.topics}
        if not embargo.holds(one.story, now):  # what is, is held for its readers like what is not translated yet
            languages[one.story_id].add(one.language)
    offers = [
        Offer(
            item.number, item.story_id, item.arrived_at,
            frozenset(languages[item.story_id]), frozenset(topics[item.story_id]), item.mailed,
        )
        for item in fresh
    ]  # fmt: skip
    return Table(offers, timedelta(hours=newsletter.patience), now)


def due(edition: Edition) -> list[Reader]:
    """Whose letter has come due by the edition's moment."""
    subscriber = "subscription__subscriber"
    suppressed = Suppression.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=edition.due_at), address_index=OuterRef(f"{subscriber}__address_index")
    )
    rows = (
        Rhythm.objects.filter(
            due_at__lte=edition.due_at,
            subscription__newsletter=edition.newsletter_id,
            subscription__state=Subscription.State.ACTIVE,
        )
        .annotate(
            is_away=Q(**{f"{subscriber}__paused_until__isnull": False, f"{subscriber}__paused_until__gt": edition.due_at})
            | Exists(suppressed),
        )
        .order_by("subscription__subscriber")
        .values_list(
            "subscription_id", f"{subscriber}_id", f"{subscriber}__provider_class", "subscription__language",
            "subscription__second_language", "subscription__topics", "subscription__frequency", "hour", "zone",
            "discreet", "since", "told_to", "held", f"{subscriber}__most_a_day", "is_away",
        )
    )  # fmt: skip
    return [Reader(*_frozen(row)) for row in rows.iterator()]


def _frozen(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(tuple(value) if isinstance(value, list) else value for value in row)


def _was_told(offer: Offer, spoken: Iterable[str], since: int) -> bool:
    return any(offer.mailed.get(language, since + 1) <= since for language in spoken)
