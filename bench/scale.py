"""What growth costs: audiences of ten thousand to ten million enlisted, a million sent. `make bench NAME=scale`.

Prints one table with the exponent fitted through the sizes (1: linear), and ends with a JSON line. `--largest N` ends
earlier, `--send N` sends another size, 0 none.
"""

import argparse
import json
import math
import secrets
import sys
import time
from dataclasses import dataclass

import crowd
import embedded
import send
import sinks
import sizes
import working

AT_ONCE = 100_000
"""Readers that are made in one go."""


@dataclass
class Cost:
    """Of enlisting one audience."""

    readers: int
    seconds: float
    wal: int
    table: int  # bytes of the ledger's rows


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench/scale.py", description=__doc__)
    parser.add_argument("--smallest", type=int, default=10_000)
    parser.add_argument("--largest", type=int, default=10_000_000)
    parser.add_argument("--send", type=int, default=1_000_000)
    options = sizes.asked(parser, smallest=100, largest=1_000, send=1_000)
    with embedded.database(), sinks.ours(chunking=True) as sink:
        found = measure(tenfold(options.smallest, options.largest))
        sent = send_all(options.send, sink.port) if options.send else {}
    show(found, sent)
    return 0


def tenfold(smallest: int, largest: int) -> list[int]:
    """From one to the other, ten times as many each."""
    return [smallest * 10**step for step in range(12) if smallest * 10**step <= largest]


def measure(audiences: list[int]) -> list[Cost]:
    from dispatch.audience.models import Newsletter

    office = Newsletter.objects.create(
        slug="office", languages=crowd.LANGUAGES, from_name="O", from_address="news@example.org", names={"en": "O"}
    )
    found, there = [], 0
    for size in audiences:
        there = make(office.pk, there, size)
        found.append(enlist(size))
    return found


def make(newsletter: int, there: int, wanted: int) -> int:
    """Readers `there` to `wanted`, sealed one by one as the import does, and copied in."""
    while there < wanted:
        _copy(newsletter, range(there + 1, min(there + AT_ONCE, wanted) + 1))
        there += AT_ONCE
    crowd.settle()
    return wanted


def _copy(newsletter: int, numbers: range) -> None:
    from django.db import connection

    from dispatch import vault

    with connection.cursor() as cursor:
        columns = "id, address, address_index, provider_class, created_at"
        with cursor.copy(f"COPY audience_subscriber ({columns}) FROM STDIN") as rows:
            for number in numbers:
                address = vault.seal(f"reader-{number}@example.org", f"subscriber:{number}:address")
                rows.write_row((number, address, secrets.token_bytes(32), number % 5, "2026-01-01T00:00Z"))
        columns = "subscriber_id, newsletter_id, language, second_language, topics, frequency, state, handle"
        with cursor.copy(f"COPY audience_subscription ({columns}, consent_source, consented_at) FROM STDIN") as rows:
            for number in numbers:
                language, handle = crowd.LANGUAGES[number % 3], number.to_bytes(8)
                rows.write_row((number, newsletter, language, "", "{}", "", "active", handle, "", "2026-01-01T00:00Z"))


def enlist(size: int) -> Cost:
    from dispatch.delivery import ledger

    edition = crowd.rendered("office", f"{size} readers")
    wal, began = send.written(), time.perf_counter()
    found = ledger.enlist(edition)
    seconds = time.perf_counter() - began
    assert found is not None
    assert found.frozen_count == size
    ((table,),) = _run("SELECT sum(pg_column_size(recipients)) FROM delivery_chunk WHERE send_id = %s", found.pk)
    return Cost(size, seconds, send.written() - wal, int(table))


def send_all(size: int, port: int) -> dict[str, float]:
    """The audience of that size, enlisted above, to the fast receiver."""
    from dispatch.delivery import ledger, relays
    from dispatch.delivery.models import Chunk, Send

    relays.save("sink", f"smtp://127.0.0.1:{port}?security=none")
    found = Send.objects.get(frozen_count=size)
    ran = working.together(found.pk, Chunk.objects.filter(send=found).count(), send.PROCESSES)
    totals = ledger.totals(found.pk)
    assert (totals.settled, totals.exceptions) == (size, {}), totals
    return {"sent_per_second": size / ran.seconds, "worker_mb": ran.memory_mb}


def exponent(found: list[Cost]) -> float:
    """The slope of seconds over readers, both logarithmic, by least squares."""
    points = [(math.log(cost.readers), math.log(cost.seconds)) for cost in found]
    middle = [sum(values) / len(points) for values in zip(*points, strict=True)]
    up = sum((x - middle[0]) * (y - middle[1]) for x, y in points)
    return up / sum((x - middle[0]) ** 2 for x, _ in points)


def show(found: list[Cost], sent: dict[str, float]) -> None:
    print(f"\n{'readers':>12}{'enlisted in':>14}{'log a reader':>16}{'ledger a reader':>18}")
    for cost in found:
        wal, table = cost.wal / cost.readers, cost.table / cost.readers
        print(f"{cost.readers:>12,}{cost.seconds:>12.2f} s{wal:>14.1f} B{table:>16.1f} B")
    slope = exponent(found)
    at_most = found[-1].seconds * (10**8 / found[-1].readers) ** max(slope, 1.0)
    print(f"\nexponent {slope:.2f}; a hundred million would take {at_most:,.0f} s to enlist")
    for name, value in sent.items():
        print(f"{name}: {value:,.0f}")
    said = {"exponent": slope, "largest": found[-1].readers, "seconds": found[-1].seconds, **sent}
    print(json.dumps({name: round(value, 2) for name, value in said.items()}))


def _run(sql: str, *values: object) -> list[tuple[object, ...]]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else []


if __name__ == "__main__":
    sys.exit(main())
