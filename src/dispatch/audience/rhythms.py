"""Who has letters made for them, and when the next one is due: by the hour on their own clock, each article by itself, in a
second language once a translation has had its time, discreet, or only so many a day.

Whoever wishes none of this reads along with the newsletter's own editions and costs nothing here. What each of the others
was told is kept with the reader (`Rhythm`), so that nothing comes twice and nothing is lost when they change their mind.
"""

import zoneinfo
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any, Protocol

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from dispatch import timetable
from dispatch.audience.models import Newsletter, Rhythm, Subscriber, Subscription, Tally

EACH, WEEKLY = Newsletter.Cadence.EACH, Newsletter.Cadence.WEEKLY
SETTLE = (Path(__file__).parent / "sql" / "settle.sql").read_text(encoding="utf-8")
AT_ONCE = 20_000
"""Subscriptions that are given their rhythm in one statement."""

MORNING = 8
"""When what was too much for a day comes, for readers who named no hour."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a reader wishes of all their letters."""

    hour: int | None = None  # of digests, on their own clock; None: the newsletter's
    zone: str = ""
    discreet: bool = False
    most_a_day: int | None = None


@dataclass(frozen=True, slots=True)
class _OfOne:
    """Those, of one newsletter."""

    frequency: str
    second_language: str
    hour: int | None
    discreet: bool
    most_a_day: int | None


def wishes_of(reader: Subscriber) -> Wishes:
    """What a reader wishes so far; their rhythms agree, and who has none wishes nothing."""
    one = Rhythm.objects.filter(subscription__subscriber=reader).order_by("hour", "pk").first()
    if one is None:
        return Wishes(most_a_day=reader.most_a_day)
    return Wishes(one.hour, one.zone, one.discreet, reader.most_a_day)


def tally(newsletter: int) -> Tally:
    """The newsletter's counts, locked until the transaction ends."""
    Tally.objects.bulk_create([Tally(newsletter_id=newsletter)], ignore_conflicts=True)
    return Tally.objects.select_for_update().get(newsletter=newsletter)


def frequency(newsletter: Newsletter, chosen: str) -> str:
    """How often letters come: as the reader chose, where that is offered; else as the newsletter does."""
    return chosen if chosen in newsletter.offers else newsletter.cadence


class Wishing(Protocol):
    """Whatever says what a reader wishes of one newsletter."""

    @property
    def frequency(self) -> str: ...
    @property
    def second_language(self) -> str: ...
    @property
    def hour(self) -> int | None: ...
    @property
    def discreet(self) -> bool: ...
    @property
    def most_a_day(self) -> int | None: ...


def is_own(newsletter: Newsletter, wishing: Wishing) -> bool:
    """Whether the newsletter's own editions cannot be what this reader wishes."""
    differs = wishing.frequency not in {"", newsletter.cadence}
    has_hour = bool(wishing.frequency) and wishing.frequency != EACH and wishing.hour is not None
    is_second = bool(wishing.second_language) and not _falls_back(newsletter)
    return differs or has_hour or is_second or wishing.discreet or wishing.most_a_day is not None


def _falls_back(newsletter: Newsletter) -> bool:
    """Whether its own editions serve second languages: each is of one story, and waits for no translation."""
    return newsletter.cadence == EACH and not newsletter.patience


def next_due(newsletter: Newsletter, chosen: str, hour: int | None, zone: str, after: datetime) -> datetime | None:
    """When a reader's next digest leaves; None for those who get each article."""
    often = frequency(newsletter, chosen)
    if often == EACH:
        return None
    weekday = newsletter.weekday if often == WEEKLY else None
    if hour is None or not chosen:
        return timetable.next_departure(after, newsletter.at, newsletter.zone, weekday=weekday).at
    return timetable.next_departure(after, time(hour), zone or newsletter.zone, weekday=weekday).at


def next_morning(newsletter: Newsletter, hour: int | None, zone: str, after: datetime) -> datetime:
    """When the next day of a reader begins to have letters."""
    at = time(MORNING if hour is None else hour)
    tomorrow = midnight(zone or newsletter.zone, after)
    return timetable.next_departure(tomorrow, at, zone or newsletter.zone).at


def midnight(zone: str, after: datetime) -> datetime:
    """The last moment of the day, there."""
    place = zoneinfo.ZoneInfo(zone)
    day = after.astimezone(place).date() + timedelta(days=1)
    return datetime.combine(day, time(0), place).astimezone(UTC) - timedelta(microseconds=1)


@transaction.atomic
def follow(one: Subscription, wishes: Wishes, *, anew: bool = False) -> None:
    """Give a subscription that was just saved its rhythm. `anew`: what came while they were not subscribed is passed by.

    Who no longer needs one keeps it until they have been told what everybody has; boarding.py lets them go.
    """
    counted = tally(one.newsletter_id)
    found = Rhythm.objects.select_for_update().filter(subscription=one).first()
    wishing = _OfOne(one.frequency, one.second_language, wishes.hour, wishes.discreet, wishes.most_a_day)
    if found is None and not is_own(one.newsletter, wishing):
        return
    rhythm = found or Rhythm(subscription=one, since=counted.editions)
    if found and anew:
        rhythm.since, rhythm.told_to, rhythm.held = counted.editions, None, []
    rhythm.hour, rhythm.zone, rhythm.discreet = wishes.hour, wishes.zone, wishes.discreet
    due = next_due(one.newsletter, one.frequency, rhythm.hour, rhythm.zone, timezone.now())
    if due is None and found:
        due = timezone.now()  # what waited for a digest that will not come
    rhythm.due_at = due
    rhythm.save()


@transaction.atomic
def settle(newsletter: Newsletter, *, beyond: int = 0) -> int:
    """Give a rhythm to those who need one and have none, of subscriptions with numbers beyond that one. To how many.

    A list brings such, and a newsletter that changes its cadence or its patience makes some. At most `AT_ONCE`.
    """
    counted, now = tally(newsletter.pk), timezone.now()
    chosen = ["", *Subscription.Frequency.values]
    values: dict[str, Any] = {
        "newsletter": newsletter.pk,
        "beyond": beyond,
        "cadence": newsletter.cadence,
        "falls_back": _falls_back(newsletter),
        "since": counted.editions,
        "chosen": chosen,
        "due": [next_due(newsletter, often, None, "", now) for often in chosen],
        "most": AT_ONCE,
    }
    with connection.cursor() as cursor:
        cursor.execute(SETTLE, values)
        return int(cursor.rowcount)


def bring_forward(newsletter: Newsletter, moment: datetime) -> None:
    """Have those leave by then who keep to the newsletter's own hour."""
    keeps = Q(subscription__frequency="") | Q(subscription__frequency=newsletter.cadence, hour=None)
    theirs = Rhythm.objects.filter(keeps, subscription__newsletter=newsletter, due_at__gt=moment)
    theirs.filter(subscription__state=Subscription.State.ACTIVE).update(due_at=moment)
