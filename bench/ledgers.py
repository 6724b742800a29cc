"""The ledger alone, at full speed: chunks claimed, written ahead and settled as a worker does it, with no letter and no wire.

What PostgreSQL can take from workers is found with as many of these as keep it busy.
"""

import multiprocessing
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import working

if TYPE_CHECKING:
    from dispatch.delivery.ledger import Claim

FORK = multiprocessing.get_context("fork")  # a process that begins anew loads all of Dispatch first


@dataclass(frozen=True)
class Load:
    """What some of them did together."""

    ledgers: int
    letters: int
    claims: int
    commits: int
    seconds: float
    cpu: float  # of theirs

    @property
    def per_second(self) -> float:
        return self.letters / self.seconds


def together(send: int, ledgers: int, letters: int, *, excepts: float = 0.0) -> Load:
    """So many of them settle that many letters of a send, with that share of readers put off."""
    from django.db import connection

    working.alone(send)
    connection.close()  # the children would speak through it, too
    ready, said = FORK.Barrier(ledgers + 1), FORK.SimpleQueue()
    each = (send, -(-letters // ledgers), excepts, ready, said)
    running = [FORK.Process(target=one, args=each) for _ in range(ledgers)]
    for process in running:
        process.start()
    ready.wait(120)
    began = time.perf_counter()
    found = [said.get() for _ in running]
    seconds = time.perf_counter() - began
    for process in running:
        process.join()
        assert process.exitcode == 0
    sums = {name: sum(each[name] for each in found) for name in ("letters", "claims", "commits", "cpu")}
    return Load(ledgers=ledgers, seconds=seconds, **sums)


def one(send: int, letters: int, excepts: float, ready: Any, said: Any) -> None:
    from django.db import connection

    from dispatch.delivery import statements

    assert statements.now()
    ready.wait(120)
    before = time.process_time()
    found: dict[str, float] = dict(settled(send, letters, excepts))
    said.put(found | {"cpu": time.process_time() - before})
    connection.close()


def settled(send: int, letters: int, excepts: float) -> dict[str, int]:
    from dispatch.delivery import ledger, relays, tallies, turns

    found = {"letters": 0, "claims": 0, "commits": 0}
    ledger.advance = counted(ledger.advance, found)
    while found["letters"] < letters:
        claimed = turns.take(send, 1)
        if claimed is None:
            break
        assert relays.choose(claimed.relay, claimed.tie)
        answered(claimed, excepts)
        tallies.add(1, claimed.provider_class, {"accepted": len(claimed.recipients)})
        found["letters"] += len(claimed.recipients)
        found["claims"] += 1
    found["commits"] += 2 * found["claims"]
    return found


def answered(claimed: "Claim", excepts: float) -> None:
    """The worker's own course, where each letter is answered as soon as it is given out."""
    from dispatch.delivery import ledger, statements
    from dispatch.delivery.course import Course

    course, later, owing = Course(claimed), statements.now() + timedelta(hours=1), 0.0
    while course.goes_on():
        for number, _ in course.next_readers():
            course.give()
            course.hear()
            owing += excepts
            if owing >= 1:
                owing -= 1
                course.answers.excepts.append(ledger.Except(number, "deferred", "450 4.2.1", later))
            else:
                course.answers.accepted.append(number)
    assert course.end()


def counted(advance: Callable[..., Any], found: dict[str, int]) -> Callable[..., Any]:
    def call(*arguments: Any, **words: Any) -> Any:
        found["commits"] += 1
        return advance(*arguments, **words)

    return call
