"""The gate: each test proves a promise to readers and says by which figures; `make privacy-gate` prints them as a table."""

import json

import newsroom
import pytest
import redis
import serving
from browser.conftest import chromium  # noqa: F401 - a fixture, and one browser is enough for both

from dispatch import env
from dispatch.delivery import relays
from dispatch.delivery.mailers.fake import Fake

KEPT: dict[str, tuple[str, str]] = {}


def pytest_addoption(parser):
    parser.addoption("--gate", action="store_true", help="as many samples as the figures need, and a table of promises")


@pytest.fixture
def is_gate(request):
    """Whether figures count; otherwise samples are few, and only what is certain is asserted."""
    return request.config.getoption("--gate", default=False)


@pytest.fixture
def promise(request):
    """promise("what is promised", "the figures"), said at the end of a test that proved it."""
    marker = request.node.get_closest_marker("promise")
    KEPT[marker.args[0]] = ("FAIL", "")

    def kept(figures):
        KEPT[marker.args[0]] = ("PASS", figures)

    return kept


@pytest.fixture(scope="session")
def server(django_db_setup, tmp_path_factory):
    """`dispatch web`, upon the tests' database."""
    with serving.web(tmp_path_factory.mktemp("web")) as base:
        yield base


@pytest.fixture
def office():
    return newsroom.newsletter()


@pytest.fixture
def many(office, settings, is_gate):
    """The newsletter, and how many readers it gets within an hour."""
    count = 1000 if is_gate else 50
    settings.SIGN_UPS = {"network_an_hour": count, "an_hour": count}
    return office, count


@pytest.fixture
def post(monkeypatch):
    """A relay that keeps what it gets."""
    kept = Fake()
    newsroom.relay()
    monkeypatch.setattr(relays, "open_mailer", lambda _: kept)
    return kept


@pytest.fixture
def broker():
    one = redis.Redis(unix_socket_path=str(env.run_dir() / "valkey.sock"))
    one.flushall()
    yield one
    one.flushall()


def pytest_terminal_summary(terminalreporter, config):
    if config.getoption("--gate", default=False):
        for words, (state, figures) in KEPT.items():
            terminalreporter.write_line(f"{state}  {words:<66} {figures}")


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    if config.getoption("--gate", default=False) and KEPT:
        failed = sum(state == "FAIL" for state, _ in KEPT.values())
        print(json.dumps({"promises": len(KEPT), "failed": failed}))  # noqa: T201 - what the gate is asked for
