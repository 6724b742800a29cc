"""`dispatch restore FILE --identity KEY`: a backup into an empty database, where it stands still until somebody has looked.

All of it or nothing: age vouches for every byte, and the database takes it in one transaction. Then everything is stopped
(what the backup believes to be under way was sent long ago), sessions and links to sign in end, and the readers who were
invented for the backup go.
"""

import argparse
import contextlib
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg

from dispatch import env, saying
from dispatch.local import backup, client, instance, manifest, opening, shares, supervisor, up

WORDS = """Everything is stopped, and stays so until an operator lifts the STOP on the Queue's page. Before that:
- What left after the backup is not known. {held} for a person, after the STOP, too: cancel what was sent.
- Posts that came round again do not any more. Letters that readers had asked for are given up: they ask anew.
- Whoever left after {at:%d %B %Y %H:%M} UTC reads again, as far as this database knows. If you know who they are,
  forget them first.
- What was published since then is not taken in by itself: dispatch publish brings what nobody got."""
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
        "--identity",
        required=True,
        type=Path,
        metavar="KEY",
        help="the holder's file, as age-keygen made it; - is standard input",
    )


def run(options: argparse.Namespace) -> int:
    """Exit status 0: restored, and stopped. 1: nothing was changed."""
    try:
        made_at, held = from_file(options.file, shares.identities(options.identity))
    except (backup.Failed, shares.Unsuited, up.CannotStart, instance.InUse, OSError, psycopg.Error) as problem:
        print(f"dispatch restore: {backup.words(problem)}", file=sys.stderr)
        return 1
    print(WORDS.format(at=made_at, held=held))
    return 0


def from_file(file: Path, identities: list[shares.Own]) -> tuple[datetime, str]:
    """Restore a backup. When it was made, and what of it waits, in words.

    Raises backup.Failed, up.CannotStart, instance.InUse, OSError, psycopg.Error.
    """
    if env.is_embedded("DATABASE") and not (env.data_dir() / "keys" / "vault_keys").exists():
        raise backup.Failed(
            "The keys are not here, and without them no address in a backup can be read. "
            "First: dispatch keys restore SHARE --identity KEY"
        )
    with opening.opened(file, identities) as opened, _database():
        about = opening.about(opened)
        _require_keys(about)
        _require_empty()
        _take_in(opened)
        wrong = _wrong(about)
        subprocess.run(supervisor.python("migrate"), check=True)
        made_at = datetime.fromisoformat(about["made_at"])
        held = _stand_still(made_at)
    if wrong:
        raise backup.Failed(f"What came back is not what was kept: {wrong}. All is stopped; do not use this database.")
    return made_at, held


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
            yield
        finally:
            alone.stop()


def _require_keys(about: dict[str, Any]) -> None:
    if about["keys"] != shares.fingerprint():
        raise backup.Failed(
            f"Its readers' addresses are sealed with the keys {about['keys']}; here are {shares.fingerprint()}. "
            "Nothing was changed. Bring those keys first: dispatch keys restore SHARE --identity KEY"
        )


def _require_empty() -> None:
    with psycopg.connect(env.database_url()) as session:
        row = session.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    if row and row[0]:
        raise backup.Failed(
            "There is something in this database already, and nothing is written over it. Set DISPATCH_DATA_DIR to a new "
            "directory with the keys in it, or DISPATCH_DATABASE_URL to an empty database."
        )


def _wrong(about: dict[str, Any]) -> str:
    """Where rows are not as many as the backup's first line says; empty where all are."""
    with psycopg.connect(env.database_url()) as session:
        return manifest.differing(about, manifest.counted(session, about.get("rows", {})))


def _take_in(opened: opening.Opened) -> None:
    """In one transaction. Were the file cut short or altered, age says so at the latest at its end: then nothing is kept."""
    restore = [client.program("pg_restore"), "--no-owner", "--no-privileges", "--exit-on-error", "--file=-"]
    take = [client.program("psql"), "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", f"--dbname={client.address()}"]
    pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
    with (
        subprocess.Popen(restore, stdin=opened.out, stdout=pipe, stderr=nothing) as reading,
        subprocess.Popen(take, stdin=pipe, stdout=nothing, stderr=pipe, env=client.environment()) as taking,
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


def _stand_still(made_at: datetime) -> str:
    import django

    django.setup()
    from django.db import connection, transaction

    from dispatch.accounts import audit, stopping
    from dispatch.accounts.models import Stop
    from dispatch.audience import honey
    from dispatch.local import standing_still

    with transaction.atomic(), connection.cursor() as cursor:
        for statement in (*ENDED, UNTAKEN):
            cursor.execute(statement)
        reason = f"restored from a backup of {made_at:%d %B %Y %H:%M} UTC"
        stopping.stop(Stop.Scope.EVERYTHING, None, None, reason)
        honey.forget_restored()
        held = standing_still.hold()
        audit.record(None, "backup.restore", f"backup:{made_at:%Y-%m-%d %H:%M:%S}")
    sends, editions = saying.many(held.sends, "send"), saying.many(held.editions, "edition")
    return f"{sends}, {editions} and {saying.many(held.posts, 'post')} wait"
