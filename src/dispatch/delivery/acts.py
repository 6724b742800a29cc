"""What people do to a send, each with a reason that the audit log keeps."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from dispatch.accounts import audit
from dispatch.accounts.models import AuditEntry, User
from dispatch.delivery import comparing, ledger, ringing, statements, waves
from dispatch.delivery.models import Chunk, DeliveryException, Send

GOING = (Send.State.SENDING, Send.State.FIRST_WAVE, Send.State.READY)
State = DeliveryException.State
PATIENCE = timedelta(days=1)
"""How long those whom a person tries again are tried, even past the edition's own time."""


def pause(send: int, by: User | None, reason: str) -> bool:
    """Nothing more is written ahead from now on; at most the windows on the wire still leave. False: it was not going."""
    return _move(send, GOING, Send.State.PAUSED, act="send.pause", by=by, reason=reason)


def resume(send: int, by: User | None, reason: str) -> bool:
    """Go on where it stopped; in a first wave, with that alone. False: it was not paused."""
    with transaction.atomic():
        one = Send.objects.select_for_update().get(pk=send)
        to = Send.State.FIRST_WAVE if waves.is_open(one) else Send.State.SENDING
        moved = _move(send, (Send.State.PAUSED,), to, act="send.resume", by=by, reason=reason)
        Send.objects.filter(pk=send, state=to).update(trouble="", stirred_at=statements.now())
    if moved:
        _ring(send)
    return moved


def send_rest(send: int, by: User | None, reason: str) -> bool:
    """Let the rest go now, whatever the first wave showed. False: it waits for none, or is over."""
    with transaction.atomic():
        waiting = Send.objects.filter(pk=send, first_wave__gt=0, wave_over_at=None)
        let_go = waiting.filter(state__in=(Send.State.FIRST_WAVE, Send.State.PAUSED)).update(
            state=Send.State.SENDING, wave_over_at=statements.now(), trouble="", is_held=False
        )
        if let_go:
            comparing.decide(Send.objects.get(pk=send))
            audit.record(by, "send.rest", f"send:{send}", reason)
    if let_go:
        _ring(send)
    return bool(let_go)


def keep_paused(send: int, by: User | None, reason: str) -> bool:
    """Someone has seen that it paused by itself, and leaves it so. False: there is nothing to see any more."""
    with transaction.atomic():
        seen = Send.objects.filter(pk=send, state=Send.State.PAUSED, is_held=True).update(is_held=False)
        if seen:
            audit.record(by, "send.keep_paused", f"send:{send}", reason)
    return bool(seen)


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
    """Try those deferred, refused or unknown again, now, and for a day on. How many; none of a send that was cancelled.

    For the unknown this may mail someone twice; not where a provider knows the letter by its key, which stays the same.
    """
    assert state in {State.DEFERRED, State.REFUSED, State.UNKNOWN}
    with transaction.atomic():
        if not _waiting(send, state).exists() or not reopen(send):
            return 0
        count = _let(send, state, State.DEFERRED, audit.record(by, "send.retry", f"send:{send}:{state}", reason))
        if not count:
            transaction.set_rollback(True)
            return 0
    ringing.ring(ledger.promote_due())
    return count


def reopen(send: int) -> bool:
    """Let a send go on for those who are tried again, for a day at least. False: it was cancelled, or is forgotten."""
    living = Send.objects.select_for_update().filter(
        state__in=(*GOING, Send.State.PAUSED, Send.State.FINISHED), totals={}
    )
    one, now = living.filter(pk=send).first(), statements.now()
    if one is None:
        return False
    if one.state == Send.State.FINISHED:
        one.state, one.finished_at = Send.State.SENDING, None
    one.expires_at, one.stirred_at = max(one.expires_at or now, now + PATIENCE), now
    one.save(update_fields=["state", "finished_at", "expires_at", "stirred_at"])
    return True


def drop(send: int, by: User | None, reason: str, *, state: str) -> int:
    """Let go of those deferred or unknown: they become cancelled, and their code still says why they waited. How many."""
    assert state in {State.DEFERRED, State.UNKNOWN}
    with transaction.atomic():
        if not _waiting(send, state).exists():
            return 0
        count = _let(send, state, State.CANCELLED, audit.record(by, "send.drop", f"send:{send}:{state}", reason))
        if not count:
            transaction.set_rollback(True)
    return count


def free_stuck(send: int, number: int, by: User | None, reason: str) -> bool:
    """Give a chunk that killed its workers another chance."""
    stuck = Chunk.objects.filter(send=send, number=number, state=Chunk.State.STUCK)
    with transaction.atomic():
        freed = stuck.update(state=Chunk.State.PENDING, takeovers=0, rung_at=statements.to_be_rung(), trouble="")
        if freed:
            Send.objects.filter(pk=send).update(stirred_at=statements.now())
            audit.record(by, "chunk.free", f"send:{send}:chunk:{number}", reason)
    return bool(freed)


def _ring(send: int) -> None:
    """Its chunks are rung for at once."""
    Chunk.objects.filter(send=send, state=Chunk.State.PENDING).update(rung_at=statements.to_be_rung())


def _waiting(send: int, state: str) -> QuerySet[DeliveryException]:
    """Those in this state whom no retry chunk holds right now."""
    return DeliveryException.objects.filter(send=send, state=state, retry_chunk=None)


def _let(send: int, state: str, to: str, entry: AuditEntry) -> int:
    """As an act upon a heap does (heaps.py), whatever the provider, relay and reply. How many it was."""
    whichever: dict[str, Any] = dict.fromkeys(("provider", "relay", "code", "readers", "size"))
    whichever |= {"send": send, "state": state, "to": to, "by_relay": 0, "asked": statements.now(), "entry": entry.pk}
    return len(statements.rows("sweep", **whichever))


def _move(send: int, states: tuple[str, ...], to: str, *, act: str, by: User | None, reason: str) -> bool:
    with transaction.atomic():
        moved = Send.objects.filter(pk=send, state__in=states).update(state=to, is_held=False)
        if moved:
            audit.record(by, act, f"send:{send}", reason)
    return bool(moved)
