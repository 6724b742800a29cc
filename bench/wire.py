"""The transport alone: constant bytes to two receivers. `make bench NAME=wire`.

smtplib over a new connection each and over a kept one, Dispatch over so many connections (window by window, as a chunk of
readers is sent; with CHUNKING), and the ceiling, a client that does nothing but write. One sending process, the receiver
beside it. Messages a second and microseconds of the sender's processor a message, the median of the runs.
"""

import argparse
import json
import os
import resource
import smtplib
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial

import sinks
import sizes

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dispatch.settings")

from dispatch.delivery.mailers import dialling, shelf, smtp
from dispatch.delivery.mailers.base import Message
from dispatch.outcomes import Sent

Client = Callable[[int, int], object]
"""Sends, to this port, so many messages."""
Receiver = Callable[[], AbstractContextManager[sinks.Sink | None]]
WINDOW = 50


@dataclass(frozen=True)
class Way:
    name: str
    client: Client
    share: float = 1.0  # of the messages: a slow one's rate does not depend on how many
    receiver: Receiver = sinks.ours


@dataclass(frozen=True)
class Took:
    per_second: float
    cpu_us: float  # a message


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench/wire.py", description=__doc__)
    parser.add_argument("--messages", type=int, default=40_000)
    parser.add_argument("--runs", type=int, default=3)
    options = sizes.asked(parser, messages=400, runs=1)
    count, runs, load = options.messages, options.runs, os.getloadavg()[0]
    print(f"{count:,} messages of {len(sinks.constant()):,} bytes; load {load:.1f} on {os.cpu_count()} cores")
    found = {"sink": table("bench/sink.c", TO_OURS, count, runs)}
    with sinks.postfixs() as there:
        if there:
            found["smtp_sink"] = table("Postfix's smtp-sink", TO_POSTFIXS, count // 4, runs)
        else:
            print(sinks.ABSENT)
    print(json.dumps(found))
    return 0


def table(title: str, ways: Sequence[Way], count: int, runs: int) -> dict[str, dict[str, float]]:
    """All ways in turn, and again: a machine that was busy for a while was so for all of them."""
    took = [[measured(way, int(count * way.share)) for way in ways] for _ in range(runs)]
    found = {}
    print(f"\n{title}")
    for way, runs_of_it in zip(ways, zip(*took, strict=True), strict=True):
        rate = statistics.median(one.per_second for one in runs_of_it)
        cpu = statistics.median(one.cpu_us for one in runs_of_it)
        print(f"  {way.name:<34}{rate:>10,.0f}/s{cpu:>10.1f} µs")
        found[way.name] = {"per_second": round(rate), "cpu_us": round(cpu, 1)}
    return found


def measured(way: Way, count: int) -> Took:
    with way.receiver() as sink:
        assert sink
        began, used = time.perf_counter(), processor()
        way.client(sink.port, count)
        took, used = time.perf_counter() - began, processor() - used
    assert sink.counted.get("messages", count) == count, sink.counted
    return Took(count / took, used / count * 1e6)


def processor() -> float:
    """Seconds of it that this process used, and those that it started and saw off."""
    spent = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in spent)


def dispatch(connections: int, window: int = 0) -> Client:
    def send(port: int, count: int) -> None:
        mailer = smtp.Smtp(dialling.Relay("127.0.0.1", port, security="none", connections=connections))
        one, left = Message(sinks.SENDER, sinks.READER, sinks.constant()), count
        while left:
            size = min(window or count, left)
            assert all(isinstance(answer, Sent) for answer in mailer.send([one] * size))
            left -= size
        mailer.close()
        shelf.clear()

    return send


def naive(port: int, count: int) -> None:
    data = sinks.constant()
    for _ in range(count):
        with smtplib.SMTP("127.0.0.1", port, "localhost") as connection:
            connection.sendmail(sinks.SENDER, sinks.READER, data)


def reusing(port: int, count: int) -> None:
    data = sinks.constant()
    with smtplib.SMTP("127.0.0.1", port, "localhost") as connection:
        for _ in range(count):
            connection.sendmail(sinks.SENDER, sinks.READER, data)


def ceiling(port: int, count: int) -> None:
    sinks.push(port, count, connections=4)


TO_OURS = [
    Way("smtplib, a connection each", naive, 1 / 40),
    Way("smtplib, a connection kept", reusing, 1 / 20),
    *(Way(f"Dispatch, {number} connections", dispatch(number)) for number in (1, 2, 4, 8)),
    Way(f"Dispatch, 4, windows of {WINDOW}", dispatch(4, WINDOW)),
    Way("Dispatch, 4, CHUNKING", dispatch(4), receiver=partial(sinks.ours, chunking=True)),
    Way("ceiling, 4 connections", ceiling),
]
TO_POSTFIXS = [
    Way("smtplib, a connection each", naive, 1 / 10, sinks.postfixs),
    Way("smtplib, a connection kept", reusing, 1 / 10, sinks.postfixs),
    Way("Dispatch, 4 connections", dispatch(4), receiver=sinks.postfixs),
    Way(f"Dispatch, 4, windows of {WINDOW}", dispatch(4, WINDOW), receiver=sinks.postfixs),
    Way("ceiling, 4 connections", ceiling, receiver=sinks.postfixs),
    Way("smtp-source, 8 connections", sinks.smtp_source, receiver=sinks.postfixs),
]

if __name__ == "__main__":
    raise SystemExit(main())
