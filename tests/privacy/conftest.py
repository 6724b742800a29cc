"""The gate: each test proves a promise to readers and says by which figures; `make privacy-gate` prints them as a table."""

import json

import pytest
import serving

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


def pytest_terminal_summary(terminalreporter, config):
    if config.getoption("--gate", default=False):
        for words, (state, figures) in KEPT.items():
            terminalreporter.write_line(f"{state}  {words:<58} {figures}")


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    if config.getoption("--gate", default=False) and KEPT:
        failed = sum(state == "FAIL" for state, _ in KEPT.values())
        print(json.dumps({"promises": len(KEPT), "failed": failed}))  # noqa: T201 - what the gate is asked for
