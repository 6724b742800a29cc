"""The letters that readers asked for, as the desk sees them: how many wait or came to nothing, and why, not whose."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Case, Count, Min, Q, QuerySet, Value, When
from django.utils import timezone

from dispatch import queue
from dispatch.accounts import audit
from dispatch.accounts.models import User
from dispatch.audience.models import Letter, Newsletter

State = Letter.State
SHOWN = timedelta(days=1)
"""How long those that came to nothing are shown: nobody can send them again, whoever waits asks for another."""
OVER = (State.REFUSED, State.UNKNOWN, State.LATE)
KINDS = {
    Letter.Kind.CONFIRM: "Confirmations of a sign-up",
    Letter.Kind.PREFERENCES: "Links to one's preferences",
    Letter.Kind.OLD_ADDRESS: "A change of address, to the old one",
    Letter.Kind.NEW_ADDRESS: "A change of address, to the new one",
    Letter.Kind.KEY: "Keys of readers that run out",
}

ONE = {
    Letter.Kind.CONFIRM: "Confirmation of a sign-up",
    Letter.Kind.PREFERENCES: "Link to one's preferences",
    Letter.Kind.OLD_ADDRESS: "Change of address, to the old one",
    Letter.Kind.NEW_ADDRESS: "Change of address, to the new one",
    Letter.Kind.KEY: "Word of a key that runs out",
}
"""One of them."""


@dataclass(frozen=True)
class Heap:
    """Letters of one kind, in one state, for one reason. `state`: a Letter's, or "deferred" before a further try."""

    kind: str
    state: str
    code: str
    count: int
    oldest: datetime
    next_at: datetime | None

    @property
    def words(self) -> str:
        """The kind, for people."""
        return KINDS[Letter.Kind(self.kind)]

    @property
    def may_act(self) -> bool:
        """Whether they may be tried again or dropped: they have an address still."""
        return self.state in {State.WAITING, "deferred"}


def heaps() -> list[Heap]:
    """Those that wait, and those that came to nothing within a day; the oldest first."""
    shown = Letter.objects.filter(
        Q(state__in=[State.WAITING, State.SENDING]) | Q(state__in=OVER, written_at__gt=timezone.now() - SHOWN)
    )
    put_off = When(state=State.WAITING, attempts__gt=0, then=Value("deferred"))
    cells = shown.annotate(now=Case(put_off, default="state")).values("kind", "now", "code")
    counted = cells.annotate(count=Count("pk"), oldest=Min("written_at"), next_at=Min("next_attempt_at"))
    return [
        Heap(one["kind"], one["now"], one["code"], one["count"], one["oldest"], one["next_at"])
        for one in counted.order_by("oldest")
    ]


def newsletters(kind: str) -> list[Newsletter]:
    """Those whose letters of a kind wait: whoever acts on them must be at home in each."""
    return list(Newsletter.objects.filter(pk__in=_waiting(kind).values("newsletter")))


def retry(kind: str, of: Collection[Newsletter], by: User | None, reason: str) -> int:
    """Try those of a kind and of these newsletters that wait again now. How many."""
    with transaction.atomic():
        numbers = list(_waiting(kind).filter(newsletter__in=of).values_list("pk", flat=True))
        count = Letter.objects.filter(pk__in=numbers).update(next_attempt_at=timezone.now())
        if count:
            audit.record(by, "letters.retry", f"letters:{kind}", reason)
        for number in numbers[:100]:  # the clock rings for the others
            queue.enqueue("email.send_letter", number)
    return count


def drop(kind: str, of: Collection[Newsletter], by: User | None, reason: str) -> int:
    """Give up those of a kind and of these newsletters that wait, and forget their addresses. How many."""
    with transaction.atomic():
        count = _waiting(kind).filter(newsletter__in=of).update(state=State.DROPPED, address=None)
        if count:
            audit.record(by, "letters.drop", f"letters:{kind}", reason)
    return count


def retry_one(number: int, by: User | None, reason: str) -> bool:
    """Try one again now. False: it does not wait any more."""
    with transaction.atomic():
        moved = Letter.objects.filter(pk=number, state=State.WAITING).update(next_attempt_at=timezone.now())
        if moved:
            audit.record(by, "letter.retry", f"letter:{number}", reason)
            queue.enqueue("email.send_letter", number)
    return bool(moved)


def drop_one(number: int, by: User | None, reason: str) -> bool:
    """Give one up, and forget its address. False: it does not wait any more."""
    with transaction.atomic():
        moved = Letter.objects.filter(pk=number, state=State.WAITING).update(state=State.DROPPED, address=None)
        if moved:
            audit.record(by, "letter.drop", f"letter:{number}", reason)
    return bool(moved)


def _waiting(kind: str) -> QuerySet[Letter]:
    return Letter.objects.filter(kind=kind, state=State.WAITING)
