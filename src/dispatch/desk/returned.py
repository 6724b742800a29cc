"""What came back to a send, by mailbox provider: exactly for operators, for editors in the steps of the feedback page.

Two of three readers at a small provider are two people.
"""

from collections import defaultdict
from dataclasses import dataclass

from dispatch import saying
from dispatch.audience.addresses import ProviderClass
from dispatch.delivery.bounces.kinds import Kind
from dispatch.delivery.models import ReturnedCount
from dispatch.desk import feedback

KINDS = {
    Kind.HARD: "No such mailbox",
    Kind.SOFT: "Not for now",
    Kind.COMPLAINT: "Complaints",
    Kind.AUTO_REPLY: "Automatic answers",
    Kind.CHALLENGE: "Asked for proof",
    Kind.UNKNOWN: "Not understood",
}
OTHER = "elsewhere"


@dataclass(frozen=True)
class Row:
    """One provider, or all of them; the counts in the order of KINDS, in words."""

    provider: str
    counts: list[str]


def rows(send: int, *, exactly: bool) -> list[Row]:
    """All together first, then for operators each provider that something came back from. Empty: nothing is known to have.

    Split by provider is told only exactly: in steps of twenty most lines would say nothing, and together tell too much.
    """
    by_provider: defaultdict[int, dict[Kind, int]] = defaultdict(dict)
    for one in ReturnedCount.objects.filter(send=send, kind__in=KINDS).order_by("provider_class"):
        by_provider[one.provider_class][Kind(one.kind)] = one.count
    if not by_provider:
        return []
    total = {kind: sum(counts.get(kind, 0) for counts in by_provider.values()) for kind in KINDS}
    if not exactly:
        return [Row("everywhere", [feedback.group(total[kind]) for kind in KINDS])]
    each = [Row(_name(number), _exact(counts)) for number, counts in by_provider.items()]
    return [Row("everywhere", _exact(total)), *each]


def _exact(counts: dict[Kind, int]) -> list[str]:
    return [saying.number(counts.get(kind, 0)) for kind in KINDS]


def _name(number: int) -> str:
    provider = ProviderClass(number)
    return OTHER if provider == ProviderClass.OTHER else provider.name.capitalize()
