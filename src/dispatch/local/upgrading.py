"""Old and new programs side by side: how far the database may be ahead of a program (docs/upgrading.md).

A step is a release that changes the database. Its migrations only add (expand), so that programs of the step before go on;
what those need is taken away (contract) by a later step. The database says which step it is at and the oldest that it bears.
"""

import logging
import os
import signal
import time
from dataclasses import dataclass

from django.db import Error, connection
from django.db.migrations.migration import Migration
from django.db.migrations.operations import AddField, AlterField, DeleteModel, RemoveField, RenameField, RenameModel

from dispatch import env

log = logging.getLogger(__name__)
STEP = 1
"""This program's. It grows with each release that brings migrations, which say it too: `step = 2` in their class."""
BEARS = 1
"""The oldest step whose programs may run beside this one: the one before, except where a release says otherwise."""
LOOK_EVERY = 60.0
KEEP = """
INSERT INTO dispatch_step AS d (step, bears) VALUES (%s, %s)
ON CONFLICT (id) DO UPDATE SET step = excluded.step, bears = excluded.bears, at = clock_timestamp()
WHERE d.step < excluded.step
"""


@dataclass(frozen=True)
class Found:
    """What the database says of itself."""

    step: int
    bears: int


def found() -> Found:
    """A database that says nothing is older than steps are, and bears everybody. Raises django.db.Error."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('dispatch_step') IS NOT NULL")
        row = cursor.fetchone()
        if row and row[0]:
            cursor.execute("SELECT step, bears FROM dispatch_step")
            row = cursor.fetchone()
            return Found(*row) if row else Found(STEP, STEP)
    return Found(STEP, STEP)


def keep() -> None:
    """Write this step down, once its migrations are applied; never an earlier one."""
    with connection.cursor() as cursor:
        cursor.execute(KEEP, [STEP, BEARS])


def trouble() -> str:
    """Why this program must not run on this database, in words; empty: it may."""
    now = found()
    if now.bears <= STEP:
        return ""
    return (
        f"A newer Dispatch brought the database to step {now.step}, which bears programs from step {now.bears} on; this one "
        f"is of step {STEP} and would harm it. Start the newer version here. See docs/upgrading.md."
    )


def require() -> None:
    """Raise Misconfigured where this program must not run. A database that does not answer is asked again by `look`."""
    try:
        why = trouble()
    except Error:
        return
    finally:
        connection.close()
    if why:
        raise env.Misconfigured(why)


def look() -> None:
    """While a program runs: once a minute, and where it must not run any more it ends in order."""
    global _looked_at  # noqa: PLW0603 - the memory of one moment
    if time.monotonic() - _looked_at < LOOK_EVERY:
        return
    _looked_at = time.monotonic()
    try:
        why = trouble()
    except Error:
        return
    if why:
        log.error("this program ends: %s", why)
        os.kill(os.getpid(), signal.SIGTERM)


def faults(migration: Migration) -> list[str]:
    """What in a migration would break programs of the step before, in words; nothing where it contracts on purpose
    (`contracts = True`: only what no program of the step before uses any more)."""
    if getattr(migration, "contracts", False):
        return []
    found = []
    for act in migration.operations:
        name = f"{type(act).__name__} {getattr(act, 'model_name', getattr(act, 'name', getattr(act, 'old_name', '')))}"
        if isinstance(act, (RemoveField, RenameField, DeleteModel, RenameModel)):
            found.append(f"{name}: older programs still use it")
        elif isinstance(act, (AddField, AlterField)):
            field = act.field
            if not (field.null or field.many_to_many or field.has_db_default()):
                found.append(f"{name}.{act.name}: older programs would write rows without it; null=True or db_default")
    return found


_looked_at = float("-inf")
