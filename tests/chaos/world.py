"""Everything real that mail needs, each program to be killed: PostgreSQL, Valkey behind a proxy, workers, clocks, a sink."""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from proxy import Proxy

HERE = Path(__file__).parent
DISPATCH = [sys.executable, "-m", "dispatch.cli"]
MORTAL = [sys.executable, HERE / "effects.py"]
"""Dispatch, in processes that die after so many effects where DISPATCH_CRASH_AT says so."""
TIMES = {
    "DISPATCH_LEASE_SECONDS": "6",
    "DISPATCH_RESEND_WAIT_SECONDS": "2",
    "DISPATCH_CHUNK": "250",
}
"""What is shortened, so that an hour's troubles fit into a minute."""


class World:
    """Programs that are started again whenever they end."""

    def __init__(self, folder):
        from dispatch import vault

        self.folder = folder
        folder.chmod(0o755)
        self.run = folder / "run"
        self.proxy = Proxy(self.run / "valkey.sock")
        self.arrived = folder / "arrived"
        os.environ.update(
            TIMES,
            DISPATCH_DATA_DIR=str(folder),
            DISPATCH_SECRET_KEY=secrets.token_hex(),
            DISPATCH_APPROVE_FROM="0",
            DISPATCH_FIRST_WAVE_FROM="0",
            DISPATCH_VAULT_KEYS=vault.new_key_line(),
            DISPATCH_DATABASE_URL=f"postgresql://dispatch@/dispatch?host={self.run}",
            DISPATCH_BROKER_URL=f"redis://127.0.0.1:{self.proxy.port}",
            DJANGO_SETTINGS_MODULE="dispatch.settings",
        )
        self.smtp = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.programs, self.commands, self.owners = {}, {}, {}
        self.ending = threading.Event()
        self.lock = threading.RLock()
        self.log = (folder / "log").open("ab")

    def start_database(self):
        from dispatch.local import postgres

        postgres.prepare(self.folder / "postgres", self.run)
        self.add("database", postgres.command(self.folder / "postgres", self.run), postgres.owner())
        until((self.run / ".s.PGSQL.5432").exists, 30)
        subprocess.run([*DISPATCH, "migrate"], check=True, stdout=self.log, stderr=self.log)

    def start(self):
        from dispatch.local import valkey

        self.start_database()
        self.add("broker", valkey.command(self.folder / "valkey", self.run))
        self.add("sink", [sys.executable, HERE / "sink.py", str(self.smtp.fileno()), self.arrived])
        until((self.run / "valkey.sock").exists, 30)
        threading.Thread(target=self.mind, daemon=True).start()
        for number in (1, 2):
            self.add(f"worker{number}", [*MORTAL, "worker", "--queues", "email", "--concurrency", "2"])
            self.add(f"clock{number}", [*DISPATCH, "clock"])

    def add(self, name, command, owner=None):
        self.commands[name], self.owners[name] = command, owner
        self.begin(name)

    def begin(self, name):
        keep = [self.smtp.fileno()] if name == "sink" else []
        self.programs[name] = subprocess.Popen(
            self.commands[name],
            user=self.owners[name],
            cwd="/",
            stdout=self.log,
            stderr=self.log,
            pass_fds=keep,
            process_group=0,
        )

    def keep_journals(self, kept):
        """The workers begin anew, with journals or without."""
        os.environ["DISPATCH_JOURNAL"] = "yes" if kept else "no"
        for name in ("worker1", "worker2"):
            self.kill(name)

    def die_after(self, effects):
        """The first worker begins anew, and its processes die after so many effects each. 0: both begin anew, to live."""
        os.environ.pop("DISPATCH_CRASH_AT", None)
        if effects:
            os.environ["DISPATCH_CRASH_AT"] = str(effects)
        for name in ("worker1",) if effects else ("worker1", "worker2"):
            self.kill(name)

    def mind(self):
        """Start again what ended."""
        while not self.ending.wait(0.2):
            with self.lock:
                for name, process in self.programs.items():
                    if process.poll() is not None and not self.ending.is_set():
                        self.begin(name)

    def processes(self, name):
        """A program's own process and those it forked."""
        own = self.programs[name].pid
        found = [own]
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                parts = path.read_text().rsplit(")", 1)[1].split()
            except (OSError, IndexError):
                continue
            if int(parts[2]) == own and int(path.parent.name) != own:
                found.append(int(path.parent.name))
        return found

    def kill(self, name, number=signal.SIGKILL):
        tell(self.programs[name].pid, number)

    def stop(self):
        self.ending.set()
        with self.lock:
            for name in sorted(self.programs, key=["database", "broker", "sink"].__contains__):
                for process in self.processes(name):
                    tell(process, signal.SIGCONT)
                self.kill(name, signal.SIGINT if name == "database" else signal.SIGKILL)
                if name != "database":
                    for process in self.processes(name):
                        tell(process, signal.SIGKILL)
            for process in self.programs.values():
                process.wait(30)
        self.proxy.close()
        self.smtp.close()


def tell(process, number):
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, number)


def until(done, seconds):
    """Whether it came true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if done():
            return True
        time.sleep(0.1)
    return False
