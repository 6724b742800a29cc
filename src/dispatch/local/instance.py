"""An embedded instance: its directory, its keys, and the lock that keeps a second start out."""

import contextlib
import fcntl
import os
import secrets
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from dispatch import env, vault

KEYS = {"DISPATCH_SECRET_KEY": "secret_key", "DISPATCH_VAULT_KEYS": "vault_keys"}
ADDRESS = "DISPATCH_PUBLIC_URL"
LEFTOVERS_WITHIN = 8.0
"""Seconds that programs of a killed start get to end by themselves before they are killed too."""


class InUse(Exception):
    """Another `dispatch up` runs in this directory."""


def adopt() -> None:
    """Let this process use the instance's keys and its address, where the environment brings none of its own."""
    files = {name: env.data_dir() / "keys" / file for name, file in KEYS.items()} | {ADDRESS: _address()}
    for name, path in files.items():
        if not (os.environ.get(name) or env.file_of(name)) and path.exists():
            os.environ[f"{name}_FILE"] = str(path)


def be_at(address: str) -> None:
    """Say where the pages are, unless the environment does, here and to every `dispatch …` that adopts this instance."""
    if os.environ.get(ADDRESS) or os.environ.get(f"{ADDRESS}_FILE", str(_address())) != str(_address()):
        return
    os.environ[ADDRESS] = address
    _address().write_text(address + "\n", encoding="ascii")


@contextlib.contextmanager
def held() -> Iterator[int]:
    """Make the directory and its keys where they are missing, adopt them, and keep every other start out.

    Yields the number of an open file for each program of this start to inherit. `lock` is ours alone; `programs` is held
    by all who inherited it, so it tells when the last one of an earlier start, whose supervisor was killed, is gone.
    Raises InUse, env.Misconfigured.
    """
    with _words_for_what_fails():
        _make_data_dir()
        ours, theirs = _open("lock"), _open("programs")
    with ours, theirs:
        _take(ours)
        _outlast(theirs)
        with _words_for_what_fails():
            _make_run_dir()
            _make_keys()
        adopt()
        yield theirs.fileno()


@contextlib.contextmanager
def _words_for_what_fails() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = error.filename or env.data_dir()
        raise env.Misconfigured(
            f"{where}: {error.strerror}. Set DISPATCH_DATA_DIR to a directory that you may write to."
        ) from error


def _open(name: str) -> IO[str]:
    return (env.data_dir() / name).open("a+", encoding="ascii")


def _take(file: IO[str]) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.seek(0)
        raise InUse(
            f"Dispatch already runs in {env.data_dir()} (process {file.read().strip() or 'unknown'}). "
            "Stop that one, or set DISPATCH_DATA_DIR to another directory."
        ) from error
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()


def _outlast(file: IO[str]) -> None:
    """Wait for an earlier start's programs to end, then kill the rest."""
    deadline = time.monotonic() + LEFTOVERS_WITHIN
    while True:
        with contextlib.suppress(BlockingIOError):
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if time.monotonic() > deadline:
            for process in _holders(Path(file.name)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
        time.sleep(0.05)


def _holders(path: Path) -> Iterator[int]:
    """Other processes that have the file open, as far as Linux shows them."""
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        with contextlib.suppress(OSError):
            if link.parts[2] != str(os.getpid()) and link.samefile(path):
                yield int(link.parts[2])


def _address() -> Path:
    return env.data_dir() / "address"


def _make_data_dir() -> None:
    folder = env.data_dir()
    if not folder.exists():
        folder.mkdir(parents=True)
        folder.chmod(0o711 if os.geteuid() == 0 else 0o700)  # root's PostgreSQL runs as `nobody` and must pass


def _make_run_dir() -> None:
    run = env.run_dir()
    run.mkdir(mode=0o755 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
    status = run.lstat()
    if run.is_symlink() or status.st_uid not in {os.geteuid(), 65534 if os.geteuid() == 0 else os.geteuid()}:
        raise env.Misconfigured(f"{run} belongs to someone else; set DISPATCH_DATA_DIR to another directory.")


def _make_keys() -> None:
    folder = env.data_dir() / "keys"
    if destroyed().exists():
        raise env.Misconfigured(
            "The keys of this instance were destroyed by `dispatch panic`. `dispatch keys restore FILE --identity KEY` "
            "brings them back from their offline share."
        )
    folder.mkdir(mode=0o700, exist_ok=True)
    fresh = {"secret_key": secrets.token_urlsafe(48), "vault_keys": vault.new_key_line()}
    for name, content in fresh.items():
        if not (folder / name).exists():
            write_key(folder / name, content)


def write_key(path: Path, content: str) -> None:
    """Whole or not at all, for its owner alone: a key that was cut short would be used for ever."""
    new = path.with_name(f"{path.name}.new")
    new.touch(mode=0o600)
    new.write_text(content + "\n", encoding="ascii")
    new.rename(path)


def destroyed() -> Path:
    """What stands here after `dispatch panic`: no fresh keys are made where sealed addresses wait for the old ones."""
    return env.data_dir() / "keys" / "destroyed"


def mark_destroyed() -> None:
    """Where there is an embedded instance."""
    if destroyed().parent.is_dir():
        destroyed().touch(mode=0o600)


def kill() -> int:
    """Kill this instance's every program, its database included (which survives that). How many."""
    killed = 0
    for name in ("lock", "programs"):  # the supervisor first, or it would start the others again
        path = env.data_dir() / name
        for process in list(_holders(path)) if path.exists() else ():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
                killed += 1
    return killed
