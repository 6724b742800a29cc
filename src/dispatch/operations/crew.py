"""Who works: each process with what it does now, its connections to relays, its memory and version; and the connections that
Dispatch knows of."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dispatch import queue, saying, signs
from dispatch.accounts import permissions
from dispatch.accounts.models import Role
from dispatch.delivery.models import HungTask, WorkerBeat
from dispatch.operations import health, stats

LOST = timedelta(days=1)
STILL = timedelta(minutes=2)
"""Of a task: most end within seconds, and a letter's answer that takes longer is rare."""


@dataclass(frozen=True)
class Hand:
    """One task that a process is at."""

    task: str
    since: datetime
    advanced: datetime  # when it last got on: answered a letter, kept a part of a backup

    @property
    def idle(self) -> str:
        """For how long it got on with nothing, where that is worth a word; else empty."""
        seconds = timezone.now() - self.advanced
        return saying.span(seconds) if seconds > STILL else ""

    def __str__(self) -> str:
        return f"{self.task} (nothing for {self.idle})" if self.idle else self.task


@dataclass(frozen=True)
class Connected:
    """A worker's connections to one relay that are in one state."""

    relay: str
    state: str  # opening, at work, at rest
    count: int
    since: datetime  # the oldest of its processes that has such a one began to

    def __str__(self) -> str:
        return f"{self.count} {self.state}"


@dataclass(frozen=True)
class Worker:
    """A process and its children, as its last sign of life said."""

    name: str
    queues: str
    doing: str
    version: str
    memory: int  # bytes; 0: not known
    started_at: datetime
    beat_at: datetime
    now: list[Hand]
    is_silent: bool
    is_deaf: bool  # it gives signs of life, and no doorbell comes through to it: see signs.py
    slow_for: timedelta | None  # how long it has been starting, where that is long
    heard_at: datetime | None
    connections: list[Connected]  # to relays

    @property
    def relays(self) -> dict[str, list[Connected]]:
        """The same by relay."""
        names = dict.fromkeys(one.relay for one in self.connections)
        return {name: [one for one in self.connections if one.relay == name] for name in names}


@dataclass(frozen=True)
class Connections:
    """How many of one kind, in one state."""

    to: str
    state: str
    count: int


def workers() -> list[Worker]:
    """Those of the last day, by name; who is silent ended without a word, or its host is away; who is deaf is of no use."""
    now = timezone.now()
    beats = WorkerBeat.objects.filter(beat_at__gt=now - LOST).order_by("queues", "name")
    return [_worker(one, now) for one in beats[:500]]


def connections(crew: list[Worker]) -> list[Connections]:
    """To relays, as the crew's living say; to the database and to the broker, by what they are for and what they do."""
    to_relays: Counter[tuple[str, str]] = Counter()
    for one in (one for worker in crew if not worker.is_silent for one in worker.connections):
        to_relays[one.relay, one.state] += one.count
    found = [Connections(f"the relay {relay}", state, count) for (relay, state), count in sorted(to_relays.items())]
    found += [
        Connections(f"the database, {name}", state, int(count)) for name, state, count in stats.rows("connections", {})
    ]
    return found + [Connections("the broker", state, count) for state, count in queue.clients(1.0).items()]


def hung() -> list[HungTask]:
    """Tasks that hung and were ended, by kind, the last first."""
    return list(HungTask.objects.order_by("-last_at"))


def _hand(told: dict[str, str]) -> Hand:
    since = datetime.fromisoformat(told["since"])
    return Hand(told["task"], since, datetime.fromisoformat(told["advanced"]) if "advanced" in told else since)


def _worker(one: WorkerBeat, now: datetime) -> Worker:
    return Worker(
        one.name, one.queues, one.doing, one.version, one.memory, one.started_at, one.beat_at,
        [_hand(hand) for hand in one.now],
        now - one.beat_at > health.SILENT_AFTER,
        signs.is_deaf(one.sign, now), signs.slow_for(one.sign, now), one.heard_at,
        [Connected(**{**each, "since": datetime.fromisoformat(each["since"])}) for each in one.connections],
    )  # fmt: skip


@permissions.requires(Role.OPERATOR)
@require_safe
def crew(request: HttpRequest) -> HttpResponse:
    """Workers, clocks, and connections."""
    found = workers()
    parts = {"workers": found, "connections": connections(found), "hung": hung(), "remedy": signs.REMEDY}
    return render(request, "operations/crew.html", parts)
