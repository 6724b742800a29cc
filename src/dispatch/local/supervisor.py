"""Starts programs in order, shows their lines with a coloured name, restarts what dies, stops all of it in time."""

import contextlib
import ctypes
import os
import pwd
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dispatch import signs

COLOURS = (36, 32, 33, 35, 34, 96, 92, 93, 95, 94)
SORRY = "dispatch: "
"""What the line of a program of ours begins with that says why it cannot go on."""
DIES_WITHIN = 60.0
"""Seconds that a program may die again and again before the start of all is given up; one that lives is waited for longer."""
REFUSED_AGAIN_AFTER = 60.0
"""Seconds until one is tried again that ran before and cannot any more: somebody may mend its files while the rest works."""
RAN = 60.0
"""Seconds after which a program did run: what refuses a start does so before."""
STOP_WITHIN = 8.0
"""Seconds a stop may take before what lingers is killed; the promise to the person at the terminal is ten."""
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


@dataclass(frozen=True, kw_only=True)
class Program:
    """One program and how it is told to end."""

    name: str
    command: list[str]
    ready: Callable[[], bool] = field(default=lambda: True)  # asked again and again once it runs
    env: Mapping[str, str] = field(default_factory=dict)  # beside this process's own
    user: str | None = None
    stop: signal.Signals = signal.SIGTERM
    group: int = 1  # 0 holds data: starts first, stops last
    fds: tuple[int, ...] = ()  # open files it gets under the same numbers
    watched: bool = False  # it gives signs of life, and is replaced when they cease (watchdog.py)
    at: tuple[str, int] | None = (
        None  # what it answers at by HTTP, and is replaced when it does so no more (answering.py)
    )
    refuses: int | None = None  # the exit status by which it says that no further try will help
    works_for: str = ""  # its queues, or "clock", as its signs of life say it


