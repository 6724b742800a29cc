"""Postfix, Exim and OpenSMTPD still send back what was recorded of them: the same parts, read the same."""

import email
import os
import subprocess
import sys
from pathlib import Path

import pytest
from counterparts.relays import apart
from delivery.bounces import corpus

from dispatch.delivery import verp
from dispatch.delivery.bounces import reading

pytestmark = pytest.mark.counterpart
RECORD = Path(__file__).with_name("record")
SAMPLE = (
    "gmail_no_account",
    "gmail_full",
    "gmail_too_much_for_one",
    "orange_full",
    "office_access_denied",
    "no_domain",
)


@pytest.fixture
def fresh(tmp_path):
    """fresh(server) is what it sends back now: by file name, each with the one that was recorded."""
    if os.geteuid() or not (apart.UNPACKED / "unpacked").exists():
        pytest.skip(apart.ABSENT)
    if subprocess.run([*apart.APART, "--net", "true"], capture_output=True, check=False).returncode:
        pytest.skip("no server can run apart: this machine grants no namespaces")

    def record(server):
        command = [sys.executable, RECORD, tmp_path, server, "--only", *SAMPLE]
        subprocess.run(command, capture_output=True, check=True, timeout=500)
        made = sorted((tmp_path / server).glob("*.eml"))
        return {one.name: (one.read_bytes(), (corpus.RECORDED / server / one.name).read_bytes()) for one in made}

    return record


def shape(raw):
    return [part.get_content_type() for part in email.message_from_bytes(raw).walk()]


@pytest.mark.parametrize("server", ["postfix", "exim", "opensmtpd"])
def test_what_a_server_sends_back_is_what_was_recorded_of_it(fresh, settings, server):
    settings.BOUNCES = settings.BOUNCES | {"domain": corpus.DOMAIN}
    token = verp.address(7, 42, corpus.DOMAIN).partition("@")[0]
    pairs = fresh(server)
    assert set(pairs) >= {f"{name}.eml" for name in SAMPLE}
    for now, then in pairs.values():
        assert shape(now) == shape(then)
        assert reading.read(corpus.content(now, token)).verdict == reading.read(corpus.content(then, token)).verdict
        assert reading.read(corpus.content(now, token)).letter == verp.Letter(7, 42)
