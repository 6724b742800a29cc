"""Who of those with a rhythm of their own gets which variant of their edition, and what they are still owed afterwards.

It is decided anew when the audience is frozen: wishes may have changed since the variants were. A reader gets the largest
variant that tells nothing they were told already; what it does not tell stays owed.
"""

import zoneinfo
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from dispatch.audience import rhythms
from dispatch.audience.models import Rhythm, Subscriber
from dispatch.delivery import enlisting, statements
from dispatch.delivery.models import Send
from dispatch.editions import departures, tailoring
from dispatch.editions.departures import Reader, Table, Telling
from dispatch.editions.models import Edition

AGAIN = timedelta(seconds=1)
"""When those are looked at again for whom no variant was made, because they changed their mind a moment ago."""


@dataclass(frozen=True, slots=True)
class Seat:
    """One reader after one departure."""

    reader: Reader
    variant: int | None
    held: frozenset[int]
    due_at: datetime | None


@dataclass
class Variants:
    """What was rendered, by language and discreetness; the largest first."""

    by_kind: Mapping[tuple[str, bool], list[tuple[frozenset[tuple[int, str]], int]]]
    _fitting: dict[tuple[str, bool, Telling], tuple[int | None, frozenset[int]]] = field(default_factory=dict)

    @classmethod
    def of(cls, edition: Edition) -> "Variants":
        """Of a rendered edition."""
        found: dict[tuple[str, bool], list[tuple[frozenset[tuple[int, str]], int]]] = defaultdict(list)
        for number, language, discreet, labels in edition.variants.values_list("pk", "language", "discreet", "telling"):
            found[language, discreet].append((frozenset(tailoring.telling(labels)), number))
        for several in found.values():
            several.sort(key=lambda one: (-len(one[0]), one[1]))
        return cls(found)

    def fitting(self, language: str, discreet: bool, telling: Telling) -> tuple[int | None, frozenset[int]]:
        """The largest that tells nothing beyond `telling`, and the numbers that it tells; None: there is none."""
        key = (language, discreet, telling)
        if key not in self._fitting:
            allowed = set(telling)
            fits = (one for one in self.by_kind.get(key[:2], []) if one[0] <= allowed)
            said, number = next(fits, (frozenset(), None))
            self._fitting[key] = number, frozenset(part[0] for part in said)
        return self._fitting[key]


@dataclass
class Departure:
    """An edition that leaves, and what is the same for all who leave with it."""

    edition: Edition
    table: Table
    variants: Variants
    full: frozenset[int]  # subscribers who have had their letters of the day
    _moments: dict[tuple[str, int | None, str], datetime | None] = field(default_factory=dict)

    def seat(self, reader: Reader) -> Seat:
        """The reader's place, or why there is none, and what they stay owed."""
        if reader.is_away:
            return Seat(reader, None, frozenset(), self._next(reader))
        owed = self.table.owed(reader)
        telling = self.table.telling(reader, owed)
        if telling and reader.subscriber in self.full:
            newsletter, now = self.edition.newsletter, self.edition.due_at
            return Seat(reader, None, owed, rhythms.next_morning(newsletter, reader.hour, reader.zone, now))
        variant, told = self.variants.fitting(reader.language, reader.discreet, telling)
        left, moment = owed - told, self._next(reader)
        if len(told) < len(telling) and (variant is None or moment is None):
            moment = self.edition.due_at + (departures.HELD if self.edition.trouble else AGAIN)
        return Seat(reader, variant, left, moment or self.table.next_fallback(reader, left))

    def _next(self, reader: Reader) -> datetime | None:
        key = (reader.frequency, reader.hour, reader.zone)
        if key not in self._moments:
            self._moments[key] = rhythms.next_due(self.edition.newsletter, *key, self.edition.due_at)
        return self._moments[key]


def is_vain(edition: Edition) -> bool:
    """Whether it is for readers with rhythms of their own, and none of them is owed anything; that is remembered."""
    if not edition.is_own or edition.variants.exists():
        return False
    board(edition, None)
    return True


def board(edition: Edition, send: Send | None) -> tuple[Any, ...]:
    """Seat everybody whose letter is due, and remember it; what `seat.sql` says of the chunks.

    Within a transaction. Without a send nobody is owed anything, and only that is remembered.
    """
    counted = rhythms.tally(edition.newsletter_id)
    readers = departures.due(edition)
    table = departures.table(edition.newsletter, edition.due_at)
    leaving = Departure(edition, table, Variants.of(edition), _with_enough(edition, readers))
    seats = [leaving.seat(reader) for reader in readers]
    _remember(seats, counted.stories)
    _let_go(leaving, seats, counted.editions)
    seated = [seat for seat in seats if seat.variant is not None]
    if send is None:
        return ()
    _count(edition, seated)
    columns: dict[str, Any] = {
        "readers": [seat.reader.subscriber for seat in seated],
        "variants": [seat.variant for seat in seated],
        "providers": [seat.reader.provider_class for seat in seated],
    }
    return statements.row("seat", **columns, **enlisting.cutting(send))


def _with_enough(edition: Edition, readers: list[Reader]) -> frozenset[int]:
    limits = {one.subscriber: one for one in readers if one.most_a_day is not None}
    if not limits:
        return frozenset()
    theirs = Subscriber.objects.select_for_update().filter(pk__in=limits).order_by("pk")
    return frozenset(
        one.pk
        for one in theirs
        if one.counted_on == _day(edition, limits[one.pk]) and one.counted >= (one.most_a_day or 0)
    )


def _remember(seats: list[Seat], told_to: int) -> None:
    statements.execute(
        "remember",
        subscriptions=[seat.reader.subscription for seat in seats],
        told_to=[told_to] * len(seats),
        held=[f"{{{','.join(map(str, sorted(seat.held)))}}}" for seat in seats],
        due=[seat.due_at for seat in seats],
    )


def _let_go(leaving: Departure, seats: list[Seat], editions: int) -> None:
    """Who no longer needs a rhythm, and is owed exactly what the newsletter's next editions bring, reads along again."""
    newsletter = leaving.edition.newsletter
    free = [
        seat.reader.subscription
        for seat in seats
        if not rhythms.is_own(newsletter, seat.reader) and seat.held == leaving.table.not_mailed(seat.reader, editions)
    ]
    Rhythm.objects.filter(subscription__in=free).delete()


def _day(edition: Edition, reader: Reader) -> date:
    """By the reader's own clock."""
    return edition.due_at.astimezone(zoneinfo.ZoneInfo(reader.zone or edition.newsletter.zone)).date()


def _count(edition: Edition, seated: list[Seat]) -> None:
    counted = [seat.reader for seat in seated if seat.reader.most_a_day is not None]
    days = [_day(edition, reader) for reader in counted]
    statements.execute("count", readers=[reader.subscriber for reader in counted], days=days)
