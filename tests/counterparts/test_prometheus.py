"""Prometheus itself reads the rules, runs their tests and finds nothing against the figures' format."""

import subprocess
from pathlib import Path

import pytest

from dispatch.operations import figures

HOME = Path(__file__).parents[2]
PROMTOOL = HOME / ".cache/prometheus/usr/bin/promtool"
DEPLOY = HOME / "deploy/prometheus"
pytestmark = [
    pytest.mark.counterpart,
    pytest.mark.skipif(not PROMTOOL.exists(), reason="no promtool: tests/counterparts/prometheus/unpack gets Debian's"),
]


def promtool(*arguments, said=None):
    return subprocess.run([PROMTOOL, *arguments], input=said, capture_output=True, timeout=60, check=False)


@pytest.mark.parametrize(
    "asked",
    [
        ("check", "rules", DEPLOY / "rules/dispatch.yml"),
        ("check", "config", DEPLOY / "prometheus.yml"),
        ("test", "rules", DEPLOY / "tests/dispatch.yml"),
    ],
    ids=["rules", "configuration", "the rules' tests"],
)
def test_it_takes_what_is_deployed(asked):
    done = promtool(*asked)
    assert done.returncode == 0, (done.stdout + done.stderr).decode()


@pytest.mark.django_db
def test_it_takes_the_figures(monkeypatch):
    monkeypatch.setattr(figures, "_last", (-figures.KEPT, b""))
    done = promtool("check", "metrics", said=figures.exposition())
    assert done.returncode == 0, (done.stdout + done.stderr).decode()
