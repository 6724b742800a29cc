"""How fast letters may leave through a relay, in all and to each mailbox provider: buckets of permits that all workers share.

The buckets are in the broker and are no truth: whoever loses them loses pace, not readers. Where the broker is no Redis, or
does not answer, each process keeps to a small share of the pace by itself.
"""

import contextlib
import math
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from dispatch import env, queue
from dispatch.audience.addresses import ProviderClass
from dispatch.delivery import statements
from dispatch.delivery.models import Relay

ALONE = 0.1
"""The share of a pace that a process allows itself while it cannot ask what the others do."""
LONGEST = 1.0
"""Seconds that a worker waits with a chunk in its hands; then it gives it back."""
AHEAD = 0.25
"""Seconds' worth of permits that a worker draws at once."""
SULKS = 5.0
"""Seconds after which a broker that did not answer is asked again."""
DRAW = (Path(__file__).parent / "draw.lua").read_text(encoding="utf-8")
Rates = dict[str, float]
"""Letters a second, by bucket."""


class Impossible(Exception):
    """A pace that cannot be set; its text says why."""


@dataclass(frozen=True)
class Drawn:
    """How many letters may leave now; if none, in how many seconds one may."""

    permits: int
    wait: float = 0.0


def rates(relay: Relay, provider: int) -> Rates:
    """What holds for letters through a relay to a provider; nothing where they go as fast as they can."""
    found = {f"dispatch:pace:{relay.pk}": relay.per_second}
    name = ProviderClass(provider).name.lower()
    found[f"dispatch:pace:{relay.pk}:{name}"] = relay.by_provider.get(name)
    return {bucket: float(rate) for bucket, rate in found.items() if rate}


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


def trouble() -> str:
    """Why processes keep their pace by themselves; empty while the broker keeps it for all."""
    if env.broker_url().startswith("amqp"):
        return "RabbitMQ cannot count letters"
    return queue.ping()


class Pace:
    """Of one worker on its way through one chunk."""

    def __init__(self, wanted: Rates) -> None:
        self.rates = wanted
        self.permits = 0
        self.not_before: datetime | None = None  # where the chunk is to be given back

    def allows(self, until: float) -> bool:
        """Whether the next letter may leave now. Waits for it, but for a second at most and far from `until`, the end of the
        lease on the monotonic clock. No: not before `not_before`."""
        if not self.rates:
            return True
        if not self.permits:
            self._wait_for_permits(min(LONGEST, (until - time.monotonic()) / 2))
        self.permits -= 1
        return self.not_before is None

    def _wait_for_permits(self, patience: float) -> None:
        wanted, ends = max(1, math.floor(min(self.rates.values()) * AHEAD)), time.monotonic() + patience
        while True:
            drawn = draw(self.rates, wanted)
            if drawn.permits or time.monotonic() + drawn.wait > ends:
                break
            time.sleep(drawn.wait)
        self.permits = drawn.permits
        if not drawn.permits:
            self.not_before = statements.now() + timedelta(seconds=drawn.wait)


def draw(wanted: Rates, most: int) -> Drawn:
    """Permits of every bucket at once, from the broker where that can be.

    Measured on two busy cores: 0.25 ms for two buckets; four workers at 200 a second drew 1,003 permits in five seconds.
    """
    if _shared.is_there():
        with contextlib.suppress(Exception):  # each transport has its own; all mean the same: keep to our own pace
            return _shared.draw(wanted, most)
        _shared.sulk()
    return _own.draw({bucket: rate * ALONE for bucket, rate in wanted.items()}, most)


class _Shared:
    """The broker's buckets."""

    def __init__(self) -> None:
        self.not_before = 0.0

    def is_there(self) -> bool:
        return not env.broker_url().startswith("amqp") and time.monotonic() >= self.not_before

    def sulk(self) -> None:
        self.not_before = time.monotonic() + SULKS
        hang_up()

    def draw(self, wanted: Rates, most: int) -> Drawn:
        permits, wait = _client().eval(DRAW, len(wanted), *wanted, most, *wanted.values())
        return Drawn(int(permits), int(wait) / 1000)


@dataclass
class Own:
    """A process's own buckets: as `draw.lua`, on the process's clock."""

    levels: dict[str, tuple[float, float]] = field(default_factory=dict)  # permits, and when there were so many
    clock: Callable[[], float] = time.monotonic

    def draw(self, wanted: Rates, most: int) -> Drawn:
        """As many permits as every bucket has."""
        now = self.clock()
        levels = {bucket: self._level(bucket, rate, now) for bucket, rate in wanted.items()}
        permits = max(0, min(most, *(math.floor(level) for level in levels.values())))
        self.levels |= {bucket: (level - permits, now) for bucket, level in levels.items()}
        return Drawn(
            permits, max((1 - levels[bucket]) / rate for bucket, rate in wanted.items()) if not permits else 0.0
        )

    def _level(self, bucket: str, rate: float, now: float) -> float:
        level, then = self.levels.get(bucket, (1.0, now))
        return min(max(1.0, rate), level + (now - then) * rate)


@cache
def _client() -> Any:
    return queue.redis(seconds=0.5)


def hang_up() -> None:
    """Close the connection that draws permits, where there is one."""
    if _client.cache_info().currsize:
        _client().connection_pool.disconnect()
        _client.cache_clear()


_shared, _own = _Shared(), Own()
os.register_at_fork(after_in_child=_client.cache_clear)
