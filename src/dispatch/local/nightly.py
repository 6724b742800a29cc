"""The backup that the clock asks for each night, in the folder DISPATCH_BACKUP_NIGHTLY, where older ones go after
DISPATCH_BACKUP_KEEP days."""

import logging
from pathlib import Path

import psycopg
from django.conf import settings

from dispatch import env
from dispatch.local import backup, shares
from dispatch.operations import backups

log = logging.getLogger(__name__)
MINE = 0x6261636B  # "back": the advisory lock of whoever makes it, so that a doorbell rung again does not make a second one


def make() -> bool:
    """Make it, unless it is made or being made. False: it was not; the log says why, and the alert DispatchBackupOld follows
    where that goes on. Once it is whole, those that are too old are deleted: readers who left are in them."""
    with psycopg.connect(env.database_url(), autocommit=True) as session:
        row = session.execute("SELECT pg_try_advisory_lock(%s)", [MINE]).fetchone()
        if not (row and row[0]) or not backups.is_due():
            return False
        folder = Path(settings.BACKUP_NIGHTLY)
        file = backup.named(folder)
        try:
            backup.make(file, shares.recipients(env.words("DISPATCH_BACKUP_TO")))
        except (backup.Failed, shares.Unsuited, OSError, psycopg.Error) as problem:
            log.error("tonight's backup could not be made", extra={"why": backup.words(problem)})  # noqa: TRY400 - it is said in words
            return False
        log.info("tonight's backup is made", extra={"file": file.name})
        _tidy(folder)
    return True


def _tidy(folder: Path) -> None:
    if settings.BACKUP_KEEP <= 0:
        return
    try:
        gone = backup.tidy(folder, settings.BACKUP_KEEP)
    except OSError as problem:
        log.error("older backups could not be deleted", extra={"why": backup.words(problem)})  # noqa: TRY400 - it is said in words
    else:
        log.info("older backups are deleted", extra={"count": gone, "days": settings.BACKUP_KEEP})
