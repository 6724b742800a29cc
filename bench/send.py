"""How fast a frozen audience gets its mail: the whole way from encrypted rows to settled outcomes. `make bench NAME=send`.

Every figure is of one run on one machine, the receiver and PostgreSQL on the same cores. Prints one table and ends with a
JSON line. `--readers N` takes another size than 200,000.
"""

import argparse
import json
import multiprocessing
import os
import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path

import embedded

LANGUAGES = ("be", "en", "ru")
PROCESSES = 2
NAIVE = 1500
"""Messages that the slow ways send: their rate does not depend on how many."""

WHOLE = f"Dispatch, {PROCESSES} processes"
SIGNED = {"ed25519": f"{WHOLE}, ed25519", "rsa": f"{WHOLE}, rsa-2048"}


@dataclass
class Run:
    """What one way of sending took."""

    name: str
    messages: int
    seconds: float
    cpu: float = 0.0  # seconds of processor in the sending processes
    said: dict[str, float] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        return self.messages / self.seconds


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench/send.py", description=__doc__)
    parser.add_argument("--readers", type=int, default=200_000)
    parser.add_argument("--worker", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        return work(*options.worker)
    with embedded.database() as folder, a_sink(folder) as port:
        runs = measure(folder, port, options.readers)
    show(runs)
    return 0


def measure(folder: Path, port: int, many: int) -> list[Run]:
    take_in(folder, many)
    runs = [by_hand(port, reuse=False), by_hand(port, reuse=True)]
    from dispatch.delivery import relays

    relays.save("sink", f"smtp://127.0.0.1:{port}?security=none")
    runs.append(an_edition("Dispatch, 1 process", many, 1))
    runs.append(an_edition(WHOLE, many, PROCESSES))
    for kind in ("ed25519", "rsa"):
        sign_with(kind)
        runs.append(an_edition(SIGNED[kind], many, PROCESSES))
    return runs


def sign_with(kind: str) -> None:
    """Only with the pair's half of this kind: a newsroom would sign with both."""
    from dispatch.delivery import signing_keys
    from dispatch.delivery.models import DkimKey

    signing_keys.make("example.org", kind)
    signing_keys.turn("example.org", kind)
    DkimKey.objects.exclude(kind=kind).update(active=False)


def take_in(folder: Path, many: int) -> None:
    """Readers in three languages, through the import that a newsroom uses."""
    from dispatch.audience import importing
    from dispatch.audience.models import Newsletter

    Newsletter.objects.create(
        slug="office", languages=LANGUAGES, from_name="Office", from_address="news@example.org", names={"en": "Office"}
    )
    file = folder / "readers.csv"
    with file.open("w", encoding="utf-8") as lines:
        lines.write("email,name,language\n")
        names = ("Аліса", "Alice", "Алиса")
        for number in range(many):
            lines.write(f"reader-{number:07}@example.org,{names[number % 3]},{LANGUAGES[number % 3]}\n")
    report = importing.run(file, importing.Defaults("office"), apply=True)
    assert not report.faults, report.faults[0]


def an_edition(name: str, many: int, processes: int) -> Run:
    """Enlisted, then sent by so many workers until nobody is left."""
    from dispatch.delivery import ledger
    from dispatch.delivery.models import Chunk

    wal = written()
    began = time.perf_counter()
    send = ledger.enlist(rendered(name))
    assert send is not None
    enlisted = time.perf_counter() - began
    count = Chunk.objects.filter(send=send).count()
    ran = run_workers(send.pk, count, processes)
    totals = ledger.totals(send.pk)
    assert (totals.settled, totals.exceptions) == (many, {}), totals
    ran.name, ran.messages = name, many
    ran.said |= {"enlist_seconds": enlisted, "wal_bytes_per_reader": (written() - wal) / many}
    return ran


def run_workers(send: int, chunks: int, processes: int) -> Run:
    """Each process begins elsewhere among the chunks and takes what is free, as doorbells would have it."""
    command = [sys.executable, __file__, "--worker", str(send), str(chunks)]
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
    return Run("", 0, seconds, sum(one["cpu"] for one in said), {"memory_mb": max(one["memory_mb"] for one in said)})


def work(send: str, chunks: str, first: str) -> int:
    """One worker: every chunk that nobody else has."""
    os.environ["DISPATCH_DATABASE_POOL"] = "0"
    import resource

    import django

    django.setup()
    from dispatch import queue
    from dispatch.delivery import sending

    queue.settle_in()
    print("ready", flush=True)
    sys.stdin.readline()
    before = time.process_time()
    for number in range(int(chunks)):
        sending.send_chunk(int(send), (number + int(first)) % int(chunks) + 1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"cpu": time.process_time() - before, "memory_mb": peak}), flush=True)
    return 0


