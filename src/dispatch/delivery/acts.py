"""What people do to a send, each with a reason that the audit log keeps."""

from django.db import connection, transaction

from dispatch import queue
from dispatch.accounts import audit
from dispatch.accounts.models import User
from dispatch.delivery import ledger
from dispatch.delivery.models import Chunk, DeliveryException, Send

GOING = (Send.State.SENDING, Send.State.FIRST_WAVE, Send.State.READY)
State = DeliveryException.State


def pause(send: int, by: User | None, reason: str) -> bool:
    """Nothing more is written ahead from now on; at most the windows on the wire still leave. False: it was not going."""
    return _move(send, GOING, Send.State.PAUSED, act="send.pause", by=by, reason=reason)


def resume(send: int, by: User | None, reason: str) -> bool:
    """Go on where it stopped. False: it was not paused."""
    moved = _move(send, (Send.State.PAUSED,), Send.State.SENDING, act="send.resume", by=by, reason=reason)
    if moved:
        Chunk.objects.filter(send=send, state=Chunk.State.PENDING).update(rung_at=None)
    return moved


def cancel(send: int, by: User | None, reason: str) -> bool:
    """End it for everyone who was not written to yet. Not to be undone. False: it was over already."""
    moved = _move(
        send,
        (*GOING, Send.State.PAUSED, Send.State.DRAFT),
        Send.State.CANCELLING,
        act="send.cancel",
        by=by,
        reason=reason,
    )
    if moved:
        ledger.cancel_free(send)
    return moved


def retry(send: int, by: User | None, reason: str, *, state: str = State.DEFERRED) -> int:
    """Try those deferred, refused or unknown again, now. How many. For the unknown this may mail someone twice."""
    assert state in {State.DEFERRED, State.REFUSED, State.UNKNOWN}
    with transaction.atomic():
        rows = DeliveryException.objects.filter(send=send, state=state, retry_chunk=None)
        count = rows.update(state=State.DEFERRED, next_attempt_at=_now(), doubts=0)
        Send.objects.filter(pk=send, state=Send.State.FINISHED).update(state=Send.State.SENDING, finished_at=None)
        audit.record(by, "send.retry", f"send:{send}:{state}", reason)
    for number in ledger.promote_due():
        queue.enqueue("email.send_chunk", *number)
    return count


def drop(send: int, by: User | None, reason: str, *, state: str) -> int:
    """Let go of those deferred or unknown: deferred become cancelled, unknown stay so but are settled. How many."""
    assert state in {State.DEFERRED, State.UNKNOWN}
    with transaction.atomic():
        rows = DeliveryException.objects.filter(send=send, state=state, retry_chunk=None)
        count = rows.update(state=State.CANCELLED, next_attempt_at=None)
        audit.record(by, "send.drop", f"send:{send}:{state}", reason)
    return count


def free_stuck(send: int, number: int, by: User | None, reason: str) -> bool:
    """Give a chunk that killed its workers another chance."""
    stuck = Chunk.objects.filter(send=send, number=number, state=Chunk.State.STUCK)
    freed = stuck.update(state=Chunk.State.PENDING, takeovers=0, rung_at=None)
    if freed:
        audit.record(by, "chunk.free", f"send:{send}:chunk:{number}", reason)
    return bool(freed)


def _move(send: int, states: tuple[str, ...], to: str, *, act: str, by: User | None, reason: str) -> bool:
    with transaction.atomic():
        moved = Send.objects.filter(pk=send, state__in=states).update(state=to)
        if moved:
            audit.record(by, act, f"send:{send}", reason)
    return bool(moved)


def _now() -> object:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        row = cursor.fetchone()
    assert row is not None
    return row[0]