class Running:
    """A program that is kept running."""

    def __init__(self, program: Program, show: Callable[[str], None]) -> None:
        self.program = program
        self.show = show
        self.process: subprocess.Popen[str] | None = None
        self.quick_deaths = 0
        self.started = 0.0
        self.started_at = 0.0  # the same moment by the wall clock
        self.not_before = 0.0
        self.deaths = 0
        self.ran = False
        self.refused = ""  # why it cannot run as things are, in its own words
        self.sorry = ""  # its last line of that kind
        self.reading: threading.Thread | None = None

    def start(self) -> None:
        """Start it; its lines are passed on by a thread. Raises OSError."""
        self.started, self.started_at = time.monotonic(), time.time()
        self.process = subprocess.Popen(
            self.program.command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            env={**os.environ, **self.program.env},
            preexec_fn=_die_with_parent(self.program.stop),  # noqa: PLW1509 - two system calls, no lock taken
            start_new_session=True,
            pass_fds=self.program.fds,
            **identity(self.program.user),
        )
        self.sorry = ""
        self.reading = threading.Thread(target=self._pass_on, args=(self.process,), daemon=True)
        self.reading.start()

    def tend(self, say: Callable[[str], None]) -> None:
        """Start it again if it has died; a program that keeps dying waits longer each time, 10 s at most; one that refuses a
        minute."""
        now = time.monotonic()
        if self.process is None or (code := self.process.poll()) is None:
            return
        if self.not_before == 0.0:
            self.deaths += 1
            self.ran |= now - self.started > RAN
            if code == self.program.refuses:
                self._take_refusal(say)
            else:
                self.refused = ""
                self.quick_deaths = self.quick_deaths + 1 if now - self.started < 5 else 0
                wait = min(10.0, 0.1 * 3**self.quick_deaths)
                self.not_before = now + wait
                say(f"{self.program.name} ended ({_how(code)}), starting again in {wait:.1f} s")
        elif now >= self.not_before:
            self.not_before = 0.0
            self.start()

    def _take_refusal(self, say: Callable[[str], None]) -> None:
        if self.reading is not None:
            self.reading.join(5)  # its words may still be on their way
        self.refused = self.sorry or "its last lines above say why."
        self.not_before = time.monotonic() + REFUSED_AGAIN_AFTER
        if self.ran:
            say(f"{self.program.name} cannot run any more as Dispatch is configured (see above); the rest goes on")

    def is_alive(self) -> bool:
        """Whether its process runs."""
        return self.process is not None and self.process.poll() is None

    def tell(self, number: signal.Signals) -> None:
        """Send a signal to it; SIGKILL goes to its children too."""
        if self.process is None or not self.is_alive():
            return
        with contextlib.suppress(ProcessLookupError):
            if number == signal.SIGKILL:
                os.killpg(self.process.pid, number)
            else:
                self.process.send_signal(number)

    def reap(self) -> None:
        """Wait for the end of what was killed; a kernel that holds it longer than a second keeps it."""
        if self.process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(1)

    def _pass_on(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout as output:
            for line in output:
                if line.startswith(SORRY):
                    self.sorry = line.removeprefix(SORRY).strip()
                with contextlib.suppress(OSError, ValueError):  # our own output is gone; theirs must still be read
                    self.show(line)


class Supervisor:
    """Several programs as one. `lines` takes what they print (default: this process's standard output)."""

    def __init__(
        self,
        programs: Iterable[Program],
        *,
        say: Callable[[str], None] | None = None,
        lines: Callable[[str], None] | None = None,
        stop_within: float | None = None,
    ) -> None:
        self.stop_within = stop_within  # seconds, instead of STOP_WITHIN
        wanted = list(programs)
        write = lines or _print
        width = max(len(program.name) for program in wanted)
        prefixes = [_prefix(program.name, COLOURS[i % len(COLOURS)], width) for i, program in enumerate(wanted)]
        self.all = [
            Running(program, lambda line, prefix=prefix: write(prefix + line))  # type: ignore[misc]
            for program, prefix in zip(wanted, prefixes, strict=True)
        ]
        self.say = say or (lambda text: write(f"{text}\n"))
        self.refusal = ""  # why all was stopped: no further try would help
        self.stopping = threading.Event()
        self.stopped = threading.Event()
        self.lock = threading.RLock()

    def start(self, group: int, timeout: float = signs.LONGEST_START) -> None:
        """Start the programs of one group and wait until they are ready, or one refuses. Raises TimeoutError, OSError."""
        members = [running for running in self.all if running.program.group == group]
        with self.lock:
            for running in members:
                if not self.stopping.is_set():
                    running.start()
        self._wait_ready(members, timeout)

    def watch(self, until: Callable[[], bool] = lambda: False) -> None:
        """Keep everything running until stopped or until `until()` says so."""
        while not self.stopping.is_set() and not until():
            self.tend()
            self.stopping.wait(0.1)

    def watch_beside(self) -> None:
        """The same from a thread, for a caller with work of its own."""

        def watch() -> None:
            self.watch()
            self.stopped.wait()  # what this thread started ends with it, so it stays until all is stopped in order

        threading.Thread(target=watch, name="watch", daemon=True).start()

    def tend(self) -> None:
        """One look at every program."""
        with self.lock:
            if not self.stopping.is_set():
                for running in self.all:
                    running.tend(self.say)
                self._end_where_refused()

    def replace(self, running: Running, process: int, why: str) -> None:
        """Kill a program that is of no use any more, with all that it started; it is started again. Only if it is still that
        process."""
        with self.lock:
            if running.process is not None and running.process.pid == process and running.is_alive():
                self.say(f"{running.program.name} is replaced: {why}")
                running.tell(signal.SIGKILL)

    def stop(self) -> None:
        """Stop all, those that hold data last; whatever lingers is killed."""
        self.stopping.set()
        with self.lock:
            groups = sorted({running.program.group for running in self.all}, reverse=True)
            seconds = (self.stop_within or STOP_WITHIN) / len(groups)
            for group in groups:
                self._stop([running for running in self.all if running.program.group == group], seconds)
        self.stopped.set()

    def _stop(self, members: list[Running], seconds: float) -> None:
        for running in members:
            running.tell(running.program.stop)
        deadline = time.monotonic() + seconds
        while any(running.is_alive() for running in members) and time.monotonic() < deadline:
            time.sleep(0.02)
        for running in members:
            if running.is_alive():
                self.say(f"{running.program.name} did not stop in time and is killed")
                running.tell(signal.SIGKILL)
                running.reap()

    def _end_where_refused(self) -> None:
        """All of it where a program could not run even once, or none can any more: then only a person can help, and must
        see it. While others of a house that ran still work, they go on."""
        ours = [running for running in self.all if running.program.refuses is not None]
        refused = [running for running in ours if running.refused and not running.is_alive()]
        if any(not running.ran for running in refused) or (ours and len(refused) == len(ours)):
            first = min(refused, key=lambda running: running.ran)
            self.refusal = f"{first.program.name} cannot start as Dispatch is configured: {first.refused}"
            self.stopping.set()

    def _wait_ready(self, members: list[Running], timeout: float) -> None:
        began, told = time.monotonic(), set[str]()
        while waiting := [running for running in members if not (running.is_alive() and running.program.ready())]:
            if self.stopping.is_set():
                return
            waited = time.monotonic() - began
            if waited > (min(timeout, DIES_WITHIN) if any(running.deaths for running in waiting) else timeout):
                raise TimeoutError(f"{waiting[0].program.name} does not get ready; its last lines above say why.")
            if waited > signs.SLOW and (slow := {running.program.name for running in waiting} - told):
                told |= slow
                self.say(f"{', '.join(sorted(slow))}: slow to start, {waited:.0f} s so far. {signs.REMEDY}")
            self.tend()
            time.sleep(0.02)


def python(*arguments: str) -> list[str]:
    """A command of this very installation."""
    return [sys.executable, "-m", "dispatch.cli", *arguments]


def identity(user: str | None) -> dict[str, Any]:
    """What Popen needs to run as `user` with nothing of ours: no group, no directory. None: as ourselves."""
    if user is None:
        return {}
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": [], "cwd": "/"}


def _die_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    """Ask Linux to send `number` when the thread that starts the program ends, so that kill -9 leaves no orphan."""
    if sys.platform != "linux":
        return None
    parent = os.getpid()

    def ask() -> None:
        LIBC.prctl(PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:
            os._exit(1)

    return ask


def _prefix(name: str, colour: int, width: int) -> str:
    return f"\x1b[{colour}m{name:<{width}}\x1b[0m | " if sys.stdout.isatty() else f"{name:<{width}} | "


def _print(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _how(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
