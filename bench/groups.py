"""A database for each group of newsletters: two whole installations, each on half of the machine, one relay for both.

`groups.py CORES PORT READERS LETTERS` is one of them, with a PostgreSQL and readers of its own. It does what it is told, a
word a line: "settle" (its ledger alone), "send" (real letters to the relay at PORT), "strike" and "knows" (whether an address
is struck off here), "give" and "take" (what is struck off, for the other).
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bill
import crowd
import embedded
import growing
import ledgers
import sinks
import working

STRUCK = "reader-0000007@example.org"


@dataclass
class Beside:
    """What one of them did alone, what both did at once, and what the other knew."""

    alone: float  # letters a second, one ledger, one core
    both: float  # of two ledgers, each with a database and a core of its own
    alone_us: float  # of PostgreSQL's processor, a letter
    both_us: float
    sent_alone: float  # real letters
    sent_both: float
    arrived: int  # at the one relay
    expected: int
    crosses: bool  # whether one knows whom the other struck off
    after_copy: bool  # once the rows were carried over, where both have the same index key


def compared(readers: int, letters: int) -> Beside:
    from dispatch import vault

    os.environ["BENCH_VAULT_KEYS"] = vault.new_key_line()
    cores = sorted(os.sched_getaffinity(0))
    halves = cores[: len(cores) // 2] or cores, cores[len(cores) // 2 :]
    with sinks.ours(chunking=True) as sink:
        first, second = (installation(half, sink.port, readers, letters) for half in halves)
        with first as one, second as other:
            for each in (one, other):
                assert each.stdout.readline() == "ready\n"
            found = both_ways(one, other)
    os.environ.pop("BENCH_VAULT_KEYS")
    return Beside(**found, arrived=sink.counted["messages"])


Told = Any


def both_ways(one: Told, other: Told) -> dict[str, Any]:
    ask(one, "settle")  # once for nothing: its memory is empty
    ask(other, "settle")
    alone, both = ask(one, "settle"), at_once(one, other, "settle")
    sent = [ask(one, "send"), *at_once(one, other, "send")]
    ask(one, "strike")
    crosses = ask(other, "knows")["known"]
    other.stdin.write(f"take {json.dumps(ask(one, 'give'))}\n")
    other.stdin.flush()
    assert json.loads(other.stdout.readline())["taken"]
    after = ask(other, "knows")["known"]
    return {
        "alone": alone["per_second"],
        "both": sum(each["per_second"] for each in both),
        "alone_us": alone["cpu"] / alone["letters"] * 1e6,
        "both_us": sum(each["cpu"] for each in both) / sum(each["letters"] for each in both) * 1e6,
        "sent_alone": sent[0]["per_second"],
        "sent_both": sum(each["per_second"] for each in sent[1:]),
        "expected": sum(each["letters"] for each in sent),
        "crosses": crosses,
        "after_copy": after,
    }


def at_once(one: Told, other: Told, word: str) -> list[dict[str, Any]]:
    for each in (one, other):
        each.stdin.write(f"{word}\n")
        each.stdin.flush()
    return [json.loads(each.stdout.readline()) for each in (one, other)]


def ask(one: Told, word: str) -> dict[str, Any]:
    one.stdin.write(f"{word}\n")
    one.stdin.flush()
    said: dict[str, Any] = json.loads(one.stdout.readline())
    return said


@contextmanager
def installation(cores: list[int], port: int, readers: int, letters: int) -> Iterator[Told]:
    words = [",".join(map(str, cores)), *map(str, (port, readers, letters))]
    process = subprocess.Popen(
        [sys.executable, __file__, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        assert process.stdin
        process.stdin.close()
        process.wait(60)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cores")
    for name in ("port", "readers", "letters"):
        parser.add_argument(name, type=int)
    options = parser.parse_args()
    os.sched_setaffinity(0, {int(core) for core in options.cores.split(",")})  # and of whatever is started here
    os.environ["DISPATCH_DATABASE_POOL"] = "0"
    with embedded.database() as folder:
        growing.fill(1, options.readers)
        crowd.settle()
        from dispatch import queue
        from dispatch.delivery import relays

        queue.enqueue = lambda *_: None
        relays.save("fleet", f"smtp://127.0.0.1:{options.port}?security=none")
        say("ready")
        for number, line in enumerate(sys.stdin):
            word, _, more = line.strip().partition(" ")
            say(json.dumps(DOES[word](folder, number, options.letters, more)))
    return 0


def say(line: str) -> None:
    print(line, flush=True)


def settle(_folder: Path, number: int, letters: int, _more: str) -> dict[str, Any]:
    send = _frozen(growing.SLUG, number)
    with bill.of() as spent:
        load = ledgers.together(send, 1, letters)
    return {"per_second": load.per_second, "letters": load.letters, "cpu": spent.cpu}


def send(folder: Path, number: int, letters: int, _more: str) -> dict[str, Any]:
    """Real letters, to readers whose addresses can be opened."""
    from dispatch.audience.models import Newsletter
    from dispatch.delivery.models import Chunk

    slug, many = "real", max(2000, letters // 10)
    if not Newsletter.objects.filter(slug=slug).exists():
        crowd.take_in(folder, slug, many)
    found = _frozen(slug, number)
    ran = working.together(found, Chunk.objects.filter(send=found).count(), 1)
    return {"per_second": many / ran.seconds, "letters": many}


def strike(*_: Any) -> dict[str, Any]:
    from dispatch import vault
    from dispatch.audience import addresses
    from dispatch.audience.models import Suppression

    index = vault.blind_index(addresses.unique_form(STRUCK))
    Suppression.objects.create(address_index=index, reason=Suppression.Reason.COMPLAINED)
    return {"struck": True}


def knows(*_: Any) -> dict[str, Any]:
    from dispatch import vault
    from dispatch.audience import addresses
    from dispatch.audience.models import Suppression

    index = vault.blind_index(addresses.unique_form(STRUCK))
    return {"known": Suppression.objects.filter(address_index=index).exists()}


def give(*_: Any) -> dict[str, Any]:
    """What is struck off here, as rows: hashes that say nothing without the key."""
    from dispatch.audience.models import Suppression

    rows = Suppression.objects.values_list("address_index", "reason")
    return {"rows": [[bytes(index).hex(), reason] for index, reason in rows]}


def take(_folder: Path, _number: int, _letters: int, more: str) -> dict[str, Any]:
    from dispatch.audience.models import Suppression

    for index, reason in json.loads(more)["rows"]:
        Suppression.objects.get_or_create(address_index=bytes.fromhex(index), defaults={"reason": reason})
    return {"taken": True}


def _frozen(slug: str, number: int) -> int:
    from dispatch.delivery import ledger

    found = ledger.enlist(crowd.rendered(slug, f"line {number}"))
    assert found is not None
    return found.pk


DOES = {"settle": settle, "send": send, "strike": strike, "knows": knows, "give": give, "take": take}

if __name__ == "__main__":
    sys.exit(main())
