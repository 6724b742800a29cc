"""How fast a frozen audience gets its mail: the whole way from encrypted rows to settled outcomes. `make bench NAME=send`.

Claim, decrypt, look whether each reader still wants it, fill, sign, wire, settle; some 30 KB in three languages; the receiver
and PostgreSQL on the same cores. Every figure is of one run. Prints tables and ends with a JSON line. `--readers N` takes
another size than 200,000; `--large N` another than 1,000,000 for what growth costs, 0 leaves it out.
"""

import argparse
import itertools
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import by_hand
import crowd
import embedded
import sinks
import sizes
import tls
import working

PROCESSES = 2
EACH, KEPT = "smtplib, a connection each", "smtplib, a connection kept"
ONE, WHOLE = "Dispatch, 1 process", f"Dispatch, {PROCESSES} processes"
ED25519, RSA, BY_TLS = f"{WHOLE}, ed25519", f"{WHOLE}, rsa-2048", f"{WHOLE}, TLS"
MANY = f"{WHOLE}, many variants"
CEILING, SOURCE = "constant bytes, pipelined", "Postfix's smtp-source, constant bytes"
TO_US, TO_THEM = "to bench/sink.c", "to Postfix's smtp-sink"


@dataclass
class Run:
    """What one way of sending took."""

    name: str
    per_second: float
    cpu_us: float = 0.0  # of the senders, a message
    said: dict[str, float] = field(default_factory=dict)


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench/send.py", description=__doc__)
    parser.add_argument("--readers", type=int, default=200_000)
    parser.add_argument("--variants", type=int, default=len(crowd.VARIANTS))
    parser.add_argument("--small", type=int, default=10_000)
    parser.add_argument("--large", type=int, default=1_000_000)
    options = sizes.asked(parser, readers=300, small=100, large=200, variants=10)
    print(f"{options.readers:,} readers; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with embedded.database() as folder, sinks.ours(chunking=True) as sink, sinks.postfixs() as theirs:
        crowd.take_in(folder, "office", options.readers)
        tables = {TO_US: to_ours(folder, sink.port, options.readers, options.variants)}
        if theirs:
            tables[TO_THEM] = to_theirs(theirs.port, options.readers)
        steps = by_step(sink.port, folder, options.small)
        growth = [one for size in (options.small, options.large) if size for one in [grown(folder, sink.port, size)]]
    for where, runs in tables.items():
        show(where, runs)
    if not theirs:
        print(f"\n{sinks.ABSENT}")
    show_steps(steps)
    publish = published(options.small)
    show_growth(growth, publish, options.small)
    print(json.dumps({name: round(value, 2) for name, value in summary(tables, growth, publish).items()}))
    return 0


def to_ours(folder: Path, port: int, many: int, variants: int) -> list[Run]:
    runs = [Run(EACH, by_hand.per_second(port, many, reuse=False, processes=PROCESSES))]
    runs.append(Run(KEPT, by_hand.per_second(port, many, reuse=True, processes=PROCESSES)))
    use(f"smtp://127.0.0.1:{port}?security=none")
    runs += [an_edition("office", ONE, many, 1), an_edition("office", WHOLE, many)]
    crowd.take_in(folder, "many", many, crowd.VARIANTS[:variants])
    runs.append(an_edition("many", MANY, many))
    with tls.in_front_of(port, folder) as (secure, certificate):
        use(f"smtps://127.0.0.1:{secure}?cafile={certificate}")
        runs.append(an_edition("office", BY_TLS, many // 4))
    use(f"smtp://127.0.0.1:{port}?security=none")
    for kind, name in (("ed25519", ED25519), ("rsa", RSA)):
        sign_with(kind)
        runs.append(an_edition("office", name, many))
    sign_with("")
    runs.append(Run(CEILING, sinks.ceiling(port, many, processes=PROCESSES)))
    return runs


def to_theirs(port: int, many: int) -> list[Run]:
    runs = [Run(KEPT, by_hand.per_second(port, many, reuse=True, processes=PROCESSES))]
    use(f"smtp://127.0.0.1:{port}?security=none")
    runs.append(an_edition("office", f"{WHOLE} ", many))
    runs.append(Run(CEILING, sinks.ceiling(port, many // 2, processes=PROCESSES)))
    if source := sinks.smtp_source(port, many // 4):
        runs.append(Run(SOURCE, source))
    return runs


def use(url: str) -> None:
    """The only relay from now on."""
    from dispatch.delivery import relays
    from dispatch.delivery.models import Relay

    Relay.objects.all().delete()
    relays.save("sink", url)


def sign_with(kind: str) -> None:
    """Only with the pair's half of this kind: a newsroom would sign with both. Empty: not at all."""
    from dispatch.delivery import signing_keys
    from dispatch.delivery.reputation import DkimKey

    DkimKey.objects.all().delete()
    if kind:
        signing_keys.make("example.org", kind)
        signing_keys.turn("example.org", kind)
        DkimKey.objects.exclude(kind=kind).update(active=False)


def an_edition(slug: str, name: str, many: int, processes: int = PROCESSES, *, steps: bool = False) -> Run:
    """Enlisted, then sent by so many workers until `many` readers have theirs, all of them or so that a slow way ends."""
    from dispatch.delivery import ledger
    from dispatch.delivery.models import Chunk

    wal, began = written(), time.perf_counter()
    send = ledger.enlist(crowd.rendered(slug, name))
    assert send is not None
    enlisted = time.perf_counter() - began
    chunks = Chunk.objects.filter(send=send).order_by("number")
    done = list(itertools.accumulate(chunks.values_list("recipients__len", flat=True)))
    enough = next((place for place, readers in enumerate(done, 1) if readers >= many), len(done))
    ran = working.together(send.pk, enough, processes, steps=steps)
    totals = ledger.totals(send.pk)
    assert totals.settled >= min(many, totals.frozen), totals
    assert totals.exceptions == {}, totals
    said = {"enlist_seconds": enlisted, "wal": (written() - wal) / totals.frozen, "memory_mb": ran.memory_mb}
    said |= {f"step {step}": seconds / totals.settled * 1e6 for step, seconds in ran.steps.items()}
    return Run(name, totals.settled / ran.seconds, ran.cpu / totals.settled * 1e6, said)


def by_step(port: int, folder: Path, size: int) -> Run:
    use(f"smtp://127.0.0.1:{port}?security=none")
    crowd.take_in(folder, "steps", size)
    return an_edition("steps", "by step", size, 1, steps=True)


def grown(folder: Path, port: int, size: int) -> Run:
    use(f"smtp://127.0.0.1:{port}?security=none")
    crowd.take_in(folder, f"list-{size}", size)
    return an_edition(f"list-{size}", f"{size:,} readers", size)


def published(size: int) -> dict[str, float]:
    """From a signed webhook to the first and the last of so many messages, through web, broker and workers."""
    script = Path(__file__).with_name("path.py")
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("DISPATCH_", "DJANGO_"))}
    done = subprocess.run(
        [sys.executable, script, "--publish", str(size)], env=ours, stdout=subprocess.PIPE, check=True
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def written() -> int:
    """Bytes of write-ahead log so far."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')")
        return int(cursor.fetchone()[0])


def show(where: str, runs: list[Run]) -> None:
    base = next(run.per_second for run in runs if run.name == KEPT)
    print(f"\n{where:<44}{'a second':>10}{'':>10}{'senders, a message':>20}")
    for run in runs:
        cpu = f"{run.cpu_us:.0f} µs" if run.cpu_us else ""
        print(f"  {run.name.strip():<42}{run.per_second:>10,.0f}{run.per_second / base:>8.1f} ×{cpu:>20}")


def show_steps(run: Run) -> None:
    print(f"\n{'one process, a message by step':<44}{'µs':>10}")
    for name, micros in run.said.items():
        if name.startswith("step "):
            print(f"  {name.removeprefix('step '):<42}{micros:>10.1f}")


def show_growth(growth: list[Run], publish: dict[str, float], small: int) -> None:
    print(f"\n{'growth':<24}{'a second':>10}{'enlisted in':>14}{'log a reader':>15}{'a worker at most':>19}")
    for run in growth:
        seconds, wal, memory = (run.said[name] for name in ("enlist_seconds", "wal", "memory_mb"))
        print(f"  {run.name:<22}{run.per_second:>10,.0f}{seconds:>12.1f} s{wal:>13.0f} B{memory:>16.0f} MB")
    first, last = publish["first_seconds"], publish["last_seconds"]
    print(f"\npublished to the first of {small:,} messages: {first:.2f} s, to the last: {last:.2f} s")


def summary(tables: dict[str, list[Run]], growth: list[Run], publish: dict[str, float]) -> dict[str, float]:
    ours = {run.name: run for run in tables[TO_US]}
    found = {
        "per_second": ours[WHOLE].per_second,
        "vs_smtplib_reuse": ours[WHOLE].per_second / ours[KEPT].per_second,
        "ed25519": ours[ED25519].per_second,
        "rsa2048": ours[RSA].per_second,
        "tls": ours[BY_TLS].per_second,
        "variants_300": ours[MANY].per_second,
        "wal_bytes_per_reader": ours[WHOLE].said["wal"],
        **publish,
    }
    if TO_THEM in tables:
        theirs = {run.name.strip(): run.per_second for run in tables[TO_THEM]}
        found |= {"vs_ceiling": theirs[WHOLE] / theirs[CEILING], "smtp_sink_vs_smtplib": theirs[WHOLE] / theirs[KEPT]}
    if len(growth) == 2:
        small, large = (run.said for run in growth)
        found |= {"worker_growth_mb": large["memory_mb"] - small["memory_mb"]}
        found |= {"enlist_large_seconds": large["enlist_seconds"]}
    return found


if __name__ == "__main__":
    sys.exit(main())
