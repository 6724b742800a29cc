"""What readers cost, and where one PostgreSQL ends. `make bench NAME=capacity`.

Measures upon an embedded PostgreSQL: bytes and log of each table that grows, freezing and settling up to `--largest` readers,
both policies, readers put off, chunks by send, two databases side by side. Then computes what a million to a hundred million
readers need, and simulates workers upon one database and several. Prints tables and ends with a JSON line. `--write` puts the
figures into bench/capacity.json and tables into docs/capacity.md. `--for READERS --letters N --hours H` only computes.
"""

import argparse
import dataclasses
import datetime as dt
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import bill
import calculator
import carried
import crowd
import embedded
import groups
import growing
import loads
import parting
import reckoning
import sinks
import sizes
import tables
import working

SIZES = (10_000, 100_000, 1_000_000, 10_000_000, 100_000_000)
BEGAN = time.perf_counter()
KEPT = Path(__file__).with_name("capacity.json")
PAGE = Path(__file__).parents[1] / "docs" / "capacity.md"


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench/capacity.py", description=__doc__)
    parser.add_argument("--largest", type=int, default=1_000_000, help="readers")
    parser.add_argument("--letters", type=float, help="a day, of each reader; of a load, how many are settled")
    parser.add_argument("--for", dest="readers", type=int, help="only compute, from the figures of the page")
    parser.add_argument("--hours", type=float, default=1.0, help="in which each letter must have left")
    parser.add_argument("--write", action="store_true", help="figures and tables to where they are kept")
    parser.add_argument("--rewrite", action="store_true", help="only the tables, from the figures that are there")
    parser.add_argument("--again", action="store_true", help="only what databases of their own are made for")
    options = sizes.asked(parser, largest=500)
    if options.rewrite:
        write(reckoning.Figures.read(KEPT))
        return 0
    if options.readers:
        figures = reckoning.Figures.read(KEPT)
        print(calculator.answer(figures, options.readers, options.letters or 1, options.hours))
        return 0
    letters = int(options.letters or min(options.largest, 100_000))
    if options.again:
        found = json.loads(KEPT.read_text(encoding="utf-8")) | others(letters)
    else:
        found = measured(options.largest, letters)
    figures = reckoning.Figures(**found)
    for name, table in tables.every(figures).items():
        print(f"\n{name}\n{table}")
    if options.write:
        KEPT.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        write(figures)
    print(json.dumps(tables.summary(figures)))
    return 0


def keep(found: dict[str, Any]) -> None:
    """What there is so far: should the rest fail, the hour was not in vain."""
    sinks.CACHE.mkdir(exist_ok=True)
    (sinks.CACHE / "capacity.json").write_text(json.dumps(found), encoding="utf-8")


def write(figures: reckoning.Figures) -> None:
    PAGE.write_text(tables.written(PAGE.read_text(encoding="utf-8"), figures), encoding="utf-8")


def measured(largest: int, letters: int) -> dict[str, Any]:
    """The figures, by name."""
    sizes = [size for size in SIZES if size <= largest] or [largest]
    found: dict[str, Any] = {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "machine": f"{os.cpu_count()} × {processor()}, {memory_gb():.0f} GB, Python {platform.python_version()}",
        "load": os.getloadavg()[0],
    }
    os.environ["DISPATCH_DATABASE_POOL"] = "0"  # the ledgers are forked, and a pool is threads
    with embedded.database() as folder, sinks.ours(chunking=True) as sink:
        from dispatch import queue
        from dispatch.delivery import relays

        queue.enqueue = lambda *_: None  # no broker, and nobody to ring for
        relays.save("fleet", "fake://")
        found |= loads.flushes(folder)
        said("the disk")
        found["sizes"] = grown(sizes, letters, lambda: found.update(at_the_first(letters)))
        found |= loads.vacuumed() | loads.flow() | {"audit_bytes": loads.log_entries()}
        said("what is left behind")
        found |= programs(folder, sink, min(letters, 50_000))
        found |= {"session_mb": loads.session_mb(), "web_mb": loads.web_mb()}
        said("workers and web")
    found["letter_bytes"] = sink.counted["bytes"] / sink.counted["messages"]
    keep(found)
    return found | others(letters)


def others(letters: int) -> dict[str, Any]:
    """What needs databases of its own."""
    os.environ["DISPATCH_DATABASE_POOL"] = "0"
    found = dataclasses.asdict(groups.compared(letters, letters))
    said("two databases side by side")
    carried_one = subprocess.run(
        [sys.executable, carried.__file__, str(letters)], stdout=subprocess.PIPE, check=True
    )  # Django is set up for one database a process
    said("a database that is dumped and restored")
    return {"groups": found, **json.loads(carried_one.stdout)}


