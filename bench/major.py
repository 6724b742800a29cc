"""From one PostgreSQL major to the next, with a million readers: `dispatch upgrade-database` step by step (pg_upgrade,
by copy), and the other way to do it, pg_dump through a pipe into psql.

`make bench NAME=major` needs an older PostgreSQL (tests/counterparts/postgres/unpack, or --old-binaries DIR), prints
one table and ends with a JSON line; --readers N for other sizes.
"""

import argparse
import json
import os
import secrets
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import crowd
import sizes

SUBSCRIBER = {
    "address": "substr(sha256(n::text::bytea) || sha256(n::text::bytea), 1, 56)",
    "address_index": "sha256(('i' || n)::bytea)",
}
SUBSCRIPTION = {
    "subscriber_id": "(SELECT min(id) FROM audience_subscriber) + n - 1",
    "handle": "substr(sha256(('h' || n)::bytea), 1, 8)",
}
"""Bytes as long as a sealed address, an index and a handle are, and as little to be compressed."""
OLD = Path(__file__).parents[1] / ".cache" / "postgres" / "16" / "pgserver" / "pginstall" / "bin"


def main() -> None:
    """Fill an old one, bring it over both ways."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=1_000_000)
    parser.add_argument("--old-binaries", type=Path, default=OLD)
    options = sizes.asked(parser, readers=1_000)
    if options.tiny and not options.old_binaries.exists():
        print(json.dumps({"skipped": "no older PostgreSQL is here"}))
        return
    with tempfile.TemporaryDirectory(prefix="dispatch-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        print_table(measure(folder, options.readers, options.old_binaries))


def measure(folder: Path, readers: int, found: Path) -> dict[str, float]:
    """Seconds by what was done; sizes in megabytes."""
    from dispatch import vault

    os.environ.update(
        DISPATCH_DATA_DIR=str(folder),
        DISPATCH_SECRET_KEY=secrets.token_hex(),
        DISPATCH_VAULT_KEYS=vault.new_key_line(),
        DJANGO_SETTINGS_MODULE="dispatch.settings",
    )
    from dispatch import env
    from dispatch.local import major_upgrade, postgres, switching

    home, run, old = folder / "postgres", env.run_dir(), postgres.reachable(found)
    new = postgres.reachable(postgres.binaries())
    postgres.hand_over_run(run)
    fill(home, run, old, folder, readers)
    figures: dict[str, float] = {"readers": readers, "old_mb": round(major_upgrade.size(home) / 1e6)}
    figures |= by_pipe(folder, home, run, old, new)
    steps = {}

    def say(words: str) -> None:
        steps[words.strip()] = time.monotonic()

    began = time.monotonic()
    mark = os.open(folder, os.O_RDONLY)
    major_upgrade.carry_out(major_upgrade.Task(home, run, "16", postgres.major(), old, new, mark, say))
    ended = time.monotonic()
    times = [*steps.values(), ended]
    for words, start, end in zip(steps, times, times[1:], strict=False):
        figures[words] = round(end - start, 1)
    figures["upgrade_database_s"] = round(ended - began, 1)
    figures["new_mb"] = round(major_upgrade.size(home) / 1e6)
    assert switching.major_of(home) == postgres.major()
    return figures


def fill(home: Path, run: Path, old: Path, folder: Path, readers: int) -> None:
    """As an office with so many readers has filled it."""
    from dispatch.local import postgres

    home.mkdir(mode=0o700)
    postgres.hand_over(home, 0o700)
    do(old / "initdb", "-D", home, f"-U{postgres.SUPERUSER}", "-EUTF8", "--locale=C.UTF-8", "--auth=trust")
    do(old / "postgres", "--single", "-D", home, "postgres", given=f"CREATE DATABASE {postgres.DATABASE}\n")
    with served(old, home, run, 5432):
        import django
        from django.core.management import call_command
        from django.db import connection

        django.setup()
        call_command("migrate", verbosity=0)
        crowd.take_in(folder, "office", 1)
        multiply("audience_subscriber", SUBSCRIBER, readers)
        multiply("audience_subscription", SUBSCRIPTION, readers)
        crowd.settle()
        connection.close()


def multiply(table: str, changed: dict[str, str], many: int) -> None:
    """The only row of a table as `many`, each column as it was but for those that differ by reader."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns "
            "WHERE table_name = %s AND column_name <> 'id' AND is_generated = 'NEVER'",
            [table],
        )
        columns = [row[0] for row in cursor.fetchall()]
        values = ", ".join(changed.get(name, f'"{name}"') for name in columns)
        names = ", ".join(f'"{name}"' for name in columns)
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} AS one, generate_series(2, {many}) AS n"
        )


def by_pipe(folder: Path, home: Path, run: Path, old: Path, new: Path) -> dict[str, float]:
    """What dump and restore would take, into a cluster that is thrown away."""
    from dispatch.local import major_upgrade, postgres

    other = folder / "piped"
    began = time.monotonic()
    postgres.make(other)
    with served(old, home, run, 5432), served(new, other, run, 5440):
        do(new / "createdb", "-h", run, "-p", "5440", "-U", "dispatch", "dispatch")
        dump = [new / "pg_dump", "-h", run, "-U", "dispatch", "dispatch"]
        take = [new / "psql", "-q", "-h", run, "-p", "5440", "-U", "dispatch", "-v", "ON_ERROR_STOP=1", "dispatch"]
        with subprocess.Popen(dump, stdout=subprocess.PIPE) as dumping:
            subprocess.run(take, stdin=dumping.stdout, stdout=subprocess.DEVNULL, check=True)
        do(new / "vacuumdb", "-h", run, "-p", "5440", "-U", "dispatch", "--analyze-only", "--quiet", "dispatch")
    return {
        "by_pipe_s": round(time.monotonic() - began, 1),
        "by_pipe_mb": round(major_upgrade.size(other) / 1e6),
    }


@contextmanager
def served(programs: Path, data: Path, run: Path, port: int) -> Iterator[None]:
    """A server as `dispatch up` starts it."""
    from dispatch.local import postgres

    command = [*postgres.command(data, run, programs), f"-cport={port}"]
    server = subprocess.Popen(command, user=postgres.owner(), cwd="/", stderr=subprocess.DEVNULL)
    try:
        while not (run / f".s.PGSQL.{port}").exists():
            time.sleep(0.05)
        time.sleep(0.5)
        yield
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(300)


def do(*command: object, given: str = "") -> None:
    """Run it as whoever PostgreSQL runs as."""
    from dispatch.local import postgres, supervisor

    subprocess.run(
        list(map(str, command)),
        input=given,
        text=True,
        stdout=subprocess.DEVNULL,
        check=True,
        **supervisor.identity(postgres.owner()),
    )


def print_table(figures: dict[str, float]) -> None:
    """Each figure, then all of them for programs."""
    for what, figure in figures.items():
        print(f"{figure:>12,}  {what}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
