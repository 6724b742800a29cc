"""How many letters a relay took, put off or refused, by mailbox provider, and how many of each newsletter, and how late:
counted for operators, a statement a chunk.

The ledger says who has what; these only ever grow, outlive the details of a send, and miss what a worker that is killed had
not counted yet: a chunk at most.
"""

from collections.abc import Mapping

from dispatch.delivery import statements
from dispatch.outcomes import Deferred, Outcome, Refused, Sent

COUNTED: dict[type, str] = {Sent: "accepted", Deferred: "deferred", Refused: "refused"}
OUTCOMES = (*COUNTED.values(), "unknown")
RETURNED = ("hard", "soft", "complaint")
"""Kinds of what came back later (bounces.kinds.Kind), counted beside the outcomes in the same table: see returned.sql."""


def outcome(answer: Outcome) -> str:
    """One of OUTCOMES."""
    return COUNTED.get(type(answer), "unknown")


def add(relay: int, provider: int, counted: Mapping[str, int], *, newsletter: int = 0, late: float = 0.0) -> None:
    """More of them, by outcome; each was answered `late` seconds after it was due."""
    names = sorted(
        name for name, count in counted.items() if count
    )  # one order, so that no two workers wait for each other
    if names:
        statements.execute(
            "tally", relay=relay, provider=provider, newsletter=newsletter, late=late, outcomes=names,
            counts=[counted[name] for name in names],
        )  # fmt: skip
