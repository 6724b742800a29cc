"""`dispatch backup FILE|FOLDER --to age1…`: the whole database in one file that only the holder of an age key can open.
`dispatch backup verify FILE --identity KEY` reads such a file to its end.

What pg_dump writes goes straight into age, so nothing readable is on the disk at any time. In front of it stands one line of
JSON that says which keys its readers' addresses are sealed with (those are not in it; `dispatch keys share` keeps them), and
how many rows of which table must come out again.
"""

import argparse
import contextlib
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import django
import psycopg

from dispatch import __version__, env, hands, saying
from dispatch.local import client, manifest, shares


class Failed(Exception):
    """The text says what was in the way."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where to, and who can open it; or what is to be looked at, and what opens it."""
    parser.add_argument(
        "words",
        nargs="+",
        metavar="FILE",
        help="a file that is not there yet, or a folder, for one named by the moment; verify FILE: one that is there",
    )
    parser.add_argument(
        "--identity",
        type=Path,
        metavar="KEY",
        help="verify: the holder's file, as age-keygen made it; - is standard input",
    )
    parser.add_argument(
        "--keep",
        type=int,
        metavar="DAYS",
        help="in a folder: delete what was made there longer ago, once this one is whole",
    )
    parser.add_argument(
        "--to",
        action="append",
        metavar="age1…",
        help="a holder's public key; repeatable (default: DISPATCH_BACKUP_TO)",
    )


def run(options: argparse.Namespace) -> int:
    """Exit status 0: it is there, whole. 1: it is not, and the file neither, or older ones could not be deleted."""
    match options.words:
        case [file]:
            return _keep(Path(file), options)
        case ["verify", file] if options.identity:
            return _verify(Path(file), options.identity)
    print("dispatch backup: FILE|FOLDER --to age1…, or: verify FILE --identity KEY", file=sys.stderr)
    return 2


def _keep(place: Path, options: argparse.Namespace) -> int:
    if options.keep is not None and not (place.is_dir() and options.keep > 0):
        print("dispatch backup: --keep is one day or more, and for a folder.", file=sys.stderr)
        return 2
    django.setup()
    file = named(place) if place.is_dir() else place
    try:
        recipients = shares.recipients(options.to or env.words("DISPATCH_BACKUP_TO"))
        held = make(file, recipients)
    except (Failed, shares.Unsuited, OSError, psycopg.Error) as problem:
        print(f"dispatch backup: {words(problem)}", file=sys.stderr)
        return 1
    print(f"{file}: {held}")
    print("Take it off this machine. Try it once: dispatch restore FILE --identity KEY, in a directory of its own.")
    return _tidy(place, options.keep) if options.keep else 0


def _verify(file: Path, identity: Path) -> int:
    from dispatch.local import verifying

    try:
        found = verifying.verify(file, shares.identities(identity))
    except (Failed, shares.Unsuited, OSError) as problem:
        print(f"dispatch backup: {words(problem)}", file=sys.stderr)
        return 1
    print(f"{file}: whole, made {found.made_at:%d %B %Y %H:%M} UTC, needs the vault keys {found.keys}.")
    for table, count in sorted(found.rows.items()):
        print(f"{saying.number(count):>12} {table}")
    return 0


def make(file: Path, recipients: list[shares.Holder]) -> str:
    """Write the backup, for its owner alone; never over another file. What is in it, in words.

    Raises Failed, OSError, psycopg.Error; then the file is not there.
    """
    from dispatch.accounts import audit
    from dispatch.audience import honey
    from dispatch.audience.models import Subscriber

    made_at = datetime.now(UTC)
    name = f"backup:{made_at:%Y-%m-%d %H:%M:%S}"
    with _new(file) as out, _snapshot() as taken:
        with honey.among_readers(name) as invented:
            snapshot, rows = taken()
        _seal(_said(made_at, rows), snapshot, out, recipients)
    readers = Subscriber.objects.count()
    held = f"{saying.size(file.stat().st_size)}, {saying.many(readers, 'reader')}"
    audit.record(None, "backup.make", name, held)
    return f"{held} and {invented} who were invented for it" if invented else held


