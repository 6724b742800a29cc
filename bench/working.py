"""A worker of the benchmarks: sends every chunk of a send that nobody else has. `working.py SEND CHUNKS FIRST [--steps]`.

Says "ready" once it is loaded, begins at a line from standard input, and ends with one of JSON: processor seconds, peak
memory, and with --steps the seconds that each step took.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Ran:
    """What some workers took together."""

    seconds: float
    cpu: float  # seconds of processor in all of them
    memory_mb: float  # the largest's peak
    steps: dict[str, float] = field(default_factory=dict)  # seconds


def alone(send: int) -> None:
    """Only this one is under way: workers would share themselves among all that are."""
    from dispatch.delivery.models import UNDER_WAY, Send

    Send.objects.filter(UNDER_WAY).exclude(pk=send).update(state=Send.State.PAUSED)
    Send.objects.filter(pk=send, state=Send.State.PAUSED).update(state=Send.State.SENDING)


def together(send: int, chunks: int, processes: int, *, steps: bool = False) -> Ran:
    """Each process begins elsewhere among the chunks and takes what is free, as doorbells would have it."""
    alone(send)
    command = [sys.executable, __file__, *(["--steps"] if steps else []), str(send), str(chunks)]
    workers = [
        subprocess.Popen([*command, str(number * chunks // processes)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for number in range(processes)
    ]
    for worker in workers:
        assert worker.stdout
        assert worker.stdout.readline() == b"ready\n"
    began = time.perf_counter()
    for worker in workers:
        assert worker.stdin
        worker.stdin.write(b"go\n")
        worker.stdin.flush()
    said = [json.loads(worker.stdout.readline()) for worker in workers if worker.stdout]
    seconds = time.perf_counter() - began
    for worker in workers:
        worker.communicate(timeout=60)
    return Ran(seconds, sum(one["cpu"] for one in said), max(one["memory_mb"] for one in said), said[0]["steps"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", action="store_true")
    for name in ("send", "chunks", "first"):
        parser.add_argument(name, type=int)
    options = parser.parse_args()
    os.environ["DISPATCH_DATABASE_POOL"] = "0"
    import django

    django.setup()
    from dispatch import queue
    from dispatch.delivery import sending

    spent = timed() if options.steps else {}
    queue.settle_in()
    print("ready", flush=True)
    sys.stdin.readline()
    before, began = time.process_time(), time.perf_counter()
    for number in range(options.chunks):
        sending.send_chunk(options.send, (number + options.first) % options.chunks + 1)
    whole = time.perf_counter() - began
    if spent:
        spent["put on the wire, read replies, all else"] = whole - sum(spent.values())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"cpu": time.process_time() - before, "memory_mb": peak, "steps": spent}), flush=True)
    return 0


def timed() -> dict[str, float]:
    """From now on each step's seconds are added up here."""
    from dispatch import vault
    from dispatch.delivery import ledger, personalizing, signing
    from dispatch.delivery.mailers import base

    spent: dict[str, float] = {}
    for name, module, function in (
        ("claim a chunk", ledger, "claim"),
        ("settle and write ahead, one commit", ledger, "advance"),
        ("read the readers' rows", ledger, "window"),
        ("open address and name", vault, "unseal"),
        ("fill", personalizing, "fill"),
        ("sign", signing, "sign"),
        ("look once more whom it names", base, "_check"),
    ):
        spent[name] = 0.0
        setattr(module, function, watched(getattr(module, function), name, spent))
    return spent


def watched(function: Callable[..., Any], name: str, spent: dict[str, float]) -> Callable[..., Any]:
    def call(*arguments: Any, **words: Any) -> Any:
        began = time.perf_counter()
        try:
            return function(*arguments, **words)
        finally:
            spent[name] += time.perf_counter() - began

    return call


if __name__ == "__main__":
    sys.exit(main())
