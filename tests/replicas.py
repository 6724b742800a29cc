"""A streaming replica of the tests' own PostgreSQL, which can be frozen, held back and ended."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg
from django.conf import settings
from django.db import connections

from dispatch import env, replica
from dispatch.local import postgres, supervisor
from dispatch.settings import _replica

WITHIN = 120.0


def until(what, seconds=WITHIN):
    """Wait, however busy the machine is."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


class Replica:
    """Its processes, and its address as DISPATCH_REPLICA_URL takes it."""

    def __init__(self, folder):
        self.data, self.run = folder / "data", folder / "run"
        self.programs = postgres.reachable(postgres.binaries())
        copy = [self.programs / "pg_basebackup", "-D", self.data, "-h", env.run_dir(), "-U", postgres.SUPERUSER]
        postgres.hand_over_run(self.run)
        postgres.hand_over(folder, 0o700)
        subprocess.run([*copy, "-R", "-c", "fast", "--no-sync"], check=True, **supervisor.identity(postgres.owner()))
        self.url = f"postgresql://dispatch@/{settings.DATABASES['default']['NAME']}?host={self.run}"
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [*postgres.command(self.data, self.run), "-cfsync=off"],
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            preexec_fn=supervisor._die_with_parent(signal.SIGQUIT),  # noqa: PLW1509 - as the tests' own
            **supervisor.identity(postgres.owner()),
        )
        until(self.answers)

    def answers(self):
        assert self.process.poll() is None, "the replica ended"
        with contextlib.suppress(psycopg.OperationalError):
            return self.ask("SELECT pg_is_in_recovery()")
        return False

    def ask(self, statement):
        with psycopg.connect(self.url, autocommit=True) as session:
            return session.execute(statement).fetchone()[0]

    def all(self, number):
        """A signal to each of its processes, the first one first: it makes no others then."""
        for process in (self.process.pid, *_children(self.process.pid)):
            os.kill(process, number)

    def stop(self):
        if self.process.poll() is None:
            self.all(signal.SIGCONT)
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(60)


@contextlib.contextmanager
def of_the_tests():
    """A replica of everything that is in the tests' database, running."""
    folder = Path(tempfile.mkdtemp(prefix="dispatch-replica-"))
    folder.chmod(0o755)
    one = Replica(folder)
    try:
        yield one
    finally:
        one.stop()
        shutil.rmtree(folder)


def alias(url):
    """What Django knows of it."""
    databases = {"default": dict(settings.DATABASES["default"]), replica.ALIAS: _replica(url)}
    connections.configure_settings(databases)
    return databases[replica.ALIAS]


@contextlib.contextmanager
def known_as(url, monkeypatch):
    """Inside, this process has DISPATCH_REPLICA_URL, and a watch of its own."""
    monkeypatch.setitem(connections.settings, replica.ALIAS, alias(url))
    watch = replica.Watch()
    monkeypatch.setattr(replica, "watch", watch)
    try:
        yield watch
    finally:
        watch.stop()
        connections[replica.ALIAS].close()
        connections[replica.ALIAS].close_pool()
        del connections[replica.ALIAS]


def _children(process):
    return [int(one) for one in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
