"""Where a demo lives: a directory of its own that begins empty, an environment that leads nowhere else, its programs."""

import contextlib
import fcntl
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dispatch import env
from dispatch.local import inbox, instance, up, wall
from dispatch.local.supervisor import Program

OUTSIDE = (
    "DATABASE_URL",
    "REPLICA_URL",
    "BROKER_URL",
    "RELAY_URL",
    "SECRET_KEY",
    "VAULT_KEYS",
    "PUBLIC_URL",
    "HOSTS",
    "TEMPLATES",
)
"""Settings that would lead a demo to a newsroom's own readers, keys or relays."""


@dataclass(frozen=True)
class Place:
    """Sockets that a restarted program finds again."""

    mail: socket.socket
    networks: int  # port
    log: Path

    @property
    def mail_port(self) -> int:
        """Where the receiver listens."""
        return int(self.mail.getsockname()[1])


@contextlib.contextmanager
def made(*, keep: bool) -> Iterator[Place]:
    """An empty place; without `keep` it is temporary and gone afterwards. Raises instance.InUse."""
    folder = env.data_dir() / "demo" if keep else Path(tempfile.mkdtemp(prefix="dispatch-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    _empty(folder)
    folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
    _forget_outside(folder)
    with socket.create_server(("127.0.0.1", 0), backlog=256) as mail:
        try:
            networks = _free_port()
            os.environ["DISPATCH_FETCH_ALLOW"] = f"127.0.0.1:{networks}"  # accounts are connected at the stand-ins, too
            yield Place(mail=mail, networks=networks, log=folder / "demo.log")
        finally:
            if not keep:
                _remove(folder)


def programs(place: Place) -> list[Program]:
    """What a demo runs beside an instance."""
    number = place.mail.fileno()
    receiver = [
        sys.executable,
        "-m",
        "dispatch.local.receiver",
        "--listening",
        str(number),
        "--store",
        str(inbox.path()),
    ]
    networks = [
        sys.executable,
        "-m",
        "dispatch.local.networks",
        "--port",
        str(place.networks),
        "--store",
        str(wall.path()),
    ]
    return [
        Program(name="inbox", command=receiver, fds=(number,)),
        Program(name="networks", command=networks, ready=up.answers(f"http://127.0.0.1:{place.networks}/")),
    ]


def _empty(folder: Path) -> None:
    """A demo begins anew each time, unless one is running here."""
    with (folder / "lock").open("a+", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            raise instance.InUse(
                f"A demo already runs in {folder} (process {lock.read().strip() or 'unknown'}). Stop that one first."
            ) from error
        for child in folder.iterdir():
            if child.name not in {"lock", "programs"}:
                _remove(child)


def _remove(path: Path) -> None:
    """With all in it, and what PostgreSQL's link leads to where root's data stands elsewhere."""
    for link in [path / "postgres", path]:
        if link.is_symlink():
            shutil.rmtree(link.resolve(), ignore_errors=True)
            link.unlink()
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _forget_outside(folder: Path) -> None:
    for name in OUTSIDE:
        for variable in (f"DISPATCH_{name}", f"DISPATCH_{name}_FILE"):
            os.environ.pop(variable, None)
    os.environ.update(DISPATCH_DATA_DIR=str(folder), DISPATCH_DEMO="1", DISPATCH_MESSAGE_ID_DOMAIN="mail.example.org")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
