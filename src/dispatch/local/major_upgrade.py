"""A cluster of one major version becomes one of another: made beside it, compared with it, then put in its place.

The old data directory is read and never written to but by its own PostgreSQL (which starts and stops in it, read-only),
so that until the last step nothing has happened, and after it the old one is still whole. Why pg_upgrade:
docs/decisions.
"""

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from dispatch import saying
from dispatch.local import carrying, holding, postgres, supervisor, switching, up

PORT = 50434
"""Of the sockets meanwhile: no `dispatch …` finds them."""
PATIENCE = 900.0
"""Seconds that a server gets to be ready (one that was killed reads its log first), and to stop in order."""
SLACK = 400 * 1024**2
"""Bytes that the new one needs beside the data: its catalogue, its log, and what pg_upgrade writes meanwhile."""


class Failed(Exception):
    """It is as it was before; the text says what was in the way."""


@dataclass(frozen=True)
class Task:
    """What is to become of which directory, by which programs."""

    home: Path  # the data directory itself, whatever links to it
    run: Path  # for sockets
    theirs: str  # majors
    ours: str
    old: Path  # folders of programs
    new: Path
    mark: int  # an open file that every program inherits, so that a later start can find what a killed one left behind
    say: Callable[[str], None] = field(default=lambda _: None)


def needed(home: Path) -> int:
    """Bytes that must be free beside it. The write-ahead log is not taken over."""
    return size(home) - size(home / "pg_wal") + SLACK


def size(folder: Path) -> int:
    """Bytes of all files below it."""
    return sum(os.lstat(Path(place) / name).st_size for place, _, names in os.walk(folder) for name in names)


def require_space(home: Path) -> None:
    """Raises Failed."""
    free, wanted = shutil.disk_usage(home.parent).free, needed(home)
    if free < wanted:
        raise Failed(
            f"{home.parent} has {saying.size(free)} free, and {saying.size(wanted)} are needed: the old data stays beside "
            "the new. Make room, and run this again. Nothing was changed."
        )


def carry_out(task: Task) -> tuple[Path, holding.Held]:
    """All of it. Where the old directory is kept, and what was found in both.

    Raises Failed; then the old one stands where it stood, and what was made of the new one is gone.
    """
    switching.discard(task.home, task.ours)
    try:
        held = _make(task)
    except BaseException as problem:
        switching.discard(task.home, task.ours)
        if isinstance(problem, (OSError, psycopg.Error, RuntimeError)):
            raise Failed(f"{str(problem).strip()}.".replace("..", ".")) from problem
        raise
    task.say("6/6 Putting it in the old one's place")
    return switching.switch(task.home, task.theirs), held


def _make(task: Task) -> holding.Held:
    new = switching.making(task.home)
    task.say(f"1/6 Reading what PostgreSQL {task.theirs} holds: a checksum of each table")
    with _served(task, task.old, task.home) as address:
        before, settings = holding.of(address), carrying.found(address)
    task.say(f"2/6 Making an empty PostgreSQL {task.ours} beside it")
    postgres.make(new, *_as_before(task))
    task.say("3/6 Taking everything over (pg_upgrade, by copy)")
    _upgrade(task, new)
    task.say("4/6 Carrying its settings over")
    if refused := carrying.carry(settings, task.home, new, task.new):
        task.say(f"    PostgreSQL {task.ours} does not know: {', '.join(sorted(refused))}. Left out.")
    task.say("5/6 Comparing the two, table by table")
    with _served(task, task.new, new) as address:
        after = holding.of(address)
        _count_for_plans(task)
    if wrong := holding.differences(before, after):
        raise Failed(f"The new one does not hold what the old one does: {'; '.join(wrong[:5])}.")
    return before


def _as_before(task: Task) -> list[str]:
    """Pages with checksums, or without: pg_upgrade copies them as they are."""
    said = _said_by(task.old / "pg_controldata", str(task.home))
    has = any(line.startswith("Data page checksum version:") and not line.endswith(" 0") for line in said.splitlines())
    return ["--data-checksums" if has else "--no-data-checksums"]


def _upgrade(task: Task, new: Path) -> None:
    command = [str(task.new / "pg_upgrade"), "--copy", f"--username={postgres.SUPERUSER}", f"--socketdir={task.run}"]
    command += [f"--old-bindir={task.old}", f"--new-bindir={task.new}", f"--old-port={PORT}", f"--new-port={PORT + 1}"]
    command += [f"--old-datadir={task.home}", f"--new-datadir={new}"]
    done = _run(task, command)
    for script in task.run.glob("*.sh"):  # it would delete the old one; the operator does that
        script.unlink()
    if done.returncode:
        said = [line for line in done.stdout.splitlines() if line.strip()]
        raise Failed(f"pg_upgrade: {' '.join(' '.join(said[-6:]).split())}")


def _count_for_plans(task: Task) -> None:
    """Figures by which queries are planned, where pg_upgrade could not take them over."""
    place = [f"--host={task.run}", f"--port={PORT}", f"--username={postgres.SUPERUSER}"]
    _run(task, [str(task.new / "vacuumdb"), "--all", "--analyze-only", "--missing-stats-only", "--quiet", *place])


def _run(task: Task, command: list[str]) -> "subprocess.CompletedProcess[str]":
    identity = supervisor.identity(postgres.owner()) | {"cwd": task.run}
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        pass_fds=(task.mark,),
        **identity,
    )


def _said_by(program: Path, *arguments: str) -> str:
    done = subprocess.run(
        [program, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C"},
        **supervisor.identity(postgres.owner()),
    )
    if done.returncode:
        raise Failed(f"{program.name}: {done.stderr.strip()}")
    return str(done.stdout)


@contextlib.contextmanager
def _served(task: Task, programs: Path, data: Path) -> Iterator[str]:
    """A server of this cluster that nobody writes to; the address without a database's name."""
    lines: list[str] = []
    program = supervisor.Program(
        name="database",
        command=[*postgres.command(data, task.run, programs), f"-cport={PORT}", *READ_ONLY],
        ready=up.answers_questions(task.run, PORT),
        user=postgres.owner(),
        stop=signal.SIGINT,
        group=0,
        fds=(task.mark,),
    )
    alone = supervisor.Supervisor([program], say=lines.append, lines=lines.append, stop_within=PATIENCE)
    address = f"host={task.run} port={PORT} user={postgres.SUPERUSER}"
    try:
        try:
            alone.start(0, PATIENCE)
        except TimeoutError as problem:
            raise Failed(f"{programs / 'postgres'} does not start in {data}: {' '.join(lines[-3:])}") from problem
        yield address
    finally:
        alone.stop()


READ_ONLY = ("-cdefault_transaction_read_only=on", "-cautovacuum=off")
