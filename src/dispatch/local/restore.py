"""`dispatch restore FILE --identity KEY`: a backup into an empty database, where it stands still until somebody has looked.

All of it or nothing: age vouches for every byte, and the database takes it in one transaction. Then everything is stopped
(what the backup believes to be under way was sent long ago), sessions and links to sign in end, and the readers who were
invented for the backup go.
"""

import argparse
import contextlib
import io
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg

from dispatch import env
from dispatch.local import backup, instance, shares, supervisor, up

WORDS = """Everything is stopped, and stays so until an operator lifts the STOP on the Queue's page. Before that:
- Look at what the backup believes to be under way, and cancel what was sent.
- Whoever left after {at:%d %B %Y %H:%M} UTC reads again, as far as this database knows. If you know who they are,
  forget them first.
- What was published since then is found again where a source is polled."""
PATIENCE = 30.0
"""Seconds that the database gets to be ready."""
ENDED = (
    "DELETE FROM django_session",
    "DELETE FROM accounts_signinlink",
    "UPDATE accounts_token SET revoked_at = now() WHERE revoked_at IS NULL",
    "UPDATE api_delivery SET state = 'void' WHERE state = 'waiting'",
    "UPDATE api_endpoint SET active = false, trouble = 'It came from a backup: switch it on to tell it again.' WHERE active",
)
UNTAKEN = "UPDATE audience_export SET expires_at = now() WHERE taken_at IS NULL AND expires_at > now()"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What, and what opens it."""
    parser.add_argument("file", type=Path)
    parser.add_argument(
        "--identity", required=True, type=Path, metavar="KEY", help="the holder's file, as age-keygen made it"
    )


def run(options: argparse.Namespace) -> int:
    """Exit status 0: restored, and stopped. 1: nothing was changed."""
    try:
        made_at = from_file(options.file, shares.identities(options.identity))
    except (backup.Failed, shares.Unsuited, up.CannotStart, instance.InUse, OSError, psycopg.Error) as problem:
        print(f"dispatch restore: {backup.words(problem)}", file=sys.stderr)
        return 1
    print(WORDS.format(at=made_at))
    return 0


def from_file(file: Path, identities: list[shares.Own]) -> datetime:
    """Restore a backup. When it was made. Raises backup.Failed, up.CannotStart, instance.InUse, OSError, psycopg.Error."""
    if env.is_embedded("DATABASE") and not (env.data_dir() / "keys" / "vault_keys").exists():
        raise backup.Failed(
            "The keys are not here, and without them no address in a backup can be read. "
            "First: dispatch keys restore SHARE --identity KEY"
        )
    with _opened(file, identities) as opened, _database():
        about = _about(opened)
        _require_empty()
        _take_in(opened)
        subprocess.run(supervisor.python("migrate"), check=True)
        made_at = datetime.fromisoformat(about["made_at"])
        _stand_still(made_at)
    return made_at


@contextlib.contextmanager
def _database() -> Iterator[None]:
    """The embedded one runs alone meanwhile, and no `dispatch up` beside it."""
    if not env.is_embedded("DATABASE"):
        yield
        return
    with instance.held():
        alone = supervisor.Supervisor([one for one in up.storage() if one.name == "database"], lines=lambda _: None)
        try:
            alone.start(0)
            _await_database()
            yield
        finally:
            alone.stop()


def _await_database() -> None:
    """It listens before it is ready for questions."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return psycopg.connect(env.database_url()).close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


class _Opened:
    """What age has opened, as it comes; `trouble` where it could not."""

    def __init__(self, file: io.BufferedReader, identities: list[shares.Own]) -> None:
        ours, theirs = os.pipe()
        self.out, self.trouble = os.fdopen(ours, "rb", buffering=0), ""
        self.thread = threading.Thread(target=self._open, args=(file, theirs, identities), daemon=True)
        self.thread.start()

    def _open(self, file: io.BufferedReader, into: int, identities: list[shares.Own]) -> None:
        with os.fdopen(into, "wb") as plain:
            try:
                shares.unseal(file, plain, identities)
            except (shares.Unsuited, OSError) as problem:
                self.trouble = str(problem)


@contextlib.contextmanager
def _opened(file: Path, identities: list[shares.Own]) -> Iterator[_Opened]:
    with file.open("rb") as sealed:
        opened = _Opened(sealed, identities)
        try:
            yield opened
        finally:
            opened.out.close()
            opened.thread.join(10)


def _about(opened: _Opened) -> dict[str, Any]:
    """The first line, read byte by byte, since the rest is for pg_restore."""
    line = b""
    while (byte := opened.out.read(1)) not in {b"\n", b""} and len(line) < 10_000:
        line += byte
    try:
        about: dict[str, Any] = json.loads(line)
    except ValueError:
        opened.thread.join(10)
        raise backup.Failed(f"This key does not open it, or it is no backup. {opened.trouble}".strip()) from None
    if about["keys"] != shares.fingerprint():
        raise backup.Failed(
            f"Its readers' addresses are sealed with the keys {about['keys']}; here are {shares.fingerprint()}. "
            "Nothing was changed. Bring those keys first: dispatch keys restore SHARE --identity KEY"
        )
    return about


def _require_empty() -> None:
    with psycopg.connect(env.database_url()) as session:
        row = session.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    if row and row[0]:
        raise backup.Failed(
            "There is something in this database already, and nothing is written over it. Set DISPATCH_DATA_DIR to a new "
            "directory with the keys in it, or DISPATCH_DATABASE_URL to an empty database."
        )


def _take_in(opened: _Opened) -> None:
    """In one transaction. Were the file cut short or altered, age says so at the latest at its end: then nothing is kept."""
    restore = [backup.program("pg_restore"), "--no-owner", "--no-privileges", "--exit-on-error", "--file=-"]
    take = [backup.program("psql"), "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", f"--dbname={env.database_url()}"]
    pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
    with (
        subprocess.Popen(restore, stdin=opened.out, stdout=pipe, stderr=nothing) as reading,
        subprocess.Popen(take, stdin=pipe, stdout=nothing, stderr=pipe) as taking,
    ):
        assert reading.stdout
        assert taking.stdin
        assert taking.stderr
        taking.stdin.write(b"BEGIN;\n")
        with contextlib.suppress(BrokenPipeError):
            for part in iter(lambda: reading.stdout.read(65536), b""):  # type: ignore[union-attr]
                taking.stdin.write(part)
        reading.wait()
        opened.thread.join(10)
        is_whole = not reading.returncode and not opened.trouble
        with contextlib.suppress(BrokenPipeError):
            taking.stdin.write(b"COMMIT;\n" if is_whole else b"ROLLBACK;\n")
            taking.stdin.close()
        said = taking.stderr.read().decode(errors="replace").strip()
    if not is_whole or taking.returncode:
        why = opened.trouble or (said.splitlines()[0] if said else "it is cut short")
        raise backup.Failed(f"The backup could not be taken in, and nothing was kept of it: {why}")


def _stand_still(made_at: datetime) -> None:
    import django

    django.setup()
    from django.db import connection, transaction

    from dispatch.accounts import audit, stopping
    from dispatch.accounts.models import Stop
    from dispatch.audience import honey

    with transaction.atomic(), connection.cursor() as cursor:
        for statement in (*ENDED, UNTAKEN):
            cursor.execute(statement)
        reason = f"restored from a backup of {made_at:%d %B %Y %H:%M} UTC"
        stopping.stop(Stop.Scope.EVERYTHING, None, None, reason)
        audit.record(None, "backup.restore", f"backup:{made_at:%Y-%m-%d %H:%M:%S}")
        honey.forget_restored()
