"""`dispatch migrate`: bring the database to this version; one at a time, however many ask, while older programs run on."""

import argparse
import sys
import time

import django
from django.db import OperationalError

from dispatch import logs

LOCK = 0x6D696772  # "migr": an advisory lock, so that several machines may start at once
PATIENCE = "5s"
"""That a statement waits for a table: behind it in line everybody else would wait."""
TRIES = 60


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None."""


def run(options: argparse.Namespace) -> int:  # noqa: ARG001 - every command has the same shape
    """Migrate, and make the default relay where the environment names one. Exit status 1: the database is too new."""
    logs.configure()
    django.setup()
    from django.db import connection

    from dispatch.delivery import relays
    from dispatch.local import upgrading

    if why := upgrading.trouble():
        print(f"dispatch migrate: {why}", file=sys.stderr)
        return 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        cursor.execute(f"SET lock_timeout = '{PATIENCE}'")
        _migrate()
        cursor.execute("RESET lock_timeout")
        upgrading.keep()
        cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
    relays.ensure_default()
    return 0


def _migrate() -> None:
    """Again where a table is in use: each migration is one transaction, so that what failed is as if never begun."""
    from django.core.management import call_command
    from psycopg.errors import LockNotAvailable

    for left in range(TRIES - 1, -1, -1):
        try:
            call_command("migrate", verbosity=0, interactive=False)
        except OperationalError as error:
            if not left or not isinstance(error.__cause__, LockNotAvailable):
                raise
            time.sleep(1)
        else:
            return
