"""A dead man's switch: the leading clock asks for an address each minute while things flow, and is silent when they do not.

Whoever keeps the address (Healthchecks, or anything like it) raises the alarm when it hears nothing, whatever became of this
house: its power, its network, its database, its own ways of telling.
"""

import logging
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from dispatch import fetching, queue, signs
from dispatch.accounts import stopping
from dispatch.accounts.models import Stop
from dispatch.delivery.models import Chunk, Relay, Send, WorkerBeat
from dispatch.operations import health

log = logging.getLogger(__name__)
PATIENCE = 10.0
OVERDUE = timedelta(minutes=5)
"""After a lease's end: by then somebody should have taken its chunk over."""
STILL = timedelta(minutes=10)
"""That a send stands still for so long while nothing holds it is no wait for its turn any more."""
GOING = [Send.State.SENDING, Send.State.FIRST_WAVE, Send.State.CANCELLING]


def ping() -> None:
    """Ask for it, where there is one and things flow. The clock does not wait for the answer."""
    if not settings.PING_URL:
        return
    if why := trouble():
        log.warning("no ping: things do not flow", extra={"why": why})
        return
    threading.Thread(target=_ask, args=(settings.PING_URL,), name="ping", daemon=True).start()


def trouble() -> str:
    """Why things do not flow, in words; empty: they do. A STOP or a pause is somebody's wish, and no trouble."""
    return next(_troubles(timezone.now()), "")


def _troubles(now: datetime) -> Iterator[str]:
    if queue.ping(2):
        yield "the broker does not answer"
    alive = WorkerBeat.objects.filter(beat_at__gt=now - health.SILENT_AFTER)
    well = [beat for beat in alive if not (signs.trouble(beat.sign, now) or signs.slow_for(beat.sign, now))]
    heard = {name for beat in well for name in beat.queues.split(",")}
    if deaf := [name for name in queue.QUEUES if name not in heard]:
        yield f"nobody works for {', '.join(deaf)}"
    if _stands_still(now):
        yield "nobody takes up the mail that is due"
    chunks = Chunk.objects.filter(send__state__in=GOING)
    if chunks.filter(state=Chunk.State.STUCK).exists():
        yield "a part of a send is stuck"
    if chunks.filter(state=Chunk.State.LEASED, lease_until__lt=now - OVERDUE).exists():
        yield "nobody takes over what a dead worker held"
    relays = Relay.objects.filter(active=True)
    if relays.exists() and not relays.filter(breaker=Relay.Breaker.CLOSED).exists():
        yield "no relay takes mail"


def _stands_still(now: datetime) -> bool:
    """Whether a send that nothing holds has parts that are due, and no worker held one for long."""
    stopped = stopping.in_force()
    if stopped.filter(scope=Stop.Scope.EVERYTHING).exists():
        return False
    still = Send.objects.filter(state=Send.State.SENDING, started_at__lt=now - STILL)
    still = still.filter(Q(stirred_at=None) | Q(stirred_at__lt=now - STILL))
    still = still.exclude(edition__newsletter__in=stopped.filter(scope=Stop.Scope.NEWSLETTER).values("target"))
    due = Q(not_before=None) | Q(not_before__lte=now)
    return Chunk.objects.filter(due, send__in=still, state=Chunk.State.PENDING, is_retry=False).exists()


def _ask(address: str) -> None:
    """The address is as good as a password to whoever would keep the alarm quiet: it is not logged."""
    answer = fetching.fetch(address, seconds=PATIENCE)
    if isinstance(answer, fetching.Failed):
        log.warning("the ping was not heard")
    elif answer.status >= 300:
        log.warning("the ping was not taken", extra={"status": answer.status})
