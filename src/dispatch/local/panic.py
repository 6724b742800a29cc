"""`dispatch panic`: this machine can read no reader any more, now. Only an offline share brings the keys back.

The keys go first, since that needs neither database nor broker; then whatever holds them in memory, or lets somebody
in. Each step is tried whatever became of the others. Keys that come by the environment, as a systemd credential or a
container's secret are out of its reach: then it says so, before anything is done and again at the end, and its first
sentence is not true. What was destroyed on a disk that copies (an SSD, a snapshot, a backup) may still be there: keep
the keys on nothing of the kind.
"""

import argparse
import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg

from dispatch import env
from dispatch.local import instance, shares

VAULT = "DISPATCH_VAULT_KEYS"
PLACES = "the unit, the .env file, the Compose file or the Secret that sets it, and each shell that knows it"
NOT_THESE = """This CANNOT destroy the keys {name}, for they are where only you can reach them:{where}
Until you have removed them there, whoever has this machine reads every address. All else is done: sessions, tokens and
exports end, the broker is emptied, key files are destroyed, the programs of this data directory are killed."""
STILL_READ = """ADDRESSES CAN STILL BE READ HERE. Now, by hand, remove the keys from:{where}
and end each process that was started with them: they stand in its /proc/NUMBER/environ. Then keep them in files from now on
(DISPATCH_VAULT_KEYS_FILE, writable by Dispatch, on a tmpfs or an encrypted disk), which panic can destroy."""
PATIENCE = 3
"""Seconds to wait for a database that may be down."""
DOORS = (
    "DELETE FROM django_session",
    "DELETE FROM accounts_signinlink",
    "UPDATE audience_export SET expires_at = now() WHERE taken_at IS NULL",
    "UPDATE accounts_token SET revoked_at = now() WHERE revoked_at IS NULL",
)
Step = tuple[str, Callable[[], str]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing but what it asks."""
    parser.epilog = "Without an offline share (dispatch keys share) no address here can ever be read again."


def run(options: argparse.Namespace) -> int:  # noqa: ARG001 - every command has the same shape
    """Exit status 0: all of it done. 1: told what is left to do by hand, or nothing was done since it was not meant."""
    name, left = shares.fingerprint(), beyond_reach()
    if not _is_meant(name, left):
        print("Nothing was done.", file=sys.stderr)
        return 1
    steps: tuple[Step, ...] = (
        ("keys", _destroy_keys),
        ("sessions", _close_doors),
        ("broker", _empty_broker),
        ("processes", _end_processes),
    )
    done = [_tried(*step) for step in steps]
    print("Keys in the memory of a process live as long as it does: end every process of Dispatch on every machine.")
    print("Those of systemd, Docker or Kubernetes are started anew by those: stop them there, or they read on.")
    if VAULT in left:
        print(STILL_READ.format(where=_listed(left)), file=sys.stderr)
        return 1
    print(f"dispatch keys restore FILE --identity KEY brings the keys {name} back from their share.")
    return 0 if all(done) else 1


def beyond_reach() -> dict[str, list[str]]:
    """By name, where keys are that no command on this machine can destroy, in words; empty: all of them are files of ours."""
    found: dict[str, list[str]] = {}
    for name in instance.KEYS:
        if os.environ.get(name):
            found.setdefault(name, []).append(f"{name} in the environment: {PLACES}")
        file = env.file_of(name)
        if file is not None and file.exists() and not _may_be_destroyed(file):
            found.setdefault(name, []).append(f"{file}, which is brought read-only: a systemd credential or a secret")
    return found


def _may_be_destroyed(file: Path) -> bool:
    return os.access(file, os.W_OK) and os.access(file.parent, os.W_OK)


def _listed(left: dict[str, list[str]]) -> str:
    return "".join(f"\n  - {one}" for places in left.values() for one in places)


def _is_meant(name: str, left: dict[str, list[str]] | None = None) -> bool:
    """Asked twice: the word, and then the name of what is lost."""
    if left and VAULT in left:
        print(NOT_THESE.format(name=name, where=_listed(left)))
    else:
        print(f"This destroys the keys {name}: no address on this machine can be read after it, and no mail leaves.")
    if not shares.is_made():
        print("NO OFFLINE SHARE of these keys was made here: without one, this cannot be undone by anybody.")
    return _answer("Type the word panic: ") == "panic" and _answer(f"Type {name}: ") == name


def _answer(question: str) -> str:
    print(question, end="", flush=True)
    return sys.stdin.readline().strip()


def _tried(what: str, do: Callable[[], str]) -> bool:
    try:
        print(f"{what:>10}: {do()}")
    except Exception as problem:  # noqa: BLE001 - whatever goes wrong in one step, the others must be tried
        print(f"{what:>10}: NOT DONE. {type(problem).__name__}: {problem}".rstrip(), file=sys.stderr)
        return False
    return True


def _destroy_keys() -> str:
    """Those in files. Raises env.Misconfigured where they are somewhere that only a person can reach."""
    files = {file for name in instance.KEYS if (file := env.file_of(name))}
    files |= {path for name in instance.KEYS.values() if (path := env.data_dir() / "keys" / name).exists()}
    instance.mark_destroyed()
    left = [str(file) for file in sorted(files) if file.exists() and not _is_overwritten(file)]
    left += [f"{name} in the environment" for name in instance.KEYS if os.environ.get(name)]
    if left:
        raise env.Misconfigured(f"Remove by hand, where it comes from: {', '.join(left)}.")
    return f"{len(files)} files overwritten and deleted"


def _is_overwritten(file: Path) -> bool:
    """False: it may not be written to, as what systemd or a container brings."""
    try:
        with file.open("r+b") as key:
            key.write(secrets.token_bytes(max(file.stat().st_size, 64)))
            key.flush()
            os.fsync(key.fileno())
        file.unlink()
    except OSError:
        return False
    return True


def _close_doors() -> str:
    with psycopg.connect(env.database_url(), connect_timeout=PATIENCE, autocommit=True) as session:
        session.execute(f"SET statement_timeout = {PATIENCE * 1000}")
        ended = [session.execute(door).rowcount for door in DOORS]
    return f"{ended[0]} sessions, {ended[1]} sign-in links, {ended[2]} exports and {ended[3]} tokens ended"


def _empty_broker() -> str:
    from dispatch import queue

    return f"{queue.empty()} doorbells thrown away"


def _end_processes() -> str:
    return f"{instance.kill()} killed"
