"""PostgreSQL as `dispatch up` would run it, in a folder of its own, for benchmarks."""

import os
import secrets
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def database() -> Iterator[Path]:
    """Running, migrated, empty; Django is set up. Yields the folder, which is gone afterwards."""
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
        with _postgres(folder):
            _migrate()
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
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
