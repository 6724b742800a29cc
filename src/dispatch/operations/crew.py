"""Who works: each process with what it does now, its memory and version; and the connections that Dispatch knows of."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dispatch import queue, signs
from dispatch.accounts import permissions
from dispatch.accounts.models import Role
from dispatch.delivery.models import WorkerBeat
from dispatch.operations import health, stats

LOST = timedelta(days=1)


@dataclass(frozen=True)
class Hand:
    """One task that a process is at."""

    task: str
    since: datetime


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
    heard_at: datetime | None


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
    return [
        Worker(one.name, one.queues, one.doing, one.version, one.memory, one.started_at, one.beat_at,
               [Hand(str(hand["task"]), datetime.fromisoformat(hand["since"])) for hand in one.now],
               now - one.beat_at > health.SILENT_AFTER,
               signs.is_deaf(signs.Sign(one.beat_at, one.heard_at), now), one.heard_at)
        for one in beats[:500]
    ]  # fmt: skip


def connections() -> list[Connections]:
    """To the database and to the broker, by what they are for and what they do."""
    found = [
        Connections(f"the database, {name}", state, int(count)) for name, state, count in stats.rows("connections", {})
    ]
    return found + [Connections("the broker", state, count) for state, count in queue.clients(1.0).items()]


@permissions.requires(Role.OPERATOR)
@require_safe
def crew(request: HttpRequest) -> HttpResponse:
    """Workers, clocks, and connections."""
    return render(request, "operations/crew.html", {"workers": workers(), "connections": connections()})
