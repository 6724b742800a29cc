"""Replaces programs that run and are of no use: by their rows in the database, beside Celery and whatever they wait for.

What cannot be known is no reason to kill: while the database does not answer, nobody is replaced.
"""

import os
import signal
import socket
import threading
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from dispatch import env, signs
from dispatch.local.supervisor import Program, Running, Supervisor

LOOK_EVERY = 5.0
SURE_AFTER = 2
"""Looks in a row that must say so: after the database was away, or this machine slept, each row is old for a moment."""
ROWS = "SELECT name, beat_at, heard_at FROM delivery_workerbeat WHERE name = ANY (%s)"
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

    def watch(self) -> None:
        """Until all is stopped."""
        while not self.everything.stopping.wait(LOOK_EVERY):
            self.look()

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
        troubled = {process: why for process, one in running.items() if (why := _judged(one, found.get(process)))}
        self.suspected = {process: self.suspected.get(process, 0) + 1 for process in troubled}
        for process, why in troubled.items():
            if self.suspected[process] >= SURE_AFTER:
                self.everything.replace(running[process], process, why)


def keep(called: str, command: list[str]) -> int:
    """Run one program that gives signs of life until told to stop (SIGINT, SIGTERM), for where nobody else replaces it (a
    container). Told to end, it has DISPATCH_DRAIN_SECONDS and a little more. The exit status."""
    only = Program(name=called, command=command, watched=True)
    everything = Supervisor([only], stop_within=env.number("DISPATCH_DRAIN_SECONDS", 60) + 5)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: everything.stopping.set())
    everything.start(1)
    Watchdog(everything).watch_beside()
    everything.watch()
    everything.stop()
    return 0


def _judged(one: Running, sign: signs.Sign | None) -> str:
    """A row from before its start is an earlier process's of the same number."""
    if sign is None or sign.beat_at.timestamp() < one.started_at:
        waited = time.time() - one.started_at
        return f"no sign of life in the {waited:.0f} s since its start" if waited > signs.STARTS else ""
    return signs.trouble(sign, datetime.now(UTC))


def _signs(processes: Iterable[int]) -> dict[int, signs.Sign] | None:
    """By process; None: the database does not say."""
    names = {name(process): process for process in processes}
    try:
        with psycopg.connect(env.database_url(), connect_timeout=5, autocommit=True) as session:
            session.execute(PATIENCE)
            rows = session.execute(ROWS, [list(names)]).fetchall()
    except psycopg.Error:
        return None
    return {names[row[0]]: signs.Sign(row[1], row[2]) for row in rows}
