"""Which chunk a worker takes next, whoever it was rung for: what is urgent, what a dead worker left behind, then of the send
that the fewest are at."""

from collections.abc import Sequence

from dispatch.delivery import berths, ledger, statements


def take(send: int, number: int) -> ledger.Claim | None:
    """The next chunk for a worker that was rung for this one; None: nothing is free."""
    full = berths.full()
    if (first := urgent()) and (claimed := ledger.claim(*first, or_next=True, full=full)):
        return claimed
    in_vain: list[int] = []
    while turn := whose(send, number, full, in_vain):
        if claimed := ledger.claim(*turn, or_next=True, full=full):
            return claimed
        in_vain.append(turn[0])
    return ledger.claim(send, number, or_next=True, full=full)


def urgent() -> tuple[int, int] | None:
    """A free chunk of a send that overtakes others: (send, number); None: there is none."""
    return _first("urgent")


def whose(send: int, number: int, full: Sequence[int] = (), besides: Sequence[int] = ()) -> tuple[int, int] | None:
    """Whose turn it is where this chunk was rung for: (send, the chunk to begin at); None: nothing is free. `full`: of none
    of these provider classes; `besides`: of none of these sends."""
    return _first("turn", send=send, number=number, full=list(full), besides=list(besides))


def _first(name: str, **values: object) -> tuple[int, int] | None:
    found = next(iter(statements.prepared(name, **values)), None)
    return (int(found[0]), int(found[1])) if found else None
