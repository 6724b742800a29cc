"""A dead man's switch: the leading clock asks for an address each minute while things flow, and is silent when they do not.

Whoever keeps the address (Healthchecks, or anything like it) raises the alarm when it hears nothing, whatever became of this
house: its power, its network, its database, its own ways of telling.
"""

import logging
import threading
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from dispatch import fetching, queue
from dispatch.delivery.models import Chunk, Relay, Send, WorkerBeat
from dispatch.operations import health

log = logging.getLogger(__name__)
PATIENCE = 10.0
OVERDUE = timedelta(minutes=5)
"""After a lease's end: by then somebody should have taken its chunk over."""
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
    alive = WorkerBeat.objects.filter(beat_at__gt=timezone.now() - health.SILENT_AFTER)
    heard = {name for queues in alive.values_list("queues", flat=True) for name in queues.split(",")}
    if deaf := [name for name in queue.QUEUES if name not in heard]:
        return f"nobody works for {', '.join(deaf)}"
    chunks = Chunk.objects.filter(send__state__in=GOING)
    if chunks.filter(state=Chunk.State.STUCK).exists():
        return "a part of a send is stuck"
    if chunks.filter(state=Chunk.State.LEASED, lease_until__lt=timezone.now() - OVERDUE).exists():
        return "nobody takes over what a dead worker held"
    relays = Relay.objects.filter(active=True)
    if relays.exists() and not relays.filter(breaker=Relay.Breaker.CLOSED).exists():
        return "no relay takes mail"
    return ""


def _ask(address: str) -> None:
    """The address is as good as a password to whoever would keep the alarm quiet: it is not logged."""
    answer = fetching.fetch(address, seconds=PATIENCE)
    if isinstance(answer, fetching.Failed):
        log.warning("the ping was not heard")
    elif answer.status >= 300:
        log.warning("the ping was not taken", extra={"status": answer.status})
