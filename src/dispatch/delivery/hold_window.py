"""The hold window: the minutes that a newsletter gives everyone at the desk to stop a send that is ready, before its first
letter leaves. Nothing of it can be claimed meanwhile; pausing it is stopping it."""

from datetime import timedelta

from django.db import transaction

from dispatch.accounts import audit
from dispatch.accounts.models import User
from dispatch.delivery import statements, waves
from dispatch.delivery.models import Send


def begin(send: Send) -> bool:
    """Make a send that would leave now wait for as long as its newsletter says. False: it says nothing, nobody is written
    to, or it stands still anyway. The caller saves the row."""
    wait = timedelta(minutes=send.edition.newsletter.hold)
    if not wait or not send.frozen_count or send.state == Send.State.PAUSED:
        return False
    send.state, send.holds_until = Send.State.READY, statements.now() + wait
    return True


def let_go(send: int, by: User, reason: str) -> bool:
    """Let it leave before its window is over. False: it does not wait any more."""
    with transaction.atomic():
        gone = _go(send)
        if gone:
            audit.record(by, "send.let_go", f"send:{send}", reason)
    return gone


def over() -> list[int]:
    """Let go of those whose window has ended: their numbers."""
    come = Send.objects.filter(state=Send.State.READY, holds_until__lte=statements.now()).order_by("pk")
    return [number for number in come.values_list("pk", flat=True) if _go(number)]


@transaction.atomic
def _go(send: int) -> bool:
    """The time that it waited is not taken from deferrals."""
    one = Send.objects.select_for_update().filter(pk=send, state=Send.State.READY).first()
    if one is None:
        return False
    now = statements.now()
    if one.expires_at and one.started_at:
        one.expires_at = now + (one.expires_at - one.started_at)
    one.state = Send.State.FIRST_WAVE if waves.is_open(one) else Send.State.SENDING
    one.started_at, one.holds_until = now, None
    one.save(update_fields=["state", "started_at", "expires_at", "holds_until"])
    one.chunks.update(rung_at=None)
    return True
