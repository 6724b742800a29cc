"""The tests' world: a PostgreSQL and a Valkey of their own, the known cast, and no network but loopback."""

import atexit
import base64
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

HOME = Path(tempfile.mkdtemp(prefix="dispatch-tests-"))
HOME.chmod(0o755)
os.environ.update(
    DISPATCH_DATA_DIR=str(HOME),
    DISPATCH_SECRET_KEY="a secret of the tests",
    DISPATCH_VAULT_KEYS="1 " + base64.b64encode(b"k" * 32).decode(),
    DISPATCH_PUBLIC_URL="http://dispatch.test",
    DISPATCH_HOSTS="dispatch.test testserver localhost 127.0.0.1",
    DISPATCH_DATABASE_POOL="4",
    DISPATCH_DEMO="1",
    DJANGO_SETTINGS_MODULE="dispatch.settings",
)
LONG = (
    "tests/flows/test_k",
    "tests/delivery/test_crash",
    "tests/browser/",
    "tests/local/test_up",
    "tests/social/test_never",
    "tests/privacy/",
    "tests/counterparts/",
    "tests/flows/",
)
EMPTIED = Path(__file__).with_name("emptied.sql").read_text(encoding="utf-8")
DATA = Path(os.environ.get("DISPATCH_TEST_DATA") or Path(__file__).parents[2] / "shared" / "data")

import django  # noqa: E402
import name_server  # noqa: E402
import pytest  # noqa: E402
from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import TransactionTestCase  # noqa: E402

from dispatch import brokers, env, logs, queue  # noqa: E402
from dispatch.local import postgres, supervisor, valkey  # noqa: E402

assert settings.DATABASES  # loaded here, so that pytest-django finds them
django.setup()


def _start(command: list[str], ready: Path, *, user: str | None = None, stop: signal.Signals) -> None:
    process = subprocess.Popen(
        command,
        user=user,
        cwd="/",
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        preexec_fn=supervisor._die_with_parent(stop),  # noqa: PLW1509 - of several processes one may be ended at once
    )

    def end() -> None:
        process.send_signal(stop)
        process.wait(60)

    atexit.register(end)
    deadline = time.monotonic() + 120
    while not ready.exists():
        assert process.poll() is None, f"{command[0]} ended with {process.returncode}"
        assert time.monotonic() < deadline, f"{command[0]} did not start"
        time.sleep(0.02)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Start what the environment does not bring. Of several processes each has its own, and the one that leads them none."""
    atexit.register(shutil.rmtree, HOME, ignore_errors=True)
    if session.config.pluginmanager.hasplugin("dsession"):
        del os.environ["DJANGO_SETTINGS_MODULE"]  # the others inherit it, and would read settings before this file
        return
    if env.is_embedded("DATABASE"):
        data = HOME / "postgres"
        postgres.prepare(data, env.run_dir())
        _start(
            [*postgres.command(data, env.run_dir()), "-cfsync=off"],
            env.run_dir() / ".s.PGSQL.5432",
            user=postgres.owner(),
            stop=signal.SIGINT,
        )
    if env.is_embedded("BROKER"):
        _start(valkey.command(HOME / "valkey", env.run_dir()), env.run_dir() / "valkey.sock", stop=signal.SIGTERM)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Several processes begin with what takes long, or all but one would have nothing left to do in the end."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: [not item.nodeid.startswith(place) for place in LONG])


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> None:
    """The database as migrations made it; what a test commits is taken out again by emptied.sql."""
    TransactionTestCase._fixture_teardown = lambda _: connection.cursor().execute(EMPTIED)  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def _no_trail():
    """Each test's lines begin without a trail, as each task's do."""
    logs.follow("")


@pytest.fixture(autouse=True)
def _no_doorbells():
    """Nor does one hear what others rang for: once 500 chunks' doorbells wait, none is rung for any more."""
    if env.is_embedded("BROKER"):
        queue.redis(5).delete(*itertools.chain.from_iterable(map(brokers.lists, queue.QUEUES)))


@pytest.fixture(scope="session")
def real_inputs() -> Path:
    """Where real inputs would be; a user's clone does not have them."""
    return DATA


@pytest.fixture
def data(real_inputs: Path) -> Path:
    """Real inputs, which must be there."""
    if not real_inputs.is_dir():
        pytest.skip("real inputs are not here (DISPATCH_TEST_DATA names their folder)")
    return real_inputs


@pytest.fixture
def names(settings):
    """A name server of this test's own; nobody else is asked."""
    server = name_server.NameServer()
    settings.DNS = [server.place]
    yield server
    server.close()
