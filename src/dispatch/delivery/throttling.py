"""How fast letters may leave through a relay, in all and to each mailbox provider: buckets that all workers of all hosts draw
permits from.

The buckets are in the database, so that a pace holds whatever the broker is and however many draw: without the database no
letter is written ahead, and none leaves. A draw is a quarter of a second's worth, never a single letter of a fast relay.
"""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import Error

from dispatch.audience.addresses import ProviderClass
from dispatch.delivery import statements
from dispatch.delivery.models import Relay, RelayPace

LONGEST = 1.0
"""Seconds that a worker waits with a chunk in its hands; then it gives it back."""
AHEAD = 0.25
"""Seconds' worth of permits that a worker draws at once."""
ALL = -1
"""In place of a provider class: of all letters through a relay."""


class Impossible(Exception):
    """A pace that cannot be set; its text says why."""


@dataclass(frozen=True)
class Drawn:
    """How many letters may leave now; if none, in how many seconds one may."""

    permits: int
    wait: float = 0.0


@dataclass(frozen=True)
class Rates:
    """Letters a second through one relay, by provider class; ALL is the relay's own."""

    relay: int
    by_class: Mapping[int, float]


def rates(relay: Relay, provider: int) -> Rates:
    """What holds for letters through a relay to a provider; nothing where they go as fast as they can."""
    found = {ALL: relay.per_second, provider: relay.by_provider.get(ProviderClass(provider).name.lower())}
    return Rates(relay.pk, {bucket: float(rate) for bucket, rate in found.items() if rate})


def set_pace(relay: Relay, per_second: float | None, by_provider: Mapping[str, float]) -> None:
    """Change how fast letters may leave through a relay; None, and providers that are not named, stay as they are, 0 is no
    limit. Raises Impossible."""
    known = [provider.name.lower() for provider in ProviderClass]
    if strange := sorted(set(by_provider) - set(known)):
        raise Impossible(f"there is no provider {strange[0]}; known are {', '.join(known)}")
    if any(not 0 <= rate < math.inf for rate in (per_second or 0, *by_provider.values())):
        raise Impossible("a pace is 0 (no limit) or more letters a second")
    if per_second is not None:
        relay.per_second = per_second or None
    merged = relay.by_provider | by_provider
    relay.by_provider = {name: rate for name, rate in sorted(merged.items()) if rate}
    relay.save(update_fields=["per_second", "by_provider"])


def words(relay: Relay) -> str:
    """ "200 a second at most; to gmail 20, to yahoo 0.5"; empty where there is no limit."""
    most = f"{relay.per_second:g} a second at most" if relay.per_second else ""
    each = ", ".join(f"to {name} {rate:g}" for name, rate in relay.by_provider.items())
    return "; ".join(filter(None, [most, each])) if most else each and f"{each} a second at most"


class Pace:
    """Of one worker on its way through one chunk."""

    def __init__(self, wanted: Rates) -> None:
        self.rates = wanted
        self.permits = 0
        self.not_before: datetime | None = None  # where the chunk is to be given back

    def allows(self, until: float) -> bool:
        """Whether the next letter may leave now. Waits for it, but for a second at most and far from `until`, the end of the
        lease on the monotonic clock. No: not before `not_before`."""
        if not self.rates.by_class:
            return True
        if not self.permits:
            self._wait_for_permits(min(LONGEST, (until - time.monotonic()) / 2))
        self.permits -= 1
        return self.not_before is None

    def _wait_for_permits(self, patience: float) -> None:
        wanted, ends = max(1, math.floor(min(self.rates.by_class.values()) * AHEAD)), time.monotonic() + patience
        while True:
            drawn = draw(self.rates, wanted)
            if drawn.permits or time.monotonic() + drawn.wait > ends:
                break
            time.sleep(drawn.wait)
        self.permits = drawn.permits
        if not drawn.permits:
            self.not_before = statements.now() + timedelta(seconds=drawn.wait)


def draw(wanted: Rates, most: int) -> Drawn:
    """Permits of every bucket at once. A database that is away gives none: the ledger could not write such letters ahead."""
    buckets = sorted(wanted.by_class)
    values = {"relay": wanted.relay, "classes": buckets, "rates": [wanted.by_class[bucket] for bucket in buckets]}
    try:
        drawn = statements.row_or_none("draw", **values, most=most)
        if drawn is None:
            _begin(wanted.relay, buckets)
            drawn = statements.row_or_none("draw", **values, most=most)
    except Error:
        drawn = None
    return Drawn(*drawn) if drawn else Drawn(0, LONGEST)


def _begin(relay: int, buckets: list[int]) -> None:
    """Buckets that are new, or were lost."""
    now = statements.now()
    made = [RelayPace(relay_id=relay, provider_class=bucket, level=1.0, at=now) for bucket in buckets]
    RelayPace.objects.bulk_create(made, ignore_conflicts=True)
