"""`dispatch migrate`: bring the database to this version; one at a time, however many ask."""

import argparse

import django

from dispatch import logs

LOCK = 0x6D696772  # "migr": an advisory lock, so that several machines may start at once


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None."""


def run(options: argparse.Namespace) -> int:  # noqa: ARG001 - every command has the same shape
    """Migrate, and make the default relay where the environment names one."""
    logs.configure()
    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from dispatch.delivery import relays

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        call_command("migrate", verbosity=0, interactive=False)
        cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
    relays.ensure_default()
    return 0
