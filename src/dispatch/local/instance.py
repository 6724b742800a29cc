"""An embedded instance: its directory, its keys, and the lock that keeps a second start out."""

import fcntl
import os
import secrets
from pathlib import Path
from typing import IO

from dispatch import env, vault

KEYS = {"DISPATCH_SECRET_KEY": "secret_key", "DISPATCH_VAULT_KEYS": "vault_keys"}


class InUse(Exception):
    """Another `dispatch up` runs in this directory."""


def adopt() -> None:
    """Let this process use the instance's keys, where the environment brings none of its own."""
    for name, file in KEYS.items():
        path = env.data_dir() / "keys" / file
        if not (os.environ.get(name) or os.environ.get(f"{name}_FILE")) and path.exists():
            os.environ[f"{name}_FILE"] = str(path)


def prepare() -> None:
    """Make the directory and, at the first start, the keys; then adopt them."""
    folder = env.data_dir()
    folder.mkdir(parents=True, exist_ok=True)
    _make_run_dir()
    keys = folder / "keys"
    keys.mkdir(mode=0o700, exist_ok=True)
    _keep(keys / "secret_key", secrets.token_urlsafe(48))
    _keep(keys / "vault_keys", vault.new_key_line())
    adopt()


def lock() -> IO[str]:
    """Hold the directory for as long as the returned file is open. Raises InUse."""
    file = (env.data_dir() / "lock").open("a+", encoding="ascii")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.seek(0)
        raise InUse(
            f"Dispatch already runs in {env.data_dir()} (process {file.read().strip()}). "
            "Stop that one, or set DISPATCH_DATA_DIR to another directory."
        ) from error
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def _make_run_dir() -> None:
    run = env.run_dir()
    run.mkdir(mode=0o755 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
    owner = run.stat().st_uid
    if owner not in {os.geteuid(), 0, 65534}:
        raise env.Misconfigured(f"{run} belongs to someone else; set DISPATCH_DATA_DIR to a shorter path.")


def _keep(path: Path, content: str) -> None:
    if path.exists():
        return
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(content + "\n")
