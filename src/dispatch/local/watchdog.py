"""Replaces programs that run and are of no use: by their rows in the database, beside Celery and whatever they wait for.

What cannot be known is no reason to kill: while the database does not answer, nobody is replaced.
"""

import contextlib
import os
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from dispatch import env, signs
from dispatch.local.supervisor import Program, Running, Supervisor

LOOK_EVERY = 5.0
SURE_AFTER = 2
"""Looks in a row that must say so: after the database was away, or this machine slept, each row is old for a moment."""
SETTLED = 600.0
"""Seconds that a program works until it is forgotten that it was slow to start."""
ROWS = "SELECT name, beat_at, heard_at, doing FROM delivery_workerbeat WHERE name = ANY (%s)"
NOTE = """
INSERT INTO delivery_workerbeat AS b (name, queues, doing, started_at, beat_at, heard_at, version, memory, now, connections)
VALUES (%s, %s, %s, %s, clock_timestamp(), %s, '', 0, '[]', '[]')
ON CONFLICT (name) DO UPDATE
SET queues = excluded.queues, doing = excluded.doing, started_at = excluded.started_at, beat_at = excluded.beat_at,
    heard_at = excluded.heard_at, version = '', memory = 0, now = '[]', connections = '[]'
WHERE b.beat_at < excluded.started_at OR (b.doing = excluded.doing AND b.heard_at = b.started_at)
"""
"""By whoever waits for a process, about it. A process's own row says that it heard, or could, later than it started."""
TAKE_BACK = "DELETE FROM delivery_workerbeat WHERE name = ANY (%s) AND doing = %s"
PATIENCE = "SET statement_timeout = 5000"  # not upon connecting: PgBouncer takes no options there


def name(process: int) -> str:
    """What a process of this machine is called in its row."""
    return f"{socket.gethostname()}:{process}"


def is_running(process: int) -> bool:
    """Whether there is such a process here, stopped ones included."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def is_same(process: int, beat_at: datetime) -> bool:
    """Whether whoever gave that sign still runs. In a container numbers are few, and soon another's: that one began later."""
    try:
        ticks = int(
            Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
        )  # proc_pid_stat(5)
        uptime = float(Path("/proc/uptime").read_text(encoding="ascii").split()[0])
    except OSError:
        return is_running(process)
    began = time.time() - uptime + ticks / os.sysconf("SC_CLK_TCK")
    return began <= beat_at.timestamp() + 1


