"""The end of a send: it is closed when nobody is missing, and says so when it does not balance."""

import logging

from django.db import transaction

from dispatch.delivery import ledger, progress, returning, statements
from dispatch.delivery.models import Chunk, DeliveryException, Send

log = logging.getLogger(__name__)
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
