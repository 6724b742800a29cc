"""The runbooks promise that whoever hangs is replaced within two minutes, wherever it runs: the sums, from the files."""

import re
from pathlib import Path

import pytest
import yaml

from dispatch import signs
from dispatch.local import answering, watchdog

ROOT = Path(__file__).parents[2]
SYSTEMD, BASE = ROOT / "deploy/systemd", ROOT / "deploy/kustomize/base"
PROMISED = 120.0
SECONDS = {"": 1, "s": 1, "min": 60}
LASTING = ["clock", "web", *(path.stem.removeprefix("dispatch-") for path in SYSTEMD.glob("dispatch-worker-*.service"))]


def silence():
    """Until a row, or a worker itself, says that it is of no use: as it is set where nobody set it, and one beat."""
    return signs.silence().total_seconds() + signs.BEATS


@pytest.fixture(autouse=True)
def _as_nobody_set_it(monkeypatch):
    monkeypatch.delenv("DISPATCH_SILENT_SECONDS", raising=False)


def said(text, name):
    """Of a unit, in seconds."""
    number, unit = re.search(rf"^{name}=(\d+)([a-z]*)$", text, re.MULTILINE).groups()
    return int(number) * SECONDS[unit]


def probes(name):
    """Of the one container of one file."""
    found = [
        one for one in yaml.safe_load_all((BASE / name).read_text(encoding="utf-8")) if one["kind"] == "Deployment"
    ]
    return found[0]["spec"]["template"]["spec"]["containers"][0]


def looks(probe):
    """Seconds until the last look that it takes has ended, and the grace is over."""
    return probe["periodSeconds"] * probe["failureThreshold"] + probe["timeoutSeconds"] + ends(probe)


def ends(probe):
    return probe["terminationGracePeriodSeconds"]


def test_the_page_promises_what_is_summed_up_here():
    page = (ROOT / "docs/runbooks/DispatchWorkerMissing.md").read_text(encoding="utf-8")
    assert "hangs is replaced within two minutes by whoever supervises it" in page


def test_under_dispatch_up_and_in_a_container():
    assert silence() + watchdog.LOOK_EVERY * watchdog.SURE_AFTER <= PROMISED


def test_a_web_server_in_a_container():
    asking = answering.ASK_EVERY + answering.PATIENCE
    assert signs.silence().total_seconds() + 2 * asking <= PROMISED


@pytest.mark.parametrize("name", LASTING)
def test_under_systemd(name):
    """A deaf one says so by itself (WATCHDOG=trigger); one that is silent has been so for WatchdogSec."""
    unit = (SYSTEMD / f"dispatch-{name}.service").read_text(encoding="utf-8")
    house = (SYSTEMD / "dispatch-.service.d/house.conf").read_text(encoding="utf-8")
    assert "Type=notify\n" in unit
    assert "Restart=always\n" in unit
    until = max(silence(), said(unit, "WatchdogSec"))
    assert until + said(house, "TimeoutAbortSec") + said(house, "RestartSec") <= PROMISED
    assert said(unit, "WatchdogSec") >= 10 * signs.BEATS, "one that is busy must not be killed for a late sign"


def test_a_worker_and_a_clock_in_kubernetes():
    probe = probes("beating.yaml")["livenessProbe"]
    assert probe["exec"]["command"] == ["dispatch", "worker-health"]
    assert silence() + looks(probe) <= PROMISED
    assert probe["failureThreshold"] >= 2
    assert probe["timeoutSeconds"] >= 15, "a look takes as long as a busy machine makes it"


@pytest.mark.parametrize("name", ["web.yaml", "intake.yaml"])
def test_who_is_asked_directly_in_kubernetes(name):
    probe = probes(name)["livenessProbe"]
    assert looks(probe) <= PROMISED
    assert probe["failureThreshold"] * probe["periodSeconds"] >= 60, "one that is busy must not be killed"
