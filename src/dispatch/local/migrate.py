"""`dispatch migrate`: bring the database to this version; one at a time, however many ask, while older programs run on."""

import argparse
import logging
import sys
import time

import django
from django.db import OperationalError

from dispatch import logs

log = logging.getLogger(__name__)

LOCK = 0x6D696772  # "migr": an advisory lock, so that several machines may start at once
LOCK_WAIT = "900ms"
"""How long a migration waits for a table. Whoever wants that table meanwhile waits as long, mail included."""
TRIES = 100
PAUSE = 3.0
"""Seconds between two, in which what held the table and what queued behind may pass."""


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
        cursor.execute(f"SET lock_timeout = '{LOCK_WAIT}'")
        apply()
        cursor.execute("RESET lock_timeout")
        upgrading.keep()
        cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
    relays.ensure_default()
    return 0


def apply(pause: float = PAUSE) -> None:
    """Every migration that is not applied yet, each as a whole; one that does not get its table within the session's
    lock_timeout gives way and is tried again. Raises django.db.OperationalError after TRIES."""
    from django.core.management import call_command
    from psycopg import errors

    for tried in range(1, TRIES + 1):
        try:
            call_command("migrate", verbosity=0, interactive=False)
        except OperationalError as problem:
            if not isinstance(problem.__cause__, errors.LockNotAvailable) or tried == TRIES:
                raise
            log.warning("a migration waits for a table in use and tries again", extra={"tried": tried})
            time.sleep(pause)
        else:
            return
