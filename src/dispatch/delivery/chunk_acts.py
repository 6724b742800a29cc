"""What people do to a chunk, each with a reason that the audit log keeps."""

from django.db import transaction

from dispatch import queue
from dispatch.accounts import audit
from dispatch.accounts.models import User
from dispatch.delivery import acts, statements
from dispatch.delivery.models import Chunk, Relay

FREE = (Chunk.State.PENDING, Chunk.State.STUCK)


def hurry(chunk: int, by: User | None, reason: str) -> bool:
    """Let it go now, whatever it waits for; a stuck one gets another chance. False: a worker has it, or it is done."""
    one = Chunk.objects.filter(pk=chunk, state__in=FREE).first()
    if one is None:
        return False
    if one.state == Chunk.State.STUCK:
        return acts.free_stuck(one.send_id, one.number, by, reason)
    with transaction.atomic():
        waiting = Chunk.objects.filter(pk=chunk, state=Chunk.State.PENDING)
        moved = waiting.update(not_before=None, rung_at=statements.to_be_rung())
        if moved:
            audit.record(by, "chunk.retry", f"send:{one.send_id}:chunk:{one.number}", reason)
            queue.enqueue("email.send_chunk", one.send_id, one.number)
    return bool(moved)


def move(chunk: int, relay: Relay, by: User | None, reason: str) -> bool:
    """Let it go by this relay while that one takes mail. False: a worker has it, it is done, or another relay may have its
    letters already."""
    with transaction.atomic():
        free = Chunk.objects.filter(pk=chunk, state__in=FREE).exclude(tie=Chunk.Tie.ONLY)
        moved = free.update(relay=relay, tie=Chunk.Tie.WISH, not_before=None, rung_at=statements.to_be_rung())
        if moved:
            send, number = free.values_list("send", "number")[0]
            audit.record(by, "chunk.move", f"send:{send}:chunk:{number}", f"to {relay.name}: {reason}"[:300])
    return bool(moved)
