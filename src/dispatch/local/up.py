"""`dispatch up`: everything of an instance, from one command and one directory."""

import argparse
import contextlib
import dataclasses
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from dispatch import env, logs
from dispatch.local import answering, instance, postgres, supervisor, valkey, watchdog
from dispatch.local.supervisor import Program

WORKERS = {
    "mail": ("email", "2", "--nice", "15"),
    "work": ("articles,editions,upkeep", "2", "--nice", "5"),
    "posts": ("social", "4"),
}
PORTS = 200


class CannotStart(Exception):
    """Something is missing for a start; the text says what and what to do."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--port and --host of the web."""
    default = int(env.number("DISPATCH_PORT", 8321))
    parser.add_argument("--port", type=int, default=default, help="the web's port, or the next free one")
    parser.add_argument("--host", default="127.0.0.1", help="the address the web listens on")


def run(options: argparse.Namespace) -> int:
    """Start all, keep all running, stop all on Ctrl-C."""
    logs.configure()
    try:
        with started(options.host, options.port) as everything:
            if not everything.stopping.is_set():
                print(f"Dispatch is up at {env.text(instance.ADDRESS)} (Ctrl-C stops it)", flush=True)
            watchdog.Watchdog(everything).watch_beside()
            answering.watch_beside(everything)
            everything.watch()
        raise_refusal(everything)
    except (CannotStart, instance.InUse) as error:
        print(f"dispatch: {error}", file=sys.stderr)
        return 1
    return 0


@contextlib.contextmanager
def started(
    host: str, port: int, *, extra: Sequence[Program] = (), lines: Callable[[str], None] | None = None
) -> Iterator[supervisor.Supervisor]:
    """Everything of an instance and `extra`, running inside the with block, stopped after it. SIGINT and SIGTERM only
    set the supervisor's `stopping`.

    Restarts happen in `watch()` or, for a caller with work of its own, `watch_beside()`. Afterwards the environment says
    DISPATCH_PUBLIC_URL. `lines` takes what the programs print. Raises CannotStart, instance.InUse, env.Misconfigured.
    """
    with contextlib.ExitStack() as stack:
        mark = stack.enter_context(instance.held())
        listening = stack.enter_context(listen(host, port))
        instance.be_at(f"http://localhost:{listening.getsockname()[1]}")
        try:
            wanted = [dataclasses.replace(p, fds=(*p.fds, mark)) for p in (*programs(listening), *extra)]
        except (RuntimeError, FileNotFoundError) as error:
            raise CannotStart(str(error)) from error
        everything = supervisor.Supervisor(wanted, lines=lines)
        stop_on_signals(everything)
        stack.callback(everything.stop)
        begin(everything)
        raise_refusal(everything)
        yield everything


def raise_refusal(everything: supervisor.Supervisor) -> None:
    """Raise env.Misconfigured where one of the programs said that no further try will help."""
    if everything.refusal:
        raise env.Misconfigured(everything.refusal)


def begin(everything: supervisor.Supervisor) -> None:
    """Start what holds data, bring the database to this version, start the rest. Raises CannotStart,
    env.Misconfigured."""
    try:
        everything.start(0)
        if not everything.stopping.is_set():
            migrate(everything)
            everything.start(1)
    except TimeoutError as error:
        raise CannotStart(str(error)) from error


def migrate(everything: supervisor.Supervisor) -> None:
    """Bring the database to this version. What it says of its own failure is the last that a person reads. Raises
    CannotStart, env.Misconfigured."""
    sorry = ""
    with subprocess.Popen(supervisor.python("migrate"), stderr=subprocess.PIPE, text=True, errors="replace") as process:
        for line in process.stderr or ():
            sorry = line.removeprefix(supervisor.SORRY).strip() if line.startswith(supervisor.SORRY) else sorry
            sys.stderr.write(line)
    if process.returncode == 0 or everything.stopping.is_set():
        return
    if process.returncode == env.REFUSES:
        raise env.Misconfigured(sorry)
    raise CannotStart(f"the database could not be brought to this version{f': {sorry}' if sorry else ' (see above).'}")


def programs(listening: socket.socket) -> list[Program]:
    """What an instance consists of; nothing embedded where the environment brings its own."""
    return [*storage(), *webs(listening), clock(), *workers(), *intakes()]


