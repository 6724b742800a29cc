"""Berths: how many connections to a relay all workers of all hosts have together, in all and for mail to one provider.

A process leases them from the database, so that the limit holds wherever a worker runs and whatever the broker does: without
the database no letter is written ahead, and none leaves. It asks once a chunk and then every few seconds, never per letter,
and where no limit is set it asks nothing. What it holds is renewed by its worker's main process while it lives (a process's
connections end with it), so a killed one's come back with the next beat, and a dead host's when their lease ends.
"""

import contextlib
import json
import os
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import Error, transaction
from django.db.models import Sum

from dispatch.audience.addresses import ProviderClass
from dispatch.delivery import statements
from dispatch.delivery.models import Berth, Relay

LEASE, ALONE = 30.0, 180.0
"""Seconds that berths stay a process's without a sign of its worker; and one's that has no worker, as a page's test."""
LOOK = 2.0
"""Seconds after which a process asks anew what its share is, at its mailer's next look round (SMTP: each three)."""
REST, GOODBYE = 5.0, 3.0
"""Seconds for which connections rest between two chunks where they are counted; and after which they surely are closed."""
FULL = 1.0
"""Seconds for which a process remembers that there was no berth for letters to a provider."""
WISH = REST + GOODBYE
"""Seconds for which a wish in vain counts: meanwhile who has more than their share gives up some."""
PATIENCE = 3.0
"""Seconds that a letter which somebody waits for waits for a berth, before it is left to the clock."""
NOBODY = -1
"""In place of a provider class: of letters that go alone, and of connections at rest."""
LOCK = 0x626572  # "ber": the advisory lock, with a relay, under which berths are dealt out
HIGHEST = 10_000
RENEW = """UPDATE delivery_berth SET until = clock_timestamp() + make_interval(secs => %s)
WHERE holder = ANY (%s) AND is_kept"""


class Impossible(Exception):
    """A limit that cannot be set; its text says why."""


@dataclass
class Room:
    """What one process may have at one relay for one errand: a Room of mailers/base.py."""

    relay: int
    provider: int
    wanted: int  # connections
    limits: Mapping[str, Any]
    urgent: bool = False
    allowed: int = 0
    looked_at: float = field(default_factory=time.monotonic)

    def most(self, standing: int) -> int:
        """How many connections may stand now; the database is asked every few seconds. For one letter it is the one."""
        if not self.urgent and time.monotonic() >= self.looked_at + LOOK:
            self.look(standing)
        return self.allowed

    def look(self, standing: int) -> None:
        """Ask for the share of this moment, by the limits of this moment. A database that is away leaves it as it is: the
        ledger ends the errand."""
        self.looked_at = time.monotonic()
        with contextlib.suppress(Error):
            self.limits = limits(Relay.objects.get(pk=self.relay))
            self.allowed = _deal(self, standing, begins=False)

    def rest(self, resting: int) -> tuple[int, float | None]:
        """Give them back; some may rest for the next errand, where others do not want them."""
        try:
            if self.limits["most"] is None:  # at rest they are nobody's, and only a relay's own limit counts them
                Berth.objects.filter(relay=self.relay, holder=_holder()).delete()
                return resting, None
            with _locked(self.relay):
                values = {"relay": self.relay, "holder": _holder(), "most": self.limits["most"]}
                found = statements.row_or_none("berth_rest", **values, resting=resting, seconds=REST + GOODBYE)
        except Error:
            return 0, 0.0  # they are not known to be ours any more
        return (int(found[0]) if found else 0), REST

    @property
    def is_lost(self) -> bool:
        """Whether others' turn has come, and the errand ends."""
        return self.allowed < 1


def take(relay: Relay, provider: int, wanted: int, resting: int | None = None) -> Room | None:
    """Berths for an errand with letters to a provider. None: there are none now; the wish stands for a few seconds.

    `resting`: how many connections of this process rest now; None: as many as it said last.
    """
    room = Room(relay.pk, provider, max(1, wanted), limits(relay))
    room.allowed = _deal(room, resting)
    return None if room.is_lost else room


def for_one(relay: Relay, resting: int | None = None) -> Room | None:
    """A berth for one letter that somebody waits for: the next that is free, within a few seconds. None: none was.
    `resting` as with `take`."""
    room, ends = Room(relay.pk, NOBODY, 1, limits(relay), urgent=True), time.monotonic() + PATIENCE
    while True:
        room.allowed = _deal(room, resting)
        if not room.is_lost:
            return room
        if time.monotonic() > ends:
            return None
        time.sleep(0.2)


def is_limited(relay: Relay, provider: int = NOBODY) -> bool:
    """Whether connections for such letters are counted."""
    return relay.most_connections is not None or _name(provider) in relay.most_by_provider


