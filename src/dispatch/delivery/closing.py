"""The end of a send: it is closed when nobody is missing, says so when it does not balance, and forgets after a week."""

import logging
from datetime import timedelta

from django.db import OperationalError, transaction

from dispatch.delivery import ledger, partitions, progress, returning, statements
from dispatch.delivery.models import Chunk, DeliveryException, Send
from dispatch.editions import thinning

log = logging.getLogger(__name__)
KEPT = timedelta(days=7)
ENDS = {Send.State.SENDING: Send.State.FINISHED, Send.State.CANCELLING: Send.State.CANCELLED}


def close(send: Send) -> str:
    """Close it if everything is answered; its state afterwards."""
    with transaction.atomic():
        locked = Send.objects.select_for_update().get(pk=send.pk)
        if locked.state not in ENDS:
            return locked.state
        if locked.state == Send.State.CANCELLING:
            ledger.cancel_free(locked.pk)
        if _is_open(locked.pk):
            return locked.state
        now = progress.of_send(locked.pk)
        balanced = now.balances and not now.in_flight and not now.untouched and not ledger.strays(locked.pk)
        locked.state = ENDS[Send.State(locked.state)] if balanced else Send.State.UNBALANCED
        locked.finished_at = statements.now()
        locked.save(update_fields=["state", "finished_at"])
        if locked.state == Send.State.CANCELLED:
            returning.give_back(locked)
    if not balanced:
        log.error("a send does not balance", extra={"send": locked.pk})
    return locked.state


def _is_open(send: int) -> bool:
    """Whether something of it may still move by itself, or waits for a person (a stuck chunk)."""
    deferred = DeliveryException.objects.filter(send=send, state=DeliveryException.State.DEFERRED)
    return Chunk.objects.filter(send=send).exclude(state=Chunk.State.DONE).exists() or deferred.exists()


def forget_old() -> int:
    """Drop who had which exception, a week after the end; the totals stay. One send at a time, since what is dropped locks
    everyone's exceptions until the commit: how many, 0 or 1."""
    ended = Send.objects.filter(finished_at__lt=statements.now() - KEPT, totals={}, state__in=["finished", "cancelled"])
    try:
        with transaction.atomic():
            old = ended.select_for_update(skip_locked=True).order_by("pk").first()
            if old is None:
                return 0
            old.totals = {"exceptions": progress.of_send(old.pk).exceptions}
            old.save(update_fields=["totals"])
            thinning.thin(old.edition)
            partitions.drop(old.pk)
    except OperationalError:  # someone is reading; they go first
        return 0
    return 1
