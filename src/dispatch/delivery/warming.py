"""Warm-up: a new relay's first days, each with a ceiling of letters, so that mailbox providers come to know its address.

What was given to a relay is counted in the database before it leaves, a block at a time: restarts, further workers and a lost
broker do not raise a day's ceiling. A worker that is killed takes the rest of its block with it; the day then ends lower.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from dispatch import saying
from dispatch.delivery import statements
from dispatch.delivery.models import Relay, RelayDay

BLOCK = 100
"""Letters that a worker counts at once, before they leave."""
LONGEST = 90
"""Days of a plan."""
USUAL = (500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000)
"""A plan for who has none: twice as many each day. What the relay's own operator or provider says counts more."""


class Impossible(Exception):
    """A plan that cannot be kept; its text says why."""


def plan(relay: Relay, ceilings: Sequence[int], start: date | None = None) -> None:
    """From `start` (today) on a ceiling a day; after the last one there is none. An empty plan ends a warm-up. What today has
    had stays counted. Raises Impossible."""
    if len(ceilings) > LONGEST:
        raise Impossible(f"a plan has {LONGEST} days at most")
    if any(not 0 < one < 10**9 for one in ceilings):
        raise Impossible("a day's ceiling is a whole number of letters, 1 or more")
    relay.warm_up, relay.warm_up_from = list(ceilings), (start or today()) if ceilings else None
    relay.save(update_fields=["warm_up", "warm_up_from"])


def read(text: str) -> list[int]:
    """ "500, 1000 2000" as numbers; "usual" is USUAL, nothing is no plan. Raises Impossible."""
    if text.strip().lower() == "usual":
        return list(USUAL)
    words = text.replace(",", " ").replace(";", " ").split()
    if strange := next((word for word in words if not word.isdecimal()), None):
        raise Impossible(f"“{strange[:20]}” is no number of letters; a plan reads like 500, 1000, 2000")
    return [int(word) for word in words]


def today() -> date:
    """By the newsroom's clock."""
    return timezone.localdate(statements.now())


def tomorrow() -> datetime:
    """When the next day's ceiling begins to count."""
    return timezone.make_aware(datetime.combine(today() + timedelta(days=1), time()))


def day_of(relay: Relay, on: date | None = None) -> int:
    """Which day of its plan it is, from 1; 0: it has none, not yet, or no longer."""
    if not relay.warm_up or relay.warm_up_from is None:
        return 0
    number = ((on or today()) - relay.warm_up_from).days + 1
    return number if 1 <= number <= len(relay.warm_up) else 0


def ceiling(relay: Relay) -> int | None:
    """Today's; None: there is none."""
    day = day_of(relay)
    return int(relay.warm_up[day - 1]) if day else None


def had(relay: Relay) -> int:
    """How many letters it was given today, counted only while it warms up."""
    return sum(RelayDay.objects.filter(relay=relay, day=today()).values_list("letters", flat=True))


def left(relay: Relay) -> int | None:
    """How many more it may be given today; None: as many as there are."""
    most = ceiling(relay)
    return None if most is None else max(0, most - had(relay))


def draw(relay: Relay, most: int) -> int | None:
    """Count up to `most` letters as given, before they are. How many may be; None: no ceiling holds."""
    limit = ceiling(relay)
    if limit is None:
        return None
    day = today()
    with transaction.atomic():
        RelayDay.objects.bulk_create([RelayDay(relay=relay, day=day)], ignore_conflicts=True)
        row = RelayDay.objects.select_for_update().get(relay=relay, day=day)
        granted = max(0, min(most, limit - row.letters))
        row.letters += granted
        row.save(update_fields=["letters"])
    return granted


def count(relay: Relay) -> None:
    """A letter that somebody waits for: it is counted, and leaves also above the ceiling."""
    if ceiling(relay) is not None:
        row, _ = RelayDay.objects.get_or_create(relay=relay, day=today())
        RelayDay.objects.filter(pk=row.pk).update(letters=F("letters") + 1)


def words(relay: Relay) -> str:
    """ "day 2 of 8 of its warm-up: 340 of 1,000 letters are left today"; empty where it does not warm up."""
    day, most = day_of(relay), ceiling(relay)
    if most is None:
        return ""
    rest = saying.number(left(relay) or 0)
    return f"day {day} of {len(relay.warm_up)} of its warm-up: {rest} of {saying.number(most)} letters are left today"


@dataclass
class Allowance:
    """What one worker may give to a relay for one chunk. What of it got no answer is given back at the end."""

    relay: Relay
    wanted: int  # letters at most
    block: int = 0  # counted, and not given yet
    drawn: int = 0
    is_bound: bool = field(init=False)
    is_spent: bool = False
    day: date = field(init=False)

    def __post_init__(self) -> None:
        self.is_bound = ceiling(self.relay) is not None
        self.day = today()

    def allows(self) -> bool:
        """Whether one more letter may be given today."""
        if not self.is_bound:
            return True
        if not self.block:
            granted = draw(self.relay, min(BLOCK, max(1, self.wanted - self.drawn)))
            self.is_bound = granted is not None
            self.block = granted or 0
            self.drawn += self.block
            self.is_spent = self.is_bound and not self.block
        self.block -= 1
        return not self.is_spent

    def give_back(self, answered: int) -> None:
        """All but those that were answered for."""
        rest = self.drawn - answered
        if rest > 0:
            days = RelayDay.objects.filter(relay=self.relay, day=self.day, letters__gte=rest)
            days.update(letters=F("letters") - rest)
