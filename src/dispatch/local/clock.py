"""`dispatch clock`: the process that watches time."""

import argparse

import django

from dispatch import logs, tracing


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None."""


def run(options: argparse.Namespace) -> int:  # noqa: ARG001 - every command has the same shape
    """Watch until told to stop."""
    logs.configure()
    tracing.begin()
    django.setup()
    from dispatch import clock
    from dispatch.local import upgrading
    from dispatch.workers import beating, ending

    upgrading.require()

    beat = beating.Beat("clock")

    def alive(doing: str) -> None:
        beat.write(doing)
        upgrading.look()
        ending.tell("WATCHDOG=1")

    ending.tell("READY=1")
    clock.run(alive=alive)
    beat.end()
    return 0
