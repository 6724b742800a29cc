"""What Kubernetes is told: who is reached by whom, and whether the intake's probe tells one that hangs."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import ports
import pytest
import working
import yaml

from dispatch.delivery.bounces import mailboxes

BASE = Path(__file__).parents[2] / "deploy/kustomize/base"
POLICIES = {one["metadata"]["name"]: one["spec"] for one in yaml.safe_load_all((BASE / "network.yaml").read_text())}
RELAYS = {25, 465, 587, 2525}
"""RFC 5321, 8314 and 6409; what providers offer where those are blocked."""


def test_relays_and_mailboxes_are_reached_at_their_ports():
    (out,) = [rule for rule in POLICIES["what-it-needs"]["egress"] if "to" in rule]
    open_ones = {one["port"] for one in out["ports"]}
    assert set(mailboxes.PORTS.values()) | RELAYS | {443} == open_ones


def test_nobody_reaches_a_pod_but_by_a_door_of_its_own():
    doors = {
        name: (spec["podSelector"]["matchLabels"]["app.kubernetes.io/component"], [p["port"] for p in rule["ports"]])
        for name, spec in POLICIES.items()
        for rule in spec.get("ingress", [])
    }
    assert doors == {
        "web-from-the-proxy": ("web", [8321]),
        "web-from-prometheus": ("web", [8321]),
        "intake-from-the-mail-server": ("intake", [8024]),
    }
    for name in doors:
        ((rule,),) = [POLICIES[name]["ingress"]]
        assert all(one.get("podSelector") or one["namespaceSelector"] for one in rule["from"])
    assert POLICIES["nothing-else"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_the_figures_are_not_told_to_whoever_only_reaches_web(client, settings):
    """Why Prometheus shows a token, and asks by a name of DISPATCH_HOSTS and not by a pod's address."""
    settings.METRICS_TOKEN = ""
    assert client.get("/operations/metrics", REMOTE_ADDR="10.0.0.9").status_code == 404
    settings.ALLOWED_HOSTS = ["dispatch.example.org", "localhost"]
    assert client.get("/operations/metrics", headers={"host": "10.0.0.9:8321"}).status_code == 400


@pytest.fixture
def greets():
    """The intake's liveness probe, at another port."""
    intake = next(yaml.safe_load_all((BASE / "intake.yaml").read_text(encoding="utf-8")))
    container = intake["spec"]["template"]["spec"]["containers"][0]
    assert container["livenessProbe"]["exec"] == container["readinessProbe"]["exec"]
    python, *words = container["livenessProbe"]["exec"]["command"]
    assert (python, words[0]) == ("python", "-c")

    def ask(port):
        script = words[1].replace("8024", str(port))
        return subprocess.run([sys.executable, "-c", script], capture_output=True, check=False, timeout=120).returncode

    return ask


@pytest.mark.django_db(transaction=True)
def test_an_intake_that_greets_lives_and_one_that_hangs_does_not(greets, tmp_path):
    port = ports.free()
    assert greets(port) != 0
    words = ("intake", "--listen", f"127.0.0.1:{port}")
    with working.program(tmp_path, *words, DISPATCH_BOUNCE_DOMAIN="bounces.example.org") as intake:
        working.wait_for(lambda: greets(port) == 0)
        os.kill(intake.pid, signal.SIGSTOP)
        try:
            socket.create_connection(("127.0.0.1", port), 30).close()  # the kernel takes it all the same
            assert greets(port) != 0
        finally:
            os.kill(intake.pid, signal.SIGCONT)
        working.wait_for(lambda: greets(port) == 0)
