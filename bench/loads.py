"""The ledger under load: many ledgers upon one PostgreSQL, both policies, readers put off; and what is left behind."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bill
import crowd
import growing
import ledgers

WAIT = "UPDATE delivery_exception SET next_attempt_at = clock_timestamp() WHERE send_id = %s AND state = 'deferred'"


@dataclass
class Loaded:
    """One run."""

    spent: bill.Bill
    load: ledgers.Load
    foreign: float  # processors that others kept busy meanwhile


def run(many: int, count: int, *, never_twice: bool = False, excepts: float = 0.0) -> tuple[int, Loaded]:
    """So many ledgers upon a send of its own."""
    from dispatch.delivery import ledger
    from dispatch.delivery.models import Send

    send = ledger.enlist(crowd.rendered(growing.SLUG, f"load {time.monotonic_ns()}"))
    assert send is not None
    if never_twice:
        Send.objects.filter(pk=send.pk).update(ambiguity="never_twice")
    before, began = bill.busy(), time.monotonic()
    spent, load = growing.load(send.pk, count, many, excepts=excepts)
    return send.pk, Loaded(spent, load, bill.foreign(spent.cpu + load.cpu, time.monotonic() - began, before))


def deferred(many: int, share: float) -> dict[str, float]:
    """What a reader who is put off costs beyond those who are not, until the second try is taken; each, of PostgreSQL."""
    from django.db import connection

    from dispatch.delivery import ledger

    _, plain = run(many, 2)
    send, first = run(many, 2, excepts=share)
    number = first.load.letters * share
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_total_relation_size(%s)", [f"delivery_exception_{send}"])
        table = cursor.fetchone()[0]
        cursor.execute(WAIT, [send])
    with bill.of() as promoted:
        found = len(ledger.promote_due())
        while more := len(ledger.promote_due()):
            found += more
    again, load = growing.load(send, 1, found * 1000)
    assert load.letters >= number * 0.9, (load.letters, number)
    letters, base = first.load.letters, plain.spent
    scale = letters / plain.load.letters
    return {
        "exception_us": (first.spent.cpu - base.cpu * scale + promoted.cpu + again.cpu) / number * 1e6,
        "exception_log": (first.spent.log - base.log * scale + promoted.log + again.log) / number,
        "exception_bytes": table / number,
        "forget_seconds": forgotten(send),
    }


def forgotten(send: int) -> float:
    """How long letting go of its exceptions takes."""
    from django.db import transaction

    from dispatch.delivery import partitions

    began = time.perf_counter()
    with transaction.atomic():
        partitions.drop(send)
    return time.perf_counter() - began


def vacuumed() -> dict[str, float]:
    """What finished sends leave in the chunks' table: to clean it costs this much, a million letters."""
    from django.db import connection

    from dispatch.delivery.models import Chunk

    letters = sum(len(one) for one in Chunk.objects.filter(state="done").values_list("recipients", flat=True))
    with connection.cursor() as cursor, bill.of() as spent:
        cursor.execute("VACUUM delivery_chunk")
    return {"vacuum_us": spent.cpu / max(letters, 1) * 1e6, "vacuum_log": spent.log / max(letters, 1)}


def log_entries(many: int = 2000) -> float:
    """Bytes of an entry of the audit log, with its indexes."""
    from django.db import connection

    from dispatch.accounts import audit

    for number in range(many):
        audit.record(None, "send.pause", f"send:{number}", "An editor saw a wrong name in the second story.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_total_relation_size('accounts_auditentry')")
        return float(cursor.fetchone()[0]) / many


def flow() -> dict[str, float]:
    """Of the charts' table: bytes a row, and the most rows of one relay and mailbox provider with two outcomes."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO operations_flow (at, minutes, kind, part, outcome, count, late, latest)"
            " SELECT now() - make_interval(mins => n), 1, 'mail', 'main/gmail', 'sent', 1000, 60, 5"
            " FROM generate_series(1, 10000) n"
        )
        cursor.execute("SELECT pg_total_relation_size('operations_flow') / count(*) FROM operations_flow")
        (row,) = cursor.fetchone()
    return {"flow_row": float(row), "flow_rows": 2 * (2 * 1440 + 6 * 96 + 62 * 24)}


def flushes(folder: Path, seconds: float = 1.0) -> dict[str, float]:
    """What the disk does: a page written and made sure of again and again, and a large file at once."""
    file = folder / "flushed"
    descriptor = os.open(file, os.O_CREAT | os.O_WRONLY)
    os.write(descriptor, bytes(8192))
    os.fdatasync(descriptor)
    count, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        os.pwrite(descriptor, os.urandom(8192), 0)
        os.fdatasync(descriptor)
        count += 1
    flush = (time.perf_counter() - began) / count
    block, began = os.urandom(2**20), time.perf_counter()
    for place in range(256):
        os.pwrite(descriptor, block, place * 2**20)
    os.fdatasync(descriptor)
    rate = 256 / (time.perf_counter() - began)
    os.close(descriptor)
    file.unlink()
    return {"flush_us": flush * 1e6, "disk_mb": rate}


def session_mb() -> float:
    """Memory of its own that a PostgreSQL session has which has done a worker's work: what it does not share."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (number,) = cursor.fetchone()
    for line in Path(f"/proc/{number}/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) / 1024
    return 0.0


@contextmanager
def web(port: int) -> Iterator[subprocess.Popen[bytes]]:
    """One web process, with a pool of connections of its own."""
    command = [sys.executable, "-m", "dispatch.cli", "web", "--port", str(port)]
    pooled = {name: value for name, value in os.environ.items() if name != "DISPATCH_DATABASE_POOL"}
    process = subprocess.Popen(command, env=pooled, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def rss_mb(number: int) -> float:
    return int(Path(f"/proc/{number}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def web_mb(port: int = 18991, requests: int = 50) -> float:
    """A web process that has answered some pages."""
    import urllib.error
    import urllib.request

    with web(port) as process:
        for _ in range(requests + 200):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/accounts/login/", timeout=30) as answer:
                    answer.read()
                requests -= 1
            except (urllib.error.URLError, OSError) as refused:
                requests -= isinstance(refused, urllib.error.HTTPError)
                time.sleep(0.1)
            if requests <= 0:
                break
        return rss_mb(process.pid)


def rounded(values: dict[str, Any]) -> str:
    return json.dumps({name: round(value, 3) if isinstance(value, float) else value for name, value in values.items()})
