"""`dispatch migrate`: bring the database to this version; one at a time, however many ask."""

import argparse

import django

from dispatch import logs

LOCK = 0x6D696772  # "migr": an advisory lock, so that several machines may start at once


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None."""


def run(options: argparse.Namespace) -> int:  # noqa: ARG001 - every command has the same shape
    """Migrate."""
    logs.configure()
    django.setup()
    from django.core.management import call_command
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        call_command("migrate", verbosity=0, interactive=False)
        cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
    return 0
