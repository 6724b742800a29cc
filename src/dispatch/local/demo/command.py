"""The command: start, invent, publish, follow, count, tell."""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from dispatch import env, logs
from dispatch.local import instance, up
from dispatch.local.demo import newsroom, place, readers, stories, telling

if TYPE_CHECKING:
    from dispatch.local.demo.counting import Account
    from dispatch.local.supervisor import Supervisor


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--once, --inputs, --readers, --port."""
    parser.add_argument("--once", action="store_true", help="stop by itself and end with one line of JSON")
    parser.add_argument(
        "--inputs", type=Path, metavar="DIR", help="publish the .txt and webhook .json files of DIR instead"
    )
    parser.add_argument("--readers", type=int, default=1000, help="how many readers to invent")
    parser.add_argument("--port", type=int, default=int(env.number("DISPATCH_PORT", 8321)), help="the web's port")


def run(options: argparse.Namespace) -> int:
    """0: every reader has exactly one mail of each edition and every channel one post of each story."""
    began = time.monotonic()
    try:
        wanted = stories.load(options.inputs or stories.SAMPLES)
        with started(options) as everything:
            return _show(options, wanted, everything, began)
    except (stories.Unusable, up.CannotStart, instance.InUse) as problem:
        print(f"dispatch demo: {problem}", file=sys.stderr)
        return 1


@contextmanager
def started(options: argparse.Namespace) -> Iterator["Supervisor"]:
    """A whole instance with inbox and networks beside it, empty, its newsroom made, and this process able to speak to it."""
    with place.made(keep=not options.once) as here, here.log.open("w", encoding="utf-8", buffering=1) as log:
        telling.say(f"Starting everything; what the programs say is in {here.log}")
        with up.started(
            "127.0.0.1", options.port, extra=place.programs(here), lines=lambda text: print(text, end="", file=log)
        ) as everything:
            everything.watch_beside()
            _speak_to_it()
            newsroom.open_up(here.mail_port, here.networks)
            yield everything


def _speak_to_it() -> None:
    import django

    logs.configure("WARNING")  # between its bars the terminal has no room for what goes well
    django.setup()


def _show(options: argparse.Namespace, wanted: list[stories.Story], everything: "Supervisor", began: float) -> int:
    from dispatch.local.demo.following import Stopped

    site = os.environ["DISPATCH_PUBLIC_URL"]
    try:
        account = _publish(options.readers, wanted, everything, site)
    except Stopped:
        return 1
    seconds = time.monotonic() - began
    telling.summary(account, seconds)
    if not options.once:
        telling.addresses(site, newsroom.sign_in_link())
        telling.say("\nIt stays up until Ctrl-C.")
        everything.stopping.wait()
        return 0 if account.right else 1
    everything.stop()
    telling.last_line(account, seconds)
    return 0 if account.right else 1


def _publish(count: int, wanted: list[stories.Story], everything: "Supervisor", site: str) -> "Account":
    from dispatch.local.demo.following import Following

    people = readers.invent(count)
    with telling.bars() as bars:
        bars.show("Readers imported", 0, count)
        added = newsroom.take_in(people)
        bars.show("Readers imported", added // len(newsroom.NEWSLETTERS), count)
        for number, story in enumerate(wanted, 1):
            stories.publish(story, site)
            bars.show("Stories published", number, len(wanted))
        following = Following(people, wanted, bars, everything.stopping)
        following.until_planned()
        following.let_digests_leave()
        return following.until_delivered()