def grown(sizes: list[int], letters: int, first: Any) -> list[dict[str, Any]]:
    found, there = [], 0
    for size in sizes:
        found.append(sized(growing.grown(there, size, min(letters, size))))
        said(f"{size:,} readers")
        if size == sizes[min(1, len(sizes) - 1)]:
            first()
        keep({"sizes": found})
        there = size
    return found


def sized(size: growing.Size) -> dict[str, Any]:
    """As one readers' figures, a letter's and a reader's."""
    assert size.settled
    per = size.settled.letters
    values = {
        "readers": size.readers,
        "tables": {name: value / size.readers for name, value in size.tables.items()},
        "indexes": {name: value / size.readers for name, value in size.indexes.items()},
        "import_log": size.log,
        "import_us": size.import_cpu,
        "freeze_seconds": size.freeze.seconds,
        "freeze_us": size.freeze.cpu / size.readers * 1e6,
        "freeze_log": size.freeze.log / size.readers,
        "freeze_temporary": size.freeze.temporary / size.readers,
        "ledger_bytes": size.ledger_bytes / size.readers,
        "settle_us": size.settle.cpu / per * 1e6,
        "settle_log": size.settle.log / per,
        "settle_per_second": size.settled.per_second,
    }
    if size.cold and size.colds:
        values["cold_per_second"] = size.colds.per_second
        values["cold_blocks"] = size.cold.read / size.colds.letters
    return values


def at_the_first(letters: int) -> dict[str, Any]:
    """Loads upon an audience that is in memory as a whole."""
    found: dict[str, Any] = {"loads": []}
    for never_twice, many in ((False, letters), (True, max(1000, letters // 50))):
        for count in (1, 2, 4, 8):
            _, one = loads.run(many, count, never_twice=never_twice)
            found["loads"].append(loaded(one, never_twice=never_twice))
    said("ledgers under load")
    found |= loads.deferred(letters, 0.1)
    said("readers put off")
    send, _ = loads.run(1000, 1)
    chunks = max(2, letters // 2000)
    kinds = parting.compared(send, 10, chunks)
    found["parting"] = {name: parted(kind, 10 * chunks) for name, kind in kinds.items()}
    said("chunks by send")
    return found


def loaded(one: loads.Loaded, *, never_twice: bool) -> dict[str, Any]:
    letters = one.load.letters
    return {
        "never_twice": never_twice,
        "ledgers": one.load.ledgers,
        "per_second": one.load.per_second,
        "database_us": one.spent.cpu / letters * 1e6,
        "ledger_us": one.load.cpu / letters * 1e6,
        "log": one.spent.log / letters,
        "commits": one.load.commits / letters,
        "foreign": one.foreign,
    }


def parted(kind: parting.Kind, chunks: int) -> dict[str, float]:
    found: dict[str, float] = {"before": kind.before, "after": kind.after}
    for name in ("write", "settle", "drop"):
        spent: bill.Bill = getattr(kind, name)
        found |= {
            f"{name}_us": spent.cpu / chunks * 1e6,
            f"{name}_log": spent.log / chunks,
            f"{name}_seconds": spent.seconds,
        }
    return found


def programs(folder: Path, sink: sinks.Sink, letters: int) -> dict[str, float]:
    """Real letters by one worker: what it takes of a processor, and its memory."""
    from dispatch.delivery import ledger, relays
    from dispatch.delivery.models import Chunk, Relay

    Relay.objects.all().delete()
    relays.save("sink", f"smtp://127.0.0.1:{sink.port}?security=none")
    crowd.take_in(folder, "real", letters)
    send = ledger.enlist(crowd.rendered("real", "real letters"))
    assert send is not None
    with bill.of() as spent:
        ran = working.together(send.pk, Chunk.objects.filter(send=send).count(), 1)
    assert ledger.totals(send.pk).settled == letters
    return {
        "worker_us": ran.cpu / letters * 1e6,
        "worker_per_second": letters / ran.seconds,
        "worker_mb": ran.memory_mb,
        "real_database_us": spent.cpu / letters * 1e6,
    }


def processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())


def memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def said(what: str) -> None:
    """On the error channel, with when: a run takes minutes."""
    print(f"{time.perf_counter() - BEGAN:7.1f} s  measured: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
