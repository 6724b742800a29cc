"""Two sends that Alice and Bob got, and mail about them that comes back."""

from pathlib import Path

import pytest

from dispatch.delivery import ledger, personalizing, sending, verp

HERE = Path(__file__).parent
DOMAIN = "bounces.example.org"


@pytest.fixture(autouse=True)
def _domain(settings):
    settings.BOUNCES = {
        "domain": DOMAIN,
        "discreet_domain": "",
        "soft": 3,
        "soft_sends": 2,
        "soft_days": 30,
    }


@pytest.fixture
def sends(make_edition, subscribe, fake):
    """(alice, first, second)."""
    alice, made = subscribe("alice"), []
    subscribe("bob")
    for slot in ("story:1", "story:2"):
        made.append(ledger.enlist(make_edition(slot).pk))
        sending.send_chunk(made[-1].pk, 1)
    return alice, *made


@pytest.fixture
def mail():
    """mail("hard.qmail", send, reader, identity="") is a mail of the corpus about that letter."""

    def make(name, send, reader, identity=""):
        raw = (HERE / "mails" / f"{name}.eml").read_bytes()
        token = verp.address(send.pk, reader.pk, DOMAIN).partition("@")[0]
        raw = raw.replace(b"b-TOKEN", token.encode()).replace(b"MARK", personalizing.mark(send.pk, reader.pk).encode())
        return raw.replace(b"Message-ID: <", f"Message-ID: <{identity}".encode(), 1)

    return make
