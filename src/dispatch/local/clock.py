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
    from dispatch.workers import beating

    beat = beating.Beat("clock")
    clock.run(alive=beat.write)
    beat.end()
    return 0
