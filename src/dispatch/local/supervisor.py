"""Starts programs in order, shows their lines with a coloured name, restarts what dies, stops all of it in time."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

COLOURS = (36, 32, 33, 35, 34, 96, 92, 93, 95, 94)
STOP_WITHIN = 8.0
"""Seconds a stop may take before what lingers is killed; the promise to the person at the terminal is ten."""
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, kw_only=True)
class Program:
    """One program and how it is told to end. Groups stop one after the other, the highest first."""

    name: str
    command: list[str]
    ready: Callable[[], bool] = field(default=lambda: True)
    env: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    stop: signal.Signals = signal.SIGTERM
    group: int = 1  # 0 holds data: starts first, stops last


class Running:
    """A program that is kept running."""

    def __init__(self, program: Program, colour: int, width: int) -> None:
        self.program = program
        self.prefix = (
            f"\x1b[{colour}m{program.name:<{width}}\x1b[0m | " if sys.stdout.isatty() else f"{program.name:<{width}} | "
        )
        self.process: subprocess.Popen[str] | None = None
        self.quick_deaths = 0
        self.started = 0.0
        self.not_before = 0.0

    def start(self) -> None:
        """Start it; its lines are passed on by a thread."""
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            self.program.command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            env={**os.environ, **self.program.env},
            user=self.program.user,
            cwd="/" if self.program.user else None,
            preexec_fn=_die_with_parent(self.program.stop),  # noqa: PLW1509 - one prctl call, before any thread
            start_new_session=True,
        )
        threading.Thread(target=self._pass_on, args=(self.process,), daemon=True).start()

    def tend(self, say: Callable[[str], None]) -> None:
        """Start it again if it has died; a program that keeps dying waits longer each time, 10 s at most."""
        now = time.monotonic()
        if self.process is None or (code := self.process.poll()) is None:
            return
        if self.not_before == 0.0:
            self.quick_deaths = self.quick_deaths + 1 if now - self.started < 5 else 0
            wait = min(10.0, 0.1 * 3**self.quick_deaths)
            self.not_before = now + wait
            say(f"{self.program.name} ended ({_how(code)}), starting again in {wait:.1f} s")
        elif now >= self.not_before:
            self.not_before = 0.0
            self.start()

    def is_alive(self) -> bool:
        """Whether its process runs."""
        return self.process is not None and self.process.poll() is None

    def tell(self, number: signal.Signals) -> None:
        """Send a signal to the whole of it (its children too, when it is killed)."""
        if not self.is_alive():
            return
        assert self.process is not None
        if number == signal.SIGKILL:
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)

    def _pass_on(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            sys.stdout.write(self.prefix + line)
            sys.stdout.flush()


class Supervisor:
    """Several programs as one."""

    def __init__(self, programs: list[Program], *, say: Callable[[str], None] = print) -> None:
        width = max(len(program.name) for program in programs)
        self.all = [Running(p, COLOURS[i % len(COLOURS)], width) for i, p in enumerate(programs)]
        self.say = say
        self.stopping = threading.Event()

    def start(self, group: int, timeout: float = 60.0) -> None:
        """Start the programs of one group and wait until they are ready. Raises TimeoutError."""
        members = [running for running in self.all if running.program.group == group]
        for running in members:
            running.start()
        self._wait_ready(members, time.monotonic() + timeout)

    def watch(self, until: Callable[[], bool] | None = None) -> None:
        """Keep everything running until stopped or until `until()` says so."""
        while not self.stopping.is_set() and not (until and until()):
            self.tend()
            self.stopping.wait(0.1)

    def tend(self) -> None:
        """One look at every program."""
        for running in self.all:
            running.tend(self.say)

    def stop(self) -> None:
        """Stop all, those that hold data last; whatever lingers is killed."""
        self.stopping.set()
        groups = sorted({running.program.group for running in self.all}, reverse=True)
        for share, group in enumerate(groups, 1):
            members = [running for running in self.all if running.program.group == group]
            for running in members:
                running.tell(running.program.stop)
            deadline = time.monotonic() + STOP_WITHIN / len(groups)
            while any(running.is_alive() for running in members) and time.monotonic() < deadline:
                time.sleep(0.02)
            for running in members:
                if running.is_alive():
                    self.say(f"{running.program.name} did not stop in time and is killed ({share}/{len(groups)})")
                    running.tell(signal.SIGKILL)

    def _wait_ready(self, members: list[Running], deadline: float) -> None:
        while waiting := [r for r in members if not (r.is_alive() and r.program.ready())]:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{waiting[0].program.name} does not get ready; its last lines above say why.")
            if self.stopping.is_set():
                return
            self.tend()
            time.sleep(0.02)


def python(*arguments: str) -> list[str]:
    """A command of this very installation."""
    return [sys.executable, "-m", "dispatch.cli", *arguments]


def exists(path: Path) -> Callable[[], bool]:
    """Ready once the file is there."""
    return path.exists


def _die_with_parent(number: signal.Signals) -> Callable[[], None]:
    def ask() -> None:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)

    def nothing() -> None:
        """Only Linux can be asked."""

    return ask if sys.platform == "linux" else nothing


def _how(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
