"""PostgreSQL as `dispatch up` would run it, in a folder of its own, for benchmarks."""

import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django

READY = "BENCH_DATABASE"
"""Names a folder that `embedded.py FOLDER` made: one migrated database for many benchmarks, each with a copy."""


@contextmanager
def database() -> Iterator[Path]:
    """Running, migrated, empty; Django is set up. Yields the folder, which is gone afterwards."""
    ready = os.environ.get(READY)
    with _place() as folder:
        if ready:
            subprocess.run(["cp", "-a", ready, folder / "postgres"], check=True)
        with _postgres(folder):
            if ready:
                django.setup()
            else:
                _migrate()
            yield folder


def main() -> int:
    with _place() as folder:
        with _postgres(folder):
            _migrate()
        subprocess.run(["cp", "-a", folder / "postgres", sys.argv[1]], check=True)
    return 0


@contextmanager
def _place() -> Iterator[Path]:
    from dispatch import vault

    with tempfile.TemporaryDirectory(prefix="dispatch-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        os.environ.update(
            DISPATCH_DATA_DIR=name,
            DISPATCH_SECRET_KEY=secrets.token_hex(),
            DISPATCH_APPROVE_FROM="0",
            DISPATCH_FIRST_WAVE_FROM="0",
            DISPATCH_VAULT_KEYS=os.environ.get("BENCH_VAULT_KEYS") or vault.new_key_line(),
            DJANGO_SETTINGS_MODULE="dispatch.settings",
        )
        yield folder


@contextmanager
def _postgres(folder: Path) -> Iterator[None]:
    from dispatch import env
    from dispatch.local import postgres

    data, run = folder / "postgres", env.run_dir()
    postgres.prepare(data, run)
    server = subprocess.Popen(postgres.command(data, run), user=postgres.owner(), cwd="/", stderr=subprocess.DEVNULL)
    try:
        while not (run / ".s.PGSQL.5432").exists():
            time.sleep(0.05)
        yield
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(30)


def _migrate() -> None:
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


if __name__ == "__main__":
    sys.exit(main())
