"""`dispatch web` on a port of its own, upon the tests' database."""

import os
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager

import ports
from django.conf import settings
from django.db import connection

from dispatch import env


@contextmanager
def web(folder, **changes):
    """Its address; what it logged, in `folder`, must hold no traceback. `changes` to its settings may name its {port}."""
    port = ports.free()
    url = f"postgresql://dispatch@/{settings.DATABASES['default']['NAME']}?host={env.run_dir()}"
    log = folder / "log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "dispatch.cli", "web", "--port", str(port)],
            env={"DISPATCH_DATABASE_URL": url}
            | os.environ
            | {name: to.format(port=port) for name, to in changes.items()},
            stdout=out,
            stderr=out,
        )
    base = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 120
    while not answers(f"{base}/operations/live"):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)
    yield base
    process.terminate()
    process.wait(60)
    assert "Traceback" not in log.read_text(), log.read_text()


BUSY = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND state IN ('active', 'idle in transaction')
"""


def rest():
    """Wait until nobody else is at work in the database, twice in a row: what a page asked while it was left is done, too."""
    quiet = 0
    for _ in range(600):
        with connection.cursor() as cursor:
            cursor.execute(BUSY)
            quiet = 0 if cursor.fetchone()[0] else quiet + 1
        if quiet == 2:
            return
        time.sleep(0.1)


def answers(address):
    """Whether something is there."""
    try:
        return urllib.request.urlopen(address, timeout=10).status == 200
    except OSError:
        return False


def until(page, expression):
    """Ask a page until it says yes, a minute at most. Not page.wait_for_function: it evaluates text inside of the page, whose
    policy forbids that."""
    deadline = time.monotonic() + 60
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, f"not within a minute: {expression}"
        page.wait_for_timeout(50)