class Watchdog:
    """Over those of a supervisor's programs that give signs of life."""

    def __init__(self, everything: Supervisor) -> None:
        self.everything = everything
        self.suspected: dict[int, int] = {}  # looks in a row, by process
        self.cut_short: Counter[str] = Counter()  # starts in a row that took too long, by program
        self.well_since: dict[int, float] = {}
        self.told: set[int] = set()  # processes of which it was said that they are slow to start

    def watch(self) -> None:
        """Until all is stopped."""
        while not self.everything.stopping.wait(LOOK_EVERY):
            self.look()
        _take_back(self.told)

    def watch_beside(self) -> None:
        """The same from a thread."""
        threading.Thread(target=self.watch, name="watchdog", daemon=True).start()

    def look(self) -> None:
        """Once, at all of them."""
        running = {
            one.process.pid: one
            for one in self.everything.all
            if one.program.watched and one.process is not None and one.is_alive()
        }
        found = _signs(running)
        if found is None:
            return
        now = datetime.now(UTC)
        seen = {process: _sign(one, found.get(process)) for process, one in running.items()}
        why = {process: signs.trouble(seen[process], now, self._grace(one)) for process, one in running.items()}
        self.suspected = {process: self.suspected.get(process, 0) + 1 for process in why if why[process]}
        doomed = [process for process, looks in self.suspected.items() if looks >= SURE_AFTER]
        self._tell_of_slow_ones({process: running[process] for process in running if process not in doomed}, seen, now)
        for process in doomed:
            self._replace(running[process], process, why[process], is_start=seen[process].is_starting)
        self._forget({process for process in running if not (why[process] or seen[process].is_starting)}, running)

    def _grace(self, one: Running) -> float:
        return signs.grace(self.cut_short[one.program.name])

    def _replace(self, one: Running, process: int, why: str, *, is_start: bool) -> None:
        if is_start:
            self.cut_short[one.program.name] += 1
            why = f"{why}; now it has {self._grace(one):.0f} s. {signs.REMEDY}"
        self.everything.replace(one, process, why)

    def _tell_of_slow_ones(self, running: dict[int, Running], seen: dict[int, signs.Sign], now: datetime) -> None:
        """A line for the log, once for each process; and a row for each, since it cannot write one itself yet."""
        slow = {process: took for process in running if (took := signs.slow_for(seen[process], now))}
        for process in slow.keys() - self.told:
            one, seconds = running[process], slow[process].total_seconds()
            self.everything.say(
                f"{one.program.name} is slow to start: {seconds:.0f} s so far. It has {self._grace(one):.0f} s, then it is "
                f"started anew and has longer. {signs.REMEDY}"
            )
        _take_back(self.told - running.keys())
        self.told = set(slow)
        _note({process: running[process] for process in slow})

    def _forget(self, well: set[int], running: dict[int, Running]) -> None:
        """Once a program has worked for a stretch, its next start has no more time than its first."""
        self.well_since = {process: self.well_since.get(process, time.monotonic()) for process in well}
        for process, since in self.well_since.items():
            if time.monotonic() - since > SETTLED:
                self.cut_short.pop(running[process].program.name, None)


def keep(called: str, command: list[str]) -> int:
    """Run one program that gives signs of life until told to stop (SIGINT, SIGTERM), for where nobody else replaces it (a
    container). Told to end, it has DISPATCH_DRAIN_SECONDS and a little more. The exit status."""
    only = Program(name=called, command=command, watched=True, works_for=called, refuses=env.REFUSES)
    everything = Supervisor([only], stop_within=env.number("DISPATCH_DRAIN_SECONDS", 60) + 5)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: everything.stopping.set())
    everything.start(1)
    Watchdog(everything).watch_beside()
    everything.watch()
    everything.stop()
    return env.REFUSES if everything.refusal else 0  # it said why itself


def _sign(one: Running, sign: signs.Sign | None) -> signs.Sign:
    """Its own; a row from before its start is an earlier process's of the same number."""
    started = datetime.fromtimestamp(one.started_at, UTC)
    return signs.Sign(started, started, is_starting=True) if sign is None or sign.beat_at < started else sign


def _note(slow: dict[int, Running]) -> None:
    """In their place write a row that pages, `dispatch top` and Health show; theirs is never touched."""
    if not slow:
        return
    rows = [
        (name(process), one.program.works_for, signs.STARTING, *[datetime.fromtimestamp(one.started_at, UTC)] * 2)
        for process, one in slow.items()
    ]
    with contextlib.suppress(psycopg.Error), _session() as session:
        session.cursor().executemany(NOTE, rows)


def _signs(processes: Iterable[int]) -> dict[int, signs.Sign] | None:
    """By process; None: the database does not say."""
    names = {name(process): process for process in processes}
    try:
        with _session() as session:
            rows = session.execute(ROWS, [list(names)]).fetchall()
    except psycopg.Error:
        return None
    return {names[row[0]]: signs.Sign(row[1], row[2], row[3] == signs.STARTING) for row in rows}


def _take_back(processes: set[int]) -> None:
    """What was noted of those that ended before they worked."""
    if processes:
        with contextlib.suppress(psycopg.Error), _session() as session:
            session.execute(TAKE_BACK, [[name(process) for process in processes], signs.STARTING])


@contextlib.contextmanager
def _session() -> Iterator[psycopg.Connection]:
    with psycopg.connect(env.database_url(), connect_timeout=5, autocommit=True) as session:
        session.execute(PATIENCE)
        yield session
