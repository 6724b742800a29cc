"""How far a send is, in numbers that add up."""

from dataclasses import dataclass, field

from django.db import DEFAULT_DB_ALIAS

from dispatch.delivery import ledger
from dispatch.delivery.models import Chunk, Send


@dataclass(frozen=True)
class Progress:
    """A send's readers by what became of them. sent + in_flight + untouched + the exceptions = frozen."""

    frozen: int
    sent: int
    in_flight: int
    untouched: int
    exceptions: dict[str, int] = field(default_factory=dict)
    may_still_leave: int = 0  # messages at most that a pause now could not hold back
    seconds: float = 0.0  # from its start to its end, or till now

    @property
    def balances(self) -> bool:
        """The accounting identity."""
        return min(self.sent, self.in_flight, self.untouched) >= 0 and self.frozen == (
            self.sent + self.in_flight + self.untouched + sum(self.exceptions.values())
        )

    @property
    def answered(self) -> int:
        """Readers about whom nothing more will happen by itself."""
        waiting = self.exceptions.get("deferred", 0)
        return self.sent + sum(self.exceptions.values()) - waiting

    @property
    def rate(self) -> float:
        """Accepted messages a second, since its start."""
        return self.sent / self.seconds if self.seconds else 0.0

    @property
    def percent(self) -> int:
        """Of those frozen, rounded down: 100 means all."""
        return 100 * self.answered // self.frozen if self.frozen else 100


def at_a_glance(send: int, *, using: str = DEFAULT_DB_ALIAS) -> Progress:
    """The same for a page, in a time that does not grow with the exceptions."""
    return of_send(send, counted=False, using=using)


def of_send(send: int, *, counted: bool = True, using: str = DEFAULT_DB_ALIAS) -> Progress:
    """Now; for a send whose exceptions are gone, as it was when it finished."""
    now = ledger.totals(send, counted=counted, using=using)
    exceptions = now.exceptions
    if kept := Send.objects.using(using).values_list("totals", flat=True).get(pk=send):
        exceptions = kept["exceptions"]
    in_flight = now.ahead - now.settled
    sent = now.settled - sum(exceptions.values())
    may_leave = ledger.may_leave(send, using=using)
    return Progress(now.frozen, sent, in_flight, now.enlisted - now.ahead, exceptions, may_leave, now.seconds)


def trouble(send: Send) -> str:
    """Why it, or a part of it, stands still by itself; empty while nothing does."""
    stuck = Chunk.objects.filter(send=send, state=Chunk.State.STUCK).order_by("trouble")
    return " ".join(filter(None, [send.trouble, *stuck.values_list("trouble", flat=True).distinct()[:5]]))