def rendered(name: str) -> int:
    """An edition of some 30 KB in three languages, as rendering leaves it."""
    from django.utils import timezone

    from dispatch.audience.models import Newsletter
    from dispatch.editions import slots
    from dispatch.editions.models import Edition, Variant, digest

    edition = Edition.objects.create(
        newsletter=Newsletter.objects.get(), slot=name, state=Edition.State.RENDERED, due_at=timezone.now()
    )
    for language in LANGUAGES:
        nonce = slots.new_nonce()
        text, page = letter(*(slots.token(nonce, each) for each in slots.NAMES))
        Variant.objects.create(
            edition=edition,
            language=language,
            nonce=nonce,
            subject="A reading room opens",
            text=text,
            html=page,
            hash=digest("A reading room opens", page, text),
        )
    return edition.pk


def letter(name: str, leave: str, preferences: str) -> tuple[str, str]:
    body = "<p>The shelves were built by volunteers. Паліцы зрабілі валанцёры.</p>\n" * 150
    page = f'<h1>Hello{name}!</h1>{body}<a href="{preferences}">What you get</a> <a href="{leave}">Leave</a>'
    return f"Hello{name}!\n\n" + "The shelves were built by volunteers.\n" * 50 + f"\n{preferences}\n{leave}\n", page


def by_hand(port: int, *, reuse: bool) -> Run:
    """The standard library, a fresh EmailMessage for each reader, as many processes."""
    began = time.perf_counter()
    workers = [multiprocessing.Process(target=send_by_hand, args=(port, NAIVE, reuse)) for _ in range(PROCESSES)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    name = "smtplib, a connection kept" if reuse else "smtplib, a connection each"
    return Run(name, NAIVE * PROCESSES, time.perf_counter() - began)


def send_by_hand(port: int, count: int, reuse: bool) -> None:
    text, page = letter(", Alice", "https://news.example.org/leave", "https://news.example.org/preferences")
    client = None
    for number in range(count):
        message = EmailMessage()
        message["From"], message["To"] = "news@example.org", f"reader-{number}@example.org"
        message["Subject"] = "A reading room opens"
        message.set_content(text)
        message.add_alternative(page, subtype="html")
        client = client or smtplib.SMTP("127.0.0.1", port, local_hostname="localhost")
        client.send_message(message)
        if not reuse:
            client.quit()
            client = None


def written() -> int:
    """Bytes of write-ahead log so far."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')")
        return int(cursor.fetchone()[0])


@contextmanager
def a_sink(folder: Path) -> Iterator[int]:
    """The fast receiver; its port."""
    program = folder / "sink"
    subprocess.run(["cc", "-O2", "-o", program, Path(__file__).with_name("sink.c")], check=True)
    sink = subprocess.Popen([program, "-c", "0"], stdout=subprocess.PIPE)
    try:
        assert sink.stdout
        yield int(sink.stdout.readline())
    finally:
        sink.terminate()
        sink.wait(10)


def show(runs: list[Run]) -> None:
    by_name = {run.name: run for run in runs}
    base, whole = by_name["smtplib, a connection kept"], by_name[WHOLE]
    print()
    for run in runs:
        cpu = f"{run.cpu / run.messages * 1e6:.0f} µs" if run.cpu else ""
        print(f"{run.name:<32}{run.rate:>10,.0f}/s{run.rate / base.rate:>8.1f} ×{cpu:>10} of processor a message")
    print(f"\nenlisting {whole.messages:,} readers: {whole.said['enlist_seconds']:.1f} s")
    print(
        f"write-ahead log: {whole.said['wal_bytes_per_reader']:.0f} bytes a reader, from enlisting to the last outcome"
    )
    print(f"a worker's memory at most: {whole.said['memory_mb']:.0f} MB")
    found = {
        "per_second": whole.rate,
        "vs_smtplib_reuse": whole.rate / base.rate,
        "ed25519": by_name[SIGNED["ed25519"]].rate,
        "rsa2048": by_name[SIGNED["rsa"]].rate,
        "wal_bytes_per_reader": whole.said["wal_bytes_per_reader"],
    }
    print(json.dumps({name: round(value, 1) for name, value in found.items()}))


if __name__ == "__main__":
    sys.exit(main())
