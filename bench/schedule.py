"""Ten thousand posts due within a minute, on a whole instance that mails a large list meanwhile. `make bench NAME=schedule`.

When each came is measured at the network: a receiver of our own that speaks as much of Mastodon's interface as a post needs.
Prints one table and ends with a JSON line. `--posts N`, `--seconds N`, `--readers N` (0: no mail meanwhile) change the sizes;
`--latency S`: seconds that the network takes for an answer, as real ones do.
"""

import argparse
import asyncio
import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import path
import sinks
import sizes

from dispatch.local.demo import command
from dispatch.local.supervisor import Supervisor

CHANNELS = 20
AHEAD = 20.0
"""Seconds between the last post planned and the first one due."""
PATIENCE = 120


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench/schedule.py", description=__doc__)
    parser.add_argument("--posts", type=int, default=10_000)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--readers", type=int, default=200_000)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--network", type=Path, help=argparse.SUPPRESS)
    options = sizes.asked(parser, posts=100, seconds=2, readers=500)
    if options.network:
        asyncio.run(network(options.network, options.latency))
        return 0
    os.environ["DJANGO_SETTINGS_MODULE"] = "dispatch.settings"
    os.environ |= {"DISPATCH_APPROVE_FROM": "0", "DISPATCH_FIRST_WAVE_FROM": "0"}
    with (
        tempfile.TemporaryDirectory() as folder,
        command.started(argparse.Namespace(once=True, port=sizes.PORT)) as everything,
    ):
        record = Path(folder) / "arrived"
        with standing_in(record, options.latency) as server, sinks.ours(chunking=True) as mail:
            if options.readers:
                subscribe(options.readers, mail.port)
            due = plan(options.posts, options.seconds, server)
            sent = _mail_meanwhile(min(due.values())) if options.readers else 0
            time.sleep(max(0.0, min(due.values()) - time.time()))
            before = processor(everything)
            arrived = follow(record, due)
            spent = {name: seconds - before[name] for name, seconds in processor(everything).items()}
    return tell(due, arrived, sent, spent)


def subscribe(readers: int, port: int) -> None:
    from dispatch.delivery import relays
    from dispatch.delivery.models import Relay

    Relay.objects.update(active=False)
    relays.save("sink", f"smtp://127.0.0.1:{port}?security=none")
    path.subscribe("list", readers)


def _mail_meanwhile(moment: float) -> int:
    """A large edition that leaves just before the first post is due. How many readers it has."""
    from dispatch.audience.models import Subscription

    time.sleep(max(0.0, moment - 3 - time.time()))
    path.publish("list", os.environ["DISPATCH_PUBLIC_URL"])
    return Subscription.objects.filter(newsletter__slug="list").count()


def plan(count: int, seconds: int, server: str) -> dict[int, float]:
    """Posts of one story in turns, evenly over the channels and the time. When each is due, by the number in its text."""
    from dispatch.articles.models import Article, Source, Story
    from dispatch.social import channels
    from dispatch.social.models import Channel, Post

    Channel.objects.update(active=False)
    secret = {"access_token": secrets.token_hex()}
    connected = [
        channels.connect(
            f"bench-{n}", name=f"Bench {n}", network="mastodon", credentials=secret, server=server, topics=["bench"]
        )
        for n in range(CHANNELS)
    ]
    story = Story.objects.create(key="bench")
    begins = datetime.now(UTC) + timedelta(seconds=AHEAD)
    told = {"story": story, "source": Source.objects.all()[0], "external_id": "bench", "published_at": begins}
    article = Article.objects.create(language="en", url="https://example.org/a", **told)
    due = {number: begins + timedelta(seconds=seconds * number / count) for number in range(count)}
    said = {"story": story, "article": article, "language": "en", "link": article.url, "checked_at": begins}
    Post.objects.bulk_create(
        Post(channel=connected[number % CHANNELS], turn=number, text=f"{number} {article.url}", due_at=moment, **said)
        for number, moment in due.items()
    )
    return {number: moment.timestamp() for number, moment in due.items()}


