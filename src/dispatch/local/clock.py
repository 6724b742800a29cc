"""`dispatch clock`: the process that watches time."""

import argparse

import django

from dispatch import logs, tracing
from dispatch.local import supervisor, watchdog


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--watched."""
    parser.add_argument("--watched", action="store_true", help="start it anew when it dies or hangs")


def run(options: argparse.Namespace) -> int:
    """Watch until told to stop."""
    logs.configure()
    if options.watched:
        return watchdog.keep("clock", supervisor.python("clock"))
    tracing.begin()
    django.setup()
    from dispatch import clock
    from dispatch.local import starting, upgrading
    from dispatch.workers import beating, ending

    starting.require()

    beat = beating.Beat("clock")

    def alive(doing: str, silent_for: float) -> None:
        beat.write(doing, silent_for=silent_for)
        upgrading.look()
        if not silent_for:
            ending.tell("WATCHDOG=1")

    ending.tell("READY=1")
    clock.run(alive=alive)
    beat.end()
    return 0
