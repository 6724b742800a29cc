"""The whole path in numbers: webhook, first mail, a thousand readers, the demo, a worker's memory. `make bench NAME=path`.

Prints one table, each number beside a baseline measured in the same run where there is one, and ends with a JSON line.
`--quick` leaves out the demo and the 100,000 readers.
"""

import argparse
import asyncio
import json
import os
import signal
import smtplib
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import time as wall_clock
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import sinks
import sizes
import steadily

from dispatch.local import inbox, receiver
from dispatch.local.demo import command, newsroom, readers, stories
from dispatch.local.supervisor import Supervisor

Row = tuple[str, str, str]


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench/path.py", description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--lists", type=int, nargs="+", default=[10_000, 100_000], help="by which memory is compared")
    parser.add_argument("--seconds", type=int, default=10, help="of webhooks")
    parser.add_argument("--sink", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--publish", type=int, help="only how long so many readers wait for an article")
    options = sizes.asked(parser, quick=True, lists=[500], seconds=1)
    if options.sink is not None:
        return sink(options.sink)
    os.environ["DJANGO_SETTINGS_MODULE"] = "dispatch.settings"
    os.environ["DISPATCH_APPROVE_FROM"] = "0"
    os.environ["DISPATCH_FIRST_WAVE_FROM"] = "0"  # its wait is meant
    if options.publish:
        print(json.dumps(first_and_last(options.publish)))
        return 0
    found: dict[str, Any] = {}
    with command.started(argparse.Namespace(once=True, port=sizes.PORT)) as everything:
        site = os.environ["DISPATCH_PUBLIC_URL"]
        found |= a_thousand_readers(site)
        found |= memory(everything, site, options.lists[:1] if options.quick else options.lists)
        found |= {f"webhook_{name}": value for name, value in steadily.webhooks(site, options.seconds).items()}
        with broker_down(everything):
            found |= {
                f"webhook_without_broker_{name}": value
                for name, value in steadily.webhooks(site, options.seconds).items()
            }
    if not options.quick:
        found["demo_seconds"] = demo_seconds()
    show(found, options.lists)
    print(json.dumps({name: round(value, 2) for name, value in found.items()}))
    return 0


def show(found: dict[str, Any], lists: list[int]) -> None:
    ratio = found["readers_per_second"] / found["baseline_per_second"]
    rows: list[Row] = [
        (
            f"webhook at {steadily.RATE}/s, p50 and p99",
            "{webhook_p50_ms:.1f} and {webhook_p99_ms:.1f} ms",
            "p99 < 50 ms",
        ),
        (
            "  with the broker down",
            "{webhook_without_broker_p50_ms:.1f} and {webhook_without_broker_p99_ms:.1f} ms",
            "p99 < 50 ms",
        ),
        ("publish to first mail on the wire", "{first_mail_seconds:.2f} s", "< 1 s"),
        ("publish to the last of 1,000 readers", "{thousand_readers_seconds:.2f} s", "< 5 s"),
        (
            "  rate between first and last",
            "{readers_per_second:.0f}/s",
            f"{ratio:.1f} × smtplib with a fresh EmailMessage each",
        ),
        *(
            (f"mail worker's memory, {size:,} readers", f"{{memory_{size}_mb:.0f}} MB", "does not grow")
            for size in lists
        ),
        ("make demo, installed", "{demo_seconds:.0f} s", "< 90 s"),
    ]
    print()
    for name, value, wanted in rows:
        try:
            print(f"{name:<40}{value.format(**found):>22}   {wanted}")
        except KeyError:
            continue


@contextmanager
def broker_down(everything: Supervisor) -> Iterator[None]:
    """Killed, and kept from being started again meanwhile."""
    with everything.lock:
        (broker,) = [running for running in everything.all if running.program.name == "broker"]
        broker.tell(signal.SIGKILL)
        time.sleep(0.5)
        yield
    wait(broker.is_alive)


def a_thousand_readers(site: str) -> dict[str, float]:
    newsroom.take_in(readers.invent(1000))
    began = time.time()
    stories.publish(next(one for one in stories.load(stories.SAMPLES) if one.way is stories.Way.NATIVE), site)
    wait(lambda: inbox.count() >= 1000)
    moments = sorted(letter.at for letter in inbox.everything())
    first, last = moments[0], moments[999]
    found = {"first_mail_seconds": first - began, "thousand_readers_seconds": last - began}
    return {**found, "readers_per_second": 1000 / (last - first), "baseline_per_second": baseline()}


def first_and_last(size: int) -> dict[str, float]:
    """Seconds from the webhook to the first and to the last message, at the fast receiver."""
    with (
        tempfile.TemporaryDirectory() as folder,
        command.started(argparse.Namespace(once=True, port=sizes.PORT)) as everything,
        sinks.ours(chunking=True, record=Path(folder) / "arrived") as there,
    ):
        from dispatch.delivery import relays
        from dispatch.delivery.models import Relay

        Relay.objects.update(active=False)
        relays.save("sink", f"smtp://127.0.0.1:{there.port}?security=none")
        subscribe("list", size)
        record, began = Path(folder) / "arrived", time.time()
        record.touch()
        publish("list", os.environ["DISPATCH_PUBLIC_URL"])
        wait(lambda: record.stat().st_size > 0)
        first = time.time() - began
        wait(lambda: record.read_bytes().count(b"\n") >= size)
        assert everything.all
        return {"first_seconds": first, "last_seconds": time.time() - began}


def baseline() -> float:
    """The obvious way: one connection, a fresh EmailMessage for each reader, the same text and HTML."""
    from dispatch.editions.models import Variant

    variant = Variant.objects.filter(language="en")[0]
    with a_sink() as port, smtplib.SMTP("127.0.0.1", port, local_hostname="localhost") as client:
        began = time.perf_counter()
        for reader in readers.invent(300):
            message = EmailMessage()
            message["From"], message["To"], message["Subject"] = "a@example.org", reader.address, variant.subject
            message.set_content(variant.text)
            message.add_alternative(variant.html, subtype="html")
            client.send_message(message)
        return 300 / (time.perf_counter() - began)


def memory(everything: Supervisor, site: str, sizes: list[int]) -> dict[str, float]:
    """The mail worker's resident memory while it sends, by the size of the list; mail goes to a sink that keeps nothing."""
    from dispatch.audience.models import Newsletter
    from dispatch.delivery import relays
    from dispatch.delivery.models import Relay, Send
    from dispatch.social.models import Channel

    Newsletter.objects.update(active=False)
    Channel.objects.update(active=False)
    found = {}
    with a_sink() as port:
        Relay.objects.update(active=False)
        relays.save("sink", f"smtp://127.0.0.1:{port}?security=none")
        for size in sizes:
            slug = f"list-{size}"
            subscribe(slug, size)
            with highest(lambda: resident(everything, "mail")) as top:
                publish(slug, site)
                wait(
                    lambda slug=slug: Send.objects.filter(
                        edition__newsletter__slug=slug, finished_at__isnull=False
                    ).exists(),
                    900,
                )
            found[f"memory_{size}_mb"] = top[0] / 2**20
    return found


def subscribe(slug: str, size: int) -> None:
    from dispatch.audience import importing
    from dispatch.audience.models import Newsletter

    Newsletter.objects.create(
        slug=slug,
        names={"en": slug},
        languages=["en"],
        topics=[slug],
        cadence="each",
        at=wall_clock(8),
        from_name="The newsroom",
        from_address="news@news.example.org",
    )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "readers.csv"
        file.write_text("email,language,name\n" + "".join(f"reader-{n:06}@example.org,en,Alice\n" for n in range(size)))
        importing.run(file, importing.Defaults(newsletter=slug), apply=True)


def publish(slug: str, site: str) -> None:
    sample = json.loads(next(stories.SAMPLES.glob("council*.json")).read_text(encoding="utf-8"))["data"]
    data = {"story": slug, "language": "en", "title": sample["title"], "html": sample["html"], "topics": [slug]}
    body = json.dumps({"type": "article.published", "data": data}).encode()
    stories.publish(stories.Story(stories.Way.NATIVE, slug, slug, ("en",), body), site)


@contextmanager
def highest(measure: Callable[[], int]) -> Iterator[list[int]]:
    """The largest of what is measured four times a second inside the block."""
    top, over = [0], threading.Event()

    def look() -> None:
        while not over.wait(0.25):
            top[0] = max(top[0], measure())

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield top
    finally:
        over.set()
        thread.join()


def resident(everything: Supervisor, name: str) -> int:
    """Bytes of the largest of the processes that do a worker's work."""
    (parent,) = [running.process for running in everything.all if running.program.name == name]
    assert parent
    group = [path.parent for path in Path("/proc").glob("[0-9]*/stat") if group_of(path) == parent.pid]
    return max((rss(process) for process in group if process.name != str(parent.pid)), default=0)


def group_of(stat: Path) -> int:
    try:
        return int(stat.read_text().rsplit(")", 1)[1].split()[2])
    except (OSError, IndexError):
        return 0


def rss(process: Path) -> int:
    try:
        return int((process / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def demo_seconds() -> float:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("DISPATCH_")}
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "dispatch.cli", "demo", "--once"], env=ours, check=True, stdout=subprocess.DEVNULL
    )
    return time.perf_counter() - began


@contextmanager
def a_sink() -> Iterator[int]:
    """A receiver that answers and keeps nothing; its port."""
    with receiver.socket.create_server(("127.0.0.1", 0), backlog=256) as listening:
        number = listening.fileno()
        process = subprocess.Popen([sys.executable, __file__, "--sink", str(number)], pass_fds=[number])
        try:
            yield listening.getsockname()[1]
        finally:
            process.terminate()
            process.wait(10)


def sink(number: int) -> int:
    class Nothing(inbox.Keeper):
        def __init__(self, file: Path) -> None:
            pass

        def keep(self, arrived: Any) -> None:
            list(arrived)

    inbox.Keeper = Nothing  # type: ignore[misc]
    asyncio.run(receiver.receive(receiver.socket.socket(fileno=number), Path()))
    return 0


def wait(done: Callable[[], bool], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


if __name__ == "__main__":
    sys.exit(main())