def follow(record: Path, due: dict[int, float]) -> list[tuple[int, float]]:
    """What came, and when, until all of it is there or nothing has come for a while."""
    deadline = max(due.values()) + PATIENCE
    arrived: list[tuple[int, float]] = []
    while len({number for number, _ in arrived}) < len(due) and time.time() < deadline:
        time.sleep(1)
        lines = record.read_text().splitlines() if record.exists() else []
        arrived = [(int(number), float(moment)) for number, moment in map(str.split, lines)]
    return arrived


def processor(everything: Supervisor) -> dict[str, float]:
    """Seconds of processor that each program has used by now, with its children, the living and the dead."""
    parents = {}
    seconds = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = entry.read_text().rpartition(")")[2].split()
            parents[int(entry.parent.name)] = int(fields[1])
            seconds[int(entry.parent.name)] = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    found = {}
    for running in everything.all:
        family = {running.process.pid} if running.process else set()
        while more := {pid for pid, parent in parents.items() if parent in family} - family:
            family |= more
        found[running.program.name] = sum(seconds.get(pid, 0.0) for pid in family)
    return found


def tell(due: dict[int, float], arrived: list[tuple[int, float]], sent: int, spent: dict[str, float]) -> int:
    times = Counter(number for number, _ in arrived)
    late = sorted(moment - due[number] for number, moment in arrived)
    found = {
        "posts": len(due),
        "lateness_p50_s": round(late[len(late) // 2], 3),
        "lateness_p99_s": round(late[len(late) * 99 // 100], 3),
        "twice": sum(count > 1 for count in times.values()),
        "missing": len(due) - len(times),
    }
    seconds = max(due.values()) - min(due.values())
    print(
        f"\n{len(due):,} posts due in {seconds:.0f} s, {sent:,} letters leaving meanwhile; load {os.getloadavg()[0]:.1f}"
    )
    print(f"{'first, median':<28}{late[0]:>8.3f}{found['lateness_p50_s']:>10.3f} s late")
    print(f"{'99th percentile, last':<28}{found['lateness_p99_s']:>8.3f}{late[-1]:>10.3f} s late   p99 < 1 s")
    each = {name: 1000 * spent[name] / max(1, len(times)) for name in ("posts", "clock", "broker", "database", "mail")}
    print(f"{'processor, a post':<28}{', '.join(f'{name} {ms:.1f} ms' for name, ms in each.items())}")
    in_time = sum(seconds < 1 for seconds in late)
    print(f"{'within a second':<28}{in_time:>8,} of {len(due):,}")
    print(f"{'twice, missing':<28}{found['twice']:>8}{found['missing']:>10}")
    print(json.dumps(found))
    return 1 if found["twice"] or found["missing"] else 0


@contextmanager
def standing_in(record: Path, latency: float = 0.0) -> Iterator[str]:
    """The network's address."""
    command = [sys.executable, __file__, "--network", str(record), "--latency", str(latency)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout
        try:
            yield running.stdout.readline().strip()
        finally:
            running.kill()


async def network(record: Path, latency: float) -> None:
    """POST /api/v1/statuses, and nothing else; each post's number and moment in a file."""
    numbers = iter(range(10**9))
    with record.open("a", buffering=1) as out:

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                while True:
                    await answer(reader, writer)
            writer.close()

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = await reader.readuntil(b"\r\n\r\n")
            lengths = [int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
            body = await reader.readexactly(sum(lengths))
            if not head.startswith(b"POST /api/v1/statuses"):
                writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                return
            out.write(f"{_number(body)} {time.time()}\n")
            if latency:
                await asyncio.sleep(latency)
            number = str(next(numbers))
            said = {"id": number, "url": f"https://example.org/{number}", "created_at": "2026-11-23T08:00:00.000Z"}
            words = json.dumps(said).encode()
            head_back = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(words)}\r\n\r\n"
            writer.write(head_back.encode() + words)
            await writer.drain()

        listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
        server = await asyncio.start_server(talk, sock=listening)
        print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
        await server.serve_forever()


def _number(body: bytes) -> str:
    """Of a form that says status=12+https…"""
    return body.split(b"status=")[1].split(b"+")[0].split(b"%20")[0].decode()


if __name__ == "__main__":
    sys.exit(main())