def note_full(provider: int) -> None:
    """No relay has a berth for letters to this provider now: another chunk is of more use."""
    _full[provider] = time.monotonic() + FULL


def full() -> list[int]:
    """Provider classes for which there just was no berth."""
    if not _full:
        return []
    now = time.monotonic()
    return [provider for provider, until in _full.items() if until > now]


def limits(relay: Relay) -> dict[str, Any]:
    """As the statement wants them."""
    numbers = {_name(provider.value): provider.value for provider in ProviderClass}
    by_class = {str(numbers[name]): most for name, most in relay.most_by_provider.items() if name in numbers}
    return {"most": relay.most_connections, "by_class": json.dumps(by_class)}


def set_limits(relay: Relay, most: int | None, by_provider: Mapping[str, int]) -> None:
    """Change how many connections there may be; None, and providers that are not named, stay as they are, 0 is no limit.
    Raises Impossible."""
    known = [_name(provider.value) for provider in ProviderClass]
    if strange := sorted(set(by_provider) - set(known)):
        raise Impossible(f"there is no provider {strange[0]}; known are {', '.join(known)}")
    if any(not 0 <= number <= HIGHEST for number in (most or 0, *by_provider.values())):
        raise Impossible(f"a limit is 0 (none) or a whole number of connections, {HIGHEST} at most")
    if most is not None:
        relay.most_connections = most or None
    merged = relay.most_by_provider | dict(by_provider)
    relay.most_by_provider = {name: number for name, number in sorted(merged.items()) if number}
    relay.save(update_fields=["most_connections", "most_by_provider"])


@dataclass(frozen=True)
class Use:
    """Connections in use and at rest, in all or for one provider ("gmail"); `most`: None where there is no limit."""

    to: str
    held: int
    most: int | None


def in_use(relay: Relay) -> list[Use]:
    """What is counted of a relay now; nothing where it has no limits."""
    living = Berth.objects.filter(relay=relay, until__gt=statements.now())
    held = dict(living.values_list("provider_class").annotate(held=Sum("held")))
    found = [Use("", sum(held.values()), relay.most_connections)] if relay.most_connections else []
    of = {_name(provider.value): held.get(provider.value, 0) for provider in ProviderClass}
    return found + [Use(name, of.get(name, 0), most) for name, most in relay.most_by_provider.items()]


def words(relay: Relay) -> str:
    """ "3 of 20 in use; to gmail 2 of 5"; empty where there is no limit."""
    said = [f"{'to ' if one.to else ''}{one.to} {one.held} of {one.most}".strip() for one in in_use(relay)]
    if not said:
        return ""
    return "; ".join([f"{said[0]} in use", *said[1:]])


def muster() -> None:
    """This process is a worker's main one: it renews its own berths and those of the processes that it forks."""
    _crew.append(_SIGN)


def renew() -> None:
    """Whose process lives keeps its berths, whatever it waits for; a dead one's are free at once. Raises Error."""
    held = Berth.objects.filter(holder__startswith=f"{_SIGN}:")
    holders = list(held.values_list("holder", flat=True))
    dead = [holder for holder in holders if not _lives(int(holder.split(":")[1]))]
    if dead:
        held.filter(holder__in=dead).delete()
    if holders:
        statements.run(RENEW, LEASE, [holder for holder in holders if holder not in dead])


def _deal(room: Room, standing: int | None, *, begins: bool = True) -> int:
    values: dict[str, Any] = {"relay": room.relay, "holder": _holder()}
    values |= {"provider": room.provider, "wanted": room.wanted}
    values |= {
        "urgent": room.urgent,
        "standing": standing,
        "begins": begins,
        "lease": LEASE if _crew else ALONE,
        "wish": WISH,
        **room.limits,
    }
    with _locked(room.relay):
        (berths,) = statements.row("berth", **values)
    return int(berths)


@contextlib.contextmanager
def _locked(relay: int) -> Iterator[None]:
    with transaction.atomic():
        statements.run("SELECT pg_advisory_xact_lock(%s, %s)", LOCK, relay)
        yield


def _holder() -> str:
    """A worker's process has one thread that sends; a page's may have several."""
    return f"{_SIGN}:{os.getpid()}:{threading.get_ident()}"


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _name(provider: int) -> str:
    return ProviderClass(provider).name.lower() if provider != NOBODY else ""


_full: dict[int, float] = {}
"""By provider class, until when nobody here asks again, on the monotonic clock."""
_crew: list[str] = []
"""Whether a main process renews what this one holds: not empty in a worker."""
_SIGN = secrets.token_hex(6)
"""Made before a worker forks, so that all its processes share it."""