def storage() -> list[Program]:
    """The embedded database and broker, as far as they are needed."""
    data, run = env.data_dir(), env.run_dir()
    wanted = []
    if env.is_embedded("DATABASE"):
        postgres.prepare(data / "postgres", run)
        wanted.append(
            Program(
                name="database",
                command=postgres.command(data / "postgres", run),
                ready=answers_questions(run, 5432),
                user=postgres.owner(),
                stop=signal.SIGINT,
                group=0,
            )
        )
    if env.is_embedded("BROKER"):
        command = valkey.command(data / "valkey", run)
        wanted.append(Program(name="broker", command=command, ready=accepts(run / "valkey.sock"), group=0))
    return wanted


def webs(listening: socket.socket) -> list[Program]:
    """The web servers: DISPATCH_WEB_PROCESSES of them share one socket, which waits for a restarted one without refusing."""
    host, port = listening.getsockname()[:2]
    ready = answers(f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}/operations/live")
    number = listening.fileno()
    command = supervisor.python("web", "--listening", str(number))
    count = max(1, int(env.number("DISPATCH_WEB_PROCESSES", 1)))
    names = ["web", *(f"web-{n}" for n in range(2, count + 1))]
    return [
        Program(name=name, command=command, ready=ready, fds=(number,), at=(host, port), **_ours()) for name in names
    ]


def workers() -> list[Program]:
    """Mail has a worker of its own, so that nothing else waits behind a big send; it and what else takes long stand back for
    the web, where someone waits, and for posts, which have a moment; mail, which has none, the farthest."""
    return [
        Program(
            name=name,
            command=supervisor.python("worker", "--queues", queues, "--concurrency", *how),
            watched=True,
            works_for=queues,
            **_ours(),
        )
        for name, (queues, *how) in WORKERS.items()
    ]


def clock() -> Program:
    """The clock."""
    return Program(name="clock", command=supervisor.python("clock"), watched=True, works_for="clock", **_ours())


def intakes() -> list[Program]:
    """The small mail server for what comes back, where both an address of ours and a place to listen are set."""
    if not env.text("DISPATCH_INTAKE", "") or not env.words("DISPATCH_BOUNCE_DOMAIN"):
        return []
    return [Program(name="intake", command=supervisor.python("intake"), **_ours())]


def listen(host: str, port: int) -> socket.socket:
    """A listening socket on the port, or on the next free one, which is told. Raises CannotStart."""
    for candidate in range(port, min(port + PORTS, 65536)):
        try:
            found = socket.create_server((host, candidate), backlog=1024)
        except PermissionError as error:
            raise CannotStart(f"port {candidate} needs privileges; choose one above 1023 with --port.") from error
        except OSError:
            continue
        if candidate != port:
            print(f"Port {port} is taken; the web uses {candidate}.", flush=True)
        return found
    raise CannotStart(f"{host} has no free port from {port} on; choose another with --host and --port.")


def stop_on_signals(everything: supervisor.Supervisor) -> None:
    """Ctrl-C, SIGTERM and a closed terminal end the watching."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: everything.stopping.set())


def accepts(path: "os.PathLike[str]") -> Callable[[], bool]:
    """Ready once someone listens at the unix socket (a file left by a killed server does not count)."""

    def ready() -> bool:
        with socket.socket(socket.AF_UNIX) as client:
            return client.connect_ex(os.fspath(path)) == 0

    return ready


def answers_questions(run: Path, port: int) -> Callable[[], bool]:
    """Ready once the PostgreSQL with its socket in that folder answers: it listens while it still mends what a kill left."""
    listens = accepts(run / f".s.PGSQL.{port}")
    address = f"host={run} port={port} user={postgres.SUPERUSER} dbname=postgres".encode()

    def ready() -> bool:
        from psycopg import pq

        return listens() and pq.PGconn.ping(address) == pq.Ping.OK

    return ready


def answers(url: str) -> Callable[[], bool]:
    """Ready once the address answers, whatever it says."""

    def ready() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - our own http address
                return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False

    return ready


def _ours() -> dict[str, Any]:
    """What all programs of Dispatch itself have."""
    return {"env": _for_people(), "refuses": env.REFUSES}


def _for_people() -> dict[str, str]:
    """Lines rather than JSON where a person watches the terminal behind our pipe."""
    return {"DISPATCH_LOG": "lines"} if sys.stdout.isatty() and "DISPATCH_LOG" not in os.environ else {}
