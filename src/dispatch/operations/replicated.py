"""What Health says of a replica: nothing where there is none. It is never bad: all is read from the primary instead."""

from collections.abc import Iterator

from dispatch import replica
from dispatch.operations.checks import Check


def checks() -> Iterator[Check]:
    """As this process sees it."""
    if not replica.is_set():
        return
    seen = replica.watch.seen()
    if seen.state == replica.State.WELL:
        yield Check(
            "Replica", "ok", f"{seen.words}; charts, reports and older entries of the audit log are read there."
        )
    else:
        yield Check(
            "Replica", "todo", f"{seen.words}. Everything is read from the primary.", "See DISPATCH_REPLICA_URL."
        )
