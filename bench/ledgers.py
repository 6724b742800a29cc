"""The ledger alone, at full speed: chunks claimed, written ahead and settled as a worker does it, with no letter and no wire.

`ledgers.py SEND CHUNKS` is one of them; says "ready", begins at a line, and ends with one of JSON. What PostgreSQL can take from
workers is found with as many of these as keep it busy.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dispatch.delivery.ledger import Claim


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


def together(send: int, ledgers: int, chunks: int, *, excepts: float = 0.0) -> Load:
    """So many of them settle that many chunks of a send, with that share of readers put off."""
    each = max(1, chunks // ledgers)
    command = [sys.executable, __file__, str(send), str(each), f"--excepts={excepts}"]
    running = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(ledgers)]
    for one in running:
        assert one.stdout
        assert one.stdout.readline() == b"ready\n"
    began = time.perf_counter()
    for one in running:
        assert one.stdin
        one.stdin.write(b"go\n")
        one.stdin.flush()
    said = [json.loads(one.stdout.readline()) for one in running if one.stdout]
    seconds = time.perf_counter() - began
    for one in running:
        one.communicate(timeout=60)
        assert one.returncode == 0
    sums = {name: sum(one[name] for one in said) for name in ("letters", "claims", "commits", "cpu")}
    return Load(ledgers=ledgers, seconds=seconds, **sums)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("send", type=int)
    parser.add_argument("chunks", type=int)
    parser.add_argument("--excepts", type=float, default=0.0)
    options = parser.parse_args()
    os.environ["DISPATCH_DATABASE_POOL"] = "0"
    import django

    django.setup()
    from django.db import connection

    from dispatch.delivery import statements

    assert statements.now()
    print("ready", flush=True)
    sys.stdin.readline()
    before = time.process_time()
    found = settled(options.send, options.chunks, options.excepts)
    print(json.dumps(found | {"cpu": time.process_time() - before}), flush=True)
    connection.close()
    return 0


def settled(send: int, chunks: int, excepts: float) -> dict[str, int]:
    from dispatch.delivery import ledger, relays, sending, tallies

    found = {"letters": 0, "claims": 0, "commits": 0}
    ledger.advance = counted(ledger.advance, found)
    for _ in range(chunks):
        claimed = sending._next(send, 1)  # noqa: SLF001 - with its look for what is urgent
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
    assert course.end()


def counted(advance: Callable[..., Any], found: dict[str, int]) -> Callable[..., Any]:
    def call(*arguments: Any, **words: Any) -> Any:
        found["commits"] += 1
        return advance(*arguments, **words)

    return call


if __name__ == "__main__":
    sys.exit(main())
