"""Acts upon all readers who match: asked for in one row, done by the clock a part at a time; no page waits for a million."""

from typing import Any

from django.db import transaction

from dispatch import saying
from dispatch.accounts import audit, desks
from dispatch.accounts.models import User
from dispatch.audience.models import Newsletter
from dispatch.delivery import heaps, ledger, ringing, statements
from dispatch.delivery.models import Heap
from dispatch.operations.items import readers
from dispatch.operations.items import wanted as wanting
from dispatch.operations.models import Sweep

SHOWN = 10


def begin(act: str, wanted: wanting.Wanted, by: User, reason: str, *, relay: int = 0) -> Sweep | None:
    """Ask for it. None: nobody who matches may be treated so."""
    found = _touched(wanted, act)
    if not found:
        return None
    with transaction.atomic():
        values: dict[str, Any] = {"wanted": wanted.said, "relay": relay, "asked_at": statements.now(), "entries": {}}
        for send in sorted({heap.send_id for heap in found}):
            entry = audit.record(by, f"readers.{act}", f"send:{send}", f"{wanted.query}: {reason}"[:300])
            values["entries"][str(send)] = entry.pk
        return Sweep.objects.create(act=act, by=by, reason=reason, expected=sum(h.readers for h in found), **values)


def go_on() -> None:
    """The next part of the oldest that is not over. Whoever is killed in it leaves that part undone, and the next begins it
    anew."""
    with transaction.atomic():
        one = Sweep.objects.select_for_update(skip_locked=True).filter(ended_at=None).order_by("pk").first()
        if one is None:
            return
        done = next((n for heap in _left(one) if (n := _step(one, heap))), 0)
        one.done += done
        one.ended_at = None if done else statements.now()
        one.save(update_fields=["done", "ended_at"])
        if not done:
            audit.record(one.by, f"sweep.{one.act}", f"sweep:{one.pk}", f"{_told(one)}: {one.reason}"[:300])
    if done:
        ringing.ring(ledger.promote_due())


def stop(number: int, by: User, reason: str) -> bool:
    """Let it end where it is; what was done stays done. Waits for the part that is being done. False: it is over."""
    with transaction.atomic():
        one = Sweep.objects.select_for_update(of=("self",)).filter(pk=number, ended_at=None).first()
        if one is None:
            return False
        desks.insist(by, *newsletters(wanting.read(one.wanted)))
        one.ended_at, one.stopped_by = statements.now(), by
        one.save(update_fields=["ended_at", "stopped_by"])
        audit.record(by, "sweep.stop", f"sweep:{number}", f"after {_told(one)}: {reason}"[:300])
    return True


def newsletters(wanted: wanting.Wanted) -> list[Newsletter]:
    """Whose readers match."""
    sends = {heap.send_id for heap in readers.matching(wanted)}
    return list(Newsletter.objects.filter(editions__send__in=sends).distinct())


def open_ones() -> list[Sweep]:
    """Those that are not over, the one under way first."""
    return list(Sweep.objects.filter(ended_at=None).select_related("by", "stopped_by").order_by("pk")[:SHOWN])


def marks() -> list[tuple[int, int]]:
    """What differs when a page that shows them should ask anew."""
    return list(Sweep.objects.filter(ended_at=None).order_by("pk").values_list("pk", "done")[:SHOWN])


def recent() -> list[Sweep]:
    """Those under way and the last that ended; the newest first."""
    return list(Sweep.objects.select_related("by", "stopped_by").order_by("-pk")[:SHOWN])


def _told(one: Sweep) -> str:
    return f"{saying.number(one.done)} of {saying.many(one.expected, 'reader')}"


def _step(one: Sweep, heap: Heap) -> int:
    entry = one.entries.get(str(heap.send_id))
    return heaps.step(heap, one.act, one.asked_at, relay=one.relay, entry=entry)


def _left(one: Sweep) -> list[Heap]:
    """Nobody where it names what is not there any more, as a relay that was renamed: it ends."""
    try:
        return _touched(wanting.read(one.wanted), one.act)
    except wanting.Unheard:
        return []


def _touched(wanted: wanting.Wanted, act: str) -> list[Heap]:
    return [heap for heap in readers.matching(wanted) if heap.state in heaps.FROM[act]]
