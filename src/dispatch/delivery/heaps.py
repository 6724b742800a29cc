"""Readers of a send who stand alike, and what may be done with them: a heap at a time, or one by one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from dispatch.accounts import audit
from dispatch.accounts.models import User
from dispatch.delivery import acts, statements
from dispatch.delivery.models import DeliveryException, Heap

State = DeliveryException.State
AT_ONCE = 20_000
"""Readers that an act changes in one transaction."""
FROM = {
    "retry": (State.DEFERRED, State.REFUSED, State.UNKNOWN),
    "move": (State.DEFERRED, State.REFUSED, State.UNKNOWN),
    "drop": (State.DEFERRED, State.UNKNOWN),
}
"""By act, the states in which it may be asked for."""


@dataclass(frozen=True)
class Standing:
    """How one reader stands, by number."""

    send: int
    reader: int
    chunk: int
    state: str
    code: str
    attempts: int
    next_at: datetime | None
    is_held: bool  # a retry chunk has them: they are about to be tried
    at: datetime
    provider: int
    relay: int


def listed(heaps: Sequence[Heap], skip: int, most: int) -> list[Standing]:
    """Some of their readers, from the first heap on."""
    wanted = list(heaps)
    while wanted and wanted[0].readers <= skip:
        skip -= wanted.pop(0).readers
    columns: dict[str, Any] = {
        "sends": [heap.send_id for heap in wanted],
        "states": [heap.state for heap in wanted],
        "providers": [heap.provider_class for heap in wanted],
        "relays": [heap.relay_id for heap in wanted],
        "codes": [heap.code for heap in wanted],
    }
    return [Standing(*row) for row in statements.rows("of_heaps", **columns, skip=skip, most=most)] if wanted else []


def step(
    heap: Heap,
    act: str,
    asked: datetime,
    *,
    relay: int = 0,
    readers: list[int] | None = None,
    entry: int | None = None,
) -> int:
    """Do an act to up to AT_ONCE readers of a heap, or to these of them; how many it was. 0: nobody is left, or it is not
    to be done in that state or send. `asked`: whoever was answered later is left alone. `entry`: of the audit log; their
    pasts name it."""
    if heap.state not in FROM[act]:
        return 0
    to = State.CANCELLED if act == "drop" else State.DEFERRED
    values: dict[str, Any] = {
        "send": heap.send_id,
        "state": heap.state,
        "provider": heap.provider_class,
        "code": heap.code,
    }
    values |= {"relay": heap.relay_id, "asked": asked, "to": to, "by_relay": relay if act == "move" else 0}
    values |= {"readers": readers, "entry": entry, "size": AT_ONCE}
    with transaction.atomic():
        count = len(statements.rows("sweep", **values))
        if count and act != "drop" and not acts.reopen(heap.send_id):
            transaction.set_rollback(True)
            return 0
    return count


def one(send: int, reader: int, act: str, by: User | None, reason: str, *, relay: int = 0) -> bool:
    """Do an act to one reader. False: they stand otherwise by now."""
    with transaction.atomic():
        found = DeliveryException.objects.filter(send=send, subscriber_id=reader).first()
        if found is None:
            return False
        names = ("send_id", "state", "provider_class", "code")
        same = {name: getattr(found, name) for name in names}
        heap = Heap(readers=1, relay_id=found.answered_by, **same)
        entry = audit.record(by, f"reader.{act}", f"send:{send}", reason)  # for ever: it names no reader
        done = step(heap, act, statements.now(), relay=relay, readers=[reader], entry=entry.pk)
        if not done:
            transaction.set_rollback(True)
    return bool(done)
