"""A data directory that an older PostgreSQL made, with a newsroom in the middle of its day in it."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from dispatch import vault
from dispatch.local import holding, postgres, supervisor, up

ROOT = Path(__file__).parents[3]
OLD = {
    "16": ROOT / ".cache" / "postgres" / "16" / "pgserver" / "pginstall" / "bin",
    "15": Path("/usr/lib/postgresql/15/bin"),
}
"""From pgserver's wheel, and where Debian's package puts it."""


@pytest.fixture
def folder():
    """A short path that `nobody` may enter: sockets lie below it."""
    place = Path(tempfile.mkdtemp(prefix="dispatch-major-"))
    place.chmod(0o711)
    yield place / "data"
    shutil.rmtree(place, ignore_errors=True)


class Office:
    """One instance's data directory, and what was in it before anybody touched it."""

    def __init__(self, folder, major):
        if not (OLD[major] / "pg_ctl").exists():
            pytest.skip(
                f"PostgreSQL {major} is not here: tests/counterparts/postgres/unpack, or Debian's postgresql-15"
            )
        self.folder, self.major, self.programs = folder, major, postgres.reachable(OLD[major])
        self.home = folder / "postgres"
        self.run = folder / "run"
        for place in (folder, folder / "keys"):
            place.mkdir(mode=0o711)
        (folder / "keys" / "vault_keys").write_text(vault.new_key_line() + "\n")
        (folder / "keys" / "secret_key").write_text("a secret of the tests, long enough to be one\n")
        postgres.hand_over_run(self.run)

    def make(self, readers=2):
        """As the older Dispatch would have made it, and used it."""
        self.home.mkdir(mode=0o700)
        postgres.hand_over(self.home, 0o700)
        how = [f"-U{postgres.SUPERUSER}", "-EUTF8", "--locale=C.UTF-8", "--auth=trust"]
        self._do([self.programs / "initdb", "-D", self.home, *how])
        single = [self.programs / "postgres", "--single", "-D", self.home, "postgres"]
        self._do(single, input=f"CREATE DATABASE {postgres.DATABASE}\n")
        with self.served(self.programs):
            command = [sys.executable, str(Path(__file__).with_name("office.py")), str(readers)]
            subprocess.run(command, env=self.environment(PYTHONPATH=str(ROOT / "tests")), check=True, timeout=300)
            self.before = holding.of(self.address)
        return self

    @property
    def address(self):
        return f"host={self.run} user={postgres.SUPERUSER}"

    def environment(self, **more):
        ours = {name: value for name, value in os.environ.items() if not name.startswith("DISPATCH_")}
        return {**ours, "DISPATCH_DATA_DIR": str(self.folder), "DJANGO_SETTINGS_MODULE": "dispatch.settings", **more}

    def command(self, *more):
        return [sys.executable, "-m", "dispatch.cli", "upgrade-database", *more]

    def upgrade(self, *more):
        """`dispatch upgrade-database` to its end."""
        named = () if "--old-binaries" in more else ("--old-binaries", str(OLD[self.major]))
        return subprocess.run(
            self.command(*named, *more),
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )

    def stands_at(self):
        return (self.home / "PG_VERSION").read_text().strip()

    def holds(self):
        """What its own version finds in it now."""
        programs = self.programs if self.stands_at() == self.major else postgres.reachable(postgres.binaries())
        with self.served(programs):
            return holding.of(self.address)

    @contextmanager
    def served(self, programs):
        command = postgres.command(self.home, self.run, programs)
        one = supervisor.Program(
            name="database",
            command=command,
            ready=up.answers_questions(self.run, 5432),
            user=postgres.owner(),
            stop=signal.SIGINT,
            group=0,
        )
        alone = supervisor.Supervisor([one], lines=lambda _: None, stop_within=300)
        alone.start(0, 300)
        try:
            yield
        finally:
            alone.stop()

    def _do(self, command, **more):
        done = subprocess.run(
            command, text=True, capture_output=True, check=False, **more, **supervisor.identity(postgres.owner())
        )
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def offices(tmp_path_factory):
    """Where each major's is kept once it is made, with what was in it."""
    return tmp_path_factory.mktemp("offices"), {}


@pytest.fixture
def office(folder, offices):
    """office("16") is one that PostgreSQL 16 made."""
    place, before = offices

    def one(major):
        kept = place / major
        if major not in before:
            made = Office(folder, major).make()
            before[major] = made.before
            subprocess.run(["cp", "-a", folder, kept], check=True)
            shutil.rmtree(folder)
        again = Office(folder, major)
        shutil.rmtree(folder / "keys")
        subprocess.run(["cp", "-a", kept / "keys", kept / "postgres", folder], check=True)
        again.before = before[major]
        return again

    return one
