"""`dispatch worker-health`: whether a worker or clock of this host is of use, for whoever starts it anew when it is not."""

import argparse
import socket
import sys
from datetime import UTC, datetime

import psycopg

from dispatch import env, logs, signs
from dispatch.local import watchdog

ROWS = """
SELECT name, queues, beat_at, heard_at, doing FROM delivery_workerbeat WHERE starts_with(name, %s) ORDER BY queues, name
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Whose."""
    parser.add_argument(
        "name", nargs="?", default="", help="a queue, or `clock`; without it every worker and clock of this host"
    )


def run(options: argparse.Namespace) -> int:
    """Exit status 0: each is well, or nobody can know; 1: one must be started anew, or there is none."""
    logs.configure()
    return ask(options.name)


def ask(wanted: str = "") -> int:
    """The same, and a line for each. A database that does not answer is no reason to start anything anew."""
    try:
        rows = _rows()
    except psycopg.Error:
        print("The database does not answer, so nobody can know.", file=sys.stderr)
        return 0
    alive = [
        row for row in rows if watchdog.is_same(int(row[0].rpartition(":")[2]), row[2])
    ]  # the dead leave rows behind
    chosen = [row for row in alive if not wanted or wanted in row[1].split(",")]
    now, ill = datetime.now(UTC), 0
    for name, queues, beat_at, heard_at, doing in chosen:
        why = signs.trouble(signs.Sign(beat_at, heard_at, doing == signs.STARTING), now)
        ill += bool(why)
        print(f"{name} ({queues}): {why or 'well'}")
    if not chosen:
        print(f"There is no worker here{f' for {wanted}' if wanted else ''}.", file=sys.stderr)
    return 1 if ill or not chosen else 0


def _rows() -> list[tuple[str, str, datetime, datetime | None, str]]:
    with psycopg.connect(env.database_url(), connect_timeout=5) as session:
        session.execute(watchdog.PATIENCE)
        return session.execute(ROWS, [f"{socket.gethostname()}:"]).fetchall()