def named(folder: Path) -> Path:
    """Where in a folder a backup of this moment goes; its name tells the newsroom's time."""
    from django.utils import timezone

    return folder / f"dispatch-{timezone.localtime():%Y-%m-%d-%H%M%S}.age"


def _tidy(folder: Path, days: int) -> int:
    """The exit status."""
    try:
        gone = tidy(folder, days)
    except OSError as problem:
        print(f"dispatch backup: It is made. Older ones could not be deleted: {words(problem)}", file=sys.stderr)
        return 1
    if gone:
        print(f"Deleted there: {saying.many(gone, 'backup')} older than {saying.many(days, 'day')}.")
    return 0


def tidy(folder: Path, days: int) -> int:
    """Delete those that `named` named longer ago; other files are none of ours. How many. Raises OSError."""
    old = _old(folder, "dispatch-*.age", days)
    for one in old:
        one.unlink()
    return len(old)


def _old(folder: Path, pattern: str, days: int) -> list[Path]:
    return [one for one in folder.glob(pattern) if one.stat().st_mtime < time.time() - days * 86_400]


def words(problem: Exception) -> str:
    """For whoever asked: a file's trouble by its name, the database's in one line."""
    if isinstance(problem, OSError) and problem.filename:
        return f"{problem.filename}: {problem.strerror}."
    return str(problem).splitlines()[0]


@contextlib.contextmanager
def _new(file: Path) -> Iterator[io.BufferedWriter]:
    """Under a name of its own until it is whole."""
    if file.exists():
        raise Failed(f"{file} is there already. Nothing was written.")
    part = file.with_name(f"{file.name}.part")
    for left in (part, *_old(file.parent, "dispatch-*.age.part", 1)):  # by whoever was killed while making one
        left.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        part.rename(file)
    finally:
        part.unlink(missing_ok=True)


@contextlib.contextmanager
def _snapshot() -> Iterator[Callable[[], tuple[str, dict[str, int]]]]:
    """Something to call when the moment has come; what it names is seen by pg_dump until the block ends, and counted."""
    with psycopg.connect(env.database_url()) as session:

        def taken() -> tuple[str, dict[str, int]]:
            session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            row = session.execute("SELECT pg_export_snapshot()").fetchone()
            assert row
            return str(row[0]), manifest.counted(session)

        yield taken


def _said(made_at: datetime, rows: dict[str, int]) -> bytes:
    about = {
        "dispatch": __version__,
        "made_at": made_at.isoformat(),
        "keys": shares.fingerprint(),
        "rows": rows,
    }
    return json.dumps(about).encode() + b"\n"


def _seal(head: bytes, snapshot: str, out: io.BufferedWriter, recipients: list[shares.Holder]) -> None:
    dump = [client.program("pg_dump"), "--format=custom", f"--snapshot={snapshot}", f"--dbname={client.address()}"]
    with subprocess.Popen(dump, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=client.environment()) as running:
        assert running.stdout
        assert running.stderr
        shares.seal(_Headed(head, running.stdout), out, recipients)
        said = running.stderr.read().decode(errors="replace").strip()
    if running.returncode:
        raise Failed(f"pg_dump: {said.splitlines()[-1] if said else running.returncode}")


class _Headed(io.BufferedIOBase):
    """A line, and then a file."""

    def __init__(self, head: bytes, rest: IO[bytes]) -> None:
        self.head, self.rest = head, rest

    def read(self, size: int | None = -1) -> bytes:
        """At most `size` bytes; none at the end."""
        hands.advance()
        wanted = -1 if size is None else size
        if not self.head:
            return self.rest.read(wanted)
        part, self.head = (self.head, b"") if wanted < 0 else (self.head[:wanted], self.head[wanted:])
        return part
