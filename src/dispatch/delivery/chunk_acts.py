"""What people do to a chunk, each with a reason that the audit log keeps."""

from django.db import transaction

from dispatch import queue
from dispatch.accounts import audit
from dispatch.accounts.models import User
from dispatch.delivery import acts, isolating, statements
from dispatch.delivery.models import Chunk, Relay, Send

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
    """Let it go by this relay while that one takes mail; a stuck one gets another chance there. False: a worker has it, it is
    done, or another relay may have its letters already."""
    with transaction.atomic():
        free = Chunk.objects.filter(pk=chunk, state__in=FREE).exclude(tie=Chunk.Tie.ONLY)
        again = {"state": Chunk.State.PENDING, "takeovers": 0, "trouble": ""}
        moved = free.update(relay=relay, tie=Chunk.Tie.WISH, not_before=None, rung_at=statements.to_be_rung(), **again)
        if moved:
            send, number = free.values_list("send", "number")[0]
            _stir(send)
            audit.record(by, "chunk.move", f"send:{send}:chunk:{number}", f"to {relay.name}: {reason}"[:300])
            queue.enqueue("email.send_chunk", send, number)
    return bool(moved)


def drop(chunk: int, by: User | None, reason: str) -> bool:
    """Let go of a stuck one: whoever of it was not answered becomes cancelled, or unknown where a worker or a relay may have
    sent it. Not to be undone. False: it is not stuck."""
    one = Chunk.objects.filter(pk=chunk, state=Chunk.State.STUCK).values_list("send", "number").first()
    if one is None:
        return False
    send, number = one
    with transaction.atomic():
        entry = audit.record(by, "chunk.drop", f"send:{send}:chunk:{number}", reason)
        if not isolating.let_go(send, number, entry.pk):
            transaction.set_rollback(True)
            return False
        _stir(send)
    return True


def _stir(send: int) -> None:
    """A person set it going: it does not pause for having stood still."""
    Send.objects.filter(pk=send).update(stirred_at=statements.now())
