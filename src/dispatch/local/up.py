"""`dispatch up`: everything of an instance, from one command and one directory."""

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable

from dispatch import env, logs
from dispatch.local import instance, postgres, supervisor, valkey
from dispatch.local.supervisor import Program

WORKERS = {"mail": ("email", 2), "work": ("articles,editions,social,upkeep", 2)}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--port and --host of the web."""
    parser.add_argument("--port", type=int, default=int(env.number("DISPATCH_PORT", 8321)), help="the web's port")
    parser.add_argument("--host", default="127.0.0.1", help="the address the web listens on")


def run(options: argparse.Namespace) -> int:
    """Start all, keep all running, stop all on Ctrl-C."""
    logs.configure()
    try:
        instance.prepare()
        held = instance.lock()
    except instance.InUse as error:
        print(error, file=sys.stderr)
        return 1
    port = settle_port(options.host, options.port)
    everything = supervisor.Supervisor(programs(options.host, port))
    stop_on_signals(everything)
    try:
        begin(everything)
        print(f"Dispatch is up at {os.environ['DISPATCH_PUBLIC_URL']} (Ctrl-C stops it)", flush=True)
        everything.watch()
    except (TimeoutError, subprocess.CalledProcessError) as error:
        print(f"Dispatch could not start: {error}", file=sys.stderr)
        return 1
    finally:
        everything.stop()
        held.close()
    return 0


def begin(everything: supervisor.Supervisor) -> None:
    """Start what holds data, bring the database to this version, start the rest. Raises TimeoutError, CalledProcessError."""
    everything.start(0)
    subprocess.run(supervisor.python("migrate"), check=True)
    everything.start(1)


def programs(host: str, port: int) -> list[Program]:
    """What an instance consists of; nothing embedded where the environment brings its own."""
    return [*storage(), web(host, port), *workers(), clock()]


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
                ready=accepts(run / ".s.PGSQL.5432"),
                user=postgres.owner(),
                stop=signal.SIGINT,
                group=0,
            )
        )
    if env.is_embedded("BROKER"):
        socket_path = run / "valkey.sock"
        command = valkey.command(data / "valkey", run)
        wanted.append(Program(name="broker", command=command, ready=accepts(socket_path), group=0))
    return wanted


def web(host: str, port: int) -> Program:
    """The web server."""
    command = supervisor.python("web", "--host", host, "--port", str(port))
    return Program(name="web", command=command, ready=answers(f"http://{host}:{port}/operations/live"))


def workers() -> list[Program]:
    """Mail has a worker of its own, so that nothing else waits behind a big send."""
    return [
        Program(
            name=name,
            command=supervisor.python("worker", "--queues", queues, "--concurrency", str(concurrency)),
            env={"REMAP_SIGTERM": "SIGQUIT"},
        )
        for name, (queues, concurrency) in WORKERS.items()
    ]


def clock() -> Program:
    """The clock."""
    return Program(name="clock", command=supervisor.python("clock"))


def settle_port(host: str, port: int) -> int:
    """The port, or the next free one; PUBLIC_URL follows where nobody set it."""
    chosen = next(candidate for candidate in range(port, port + 200) if _is_free(host, candidate))
    if chosen != port:
        print(f"Port {port} is taken; the web uses {chosen}.", flush=True)
    os.environ.setdefault("DISPATCH_PUBLIC_URL", f"http://localhost:{chosen}")
    return chosen


def stop_on_signals(everything: supervisor.Supervisor) -> None:
    """Ctrl-C and SIGTERM end the watching."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: everything.stopping.set())


def accepts(path: "os.PathLike[str]") -> Callable[[], bool]:
    """Ready once someone listens at the unix socket (a file left by a killed server does not count)."""

    def ready() -> bool:
        with socket.socket(socket.AF_UNIX) as client:
            return client.connect_ex(os.fspath(path)) == 0

    return ready


def answers(url: str) -> Callable[[], bool]:
    """Ready once the address answers."""

    def ready() -> bool:
        time.sleep(0.05)
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own http address
                return bool(answer.status == 200)
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False

    return ready


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
