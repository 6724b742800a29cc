"""Who of a send's audience has no mail of it, why, and sending to exactly those. Readers are named by number."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet

from dispatch import vault
from dispatch.accounts import audit
from dispatch.accounts.models import User
from dispatch.audience.models import Subscriber
from dispatch.delivery import ledger, ringing, statements
from dispatch.delivery.acts import PATIENCE
from dispatch.delivery.models import Chunk, DeliveryException, Send
from dispatch.editions.models import Edition

State = DeliveryException.State
SENDABLE = (State.DEFERRED, State.REFUSED, State.FAILED_RENDER, State.CANCELLED)
"""Who surely has nothing, and is to be written to: not who bounced or left, and not who may have it."""
OVER = (Send.State.FINISHED, Send.State.CANCELLED)
ADDRESSES = 50
"""Shown at once, at most: a list leaves by an export, which takes two people."""


class TooMany(Exception):
    """More addresses than are shown."""


@dataclass(frozen=True)
class Reason:
    """Why some have no mail: a state of DeliveryException, `in_flight` or `untouched`; and the relay's code, if any."""

    fate: str
    code: str
    readers: int


@dataclass(frozen=True)
class Absent:
    """A reader without mail, by number."""

    reader: int
    fate: str
    code: str


def reasons(send: int) -> list[Reason]:
    """The commonest first. Of a send whose details are gone, by what its totals say."""
    kept = Send.objects.values_list("totals", flat=True).get(pk=send)
    if kept:
        counts = [Reason(fate, "", count) for fate, count in kept["exceptions"].items() if fate != State.COMPLAINED]
        return sorted(counts, key=lambda reason: -reason.readers)
    return [Reason(fate, code, int(count)) for fate, code, count in statements.rows("missing", send=send)]


def readers(send: int) -> Iterator[Absent]:
    """Each of them, a chunk at a time; nobody once the details are gone."""
    numbers = Chunk.objects.filter(send=send, is_retry=False).order_by("number").values_list("number", flat=True)
    for number in list(numbers):
        for row in statements.rows("missing_of", send=send, number=number):
            yield Absent(*row)


def addresses(send: int, by: User, reason: str) -> dict[int, str]:
    """By reader, for someone who must write to them by hand. It stands in the audit log. Raises TooMany."""
    found = [absent.reader for absent in readers(send)]
    if len(found) > ADDRESSES:
        raise TooMany(
            f"{len(found)} readers are missing, and {ADDRESSES} addresses at most are shown. Ask for an export."
        )
    audit.record(by, "send.missing_addresses", f"send:{send}", reason)
    rows = Subscriber.objects.filter(pk__in=found).order_by("pk").values_list("pk", "address")
    return {number: vault.unseal(bytes(address), f"subscriber:{number}:address") for number, address in rows}


def sendable(send: int) -> int:
    """How many `send_to` would write to now."""
    one = _over(send)
    return _waiting(one).count() if one else 0


def send_to(send: int, by: User | None, reason: str) -> int:
    """Send it to exactly those of its audience who surely have nothing, as a further round of the same send: who has it stays
    as they are, and a letter has the Message-ID that it would have had. How many; 0 where it is not over, or its details
    are gone.
    """
    with transaction.atomic():
        one = _over(send, lock=True)
        now = statements.now()
        count = _waiting(one).update(state=State.DEFERRED, next_attempt_at=now) if one else 0
        if not one or not count:
            return 0
        one.state, one.finished_at, one.expires_at = Send.State.SENDING, None, now + PATIENCE
        one.save(update_fields=["state", "finished_at", "expires_at"])
        audit.record(by, "send.missing", f"send:{send}", reason)
    ringing.ring(ledger.promote_due())
    return count


def _over(send: int, *, lock: bool = False) -> Send | None:
    """The send, if it is over, its details are there, and what it brought was not taken back."""
    sends = Send.objects.select_for_update(of=("self",)) if lock else Send.objects.all()
    return sends.filter(pk=send, state__in=OVER, totals={}, edition__state=Edition.State.RENDERED).first()


def _waiting(send: Send) -> QuerySet[DeliveryException]:
    """Those to write to. Who was once in doubt may have it, whatever was answered later."""
    return DeliveryException.objects.filter(send=send, state__in=SENDABLE, retry_chunk=None, doubts=0)
