"""The intake over a real line: our addresses and no others, and "250" only for what is written down."""

import asyncio
import smtplib
import threading
import time

import pytest
from ports import free

from dispatch.audience.models import Suppression
from dispatch.delivery import verp
from dispatch.delivery.bounces import intake, recording
from dispatch.delivery.models import Ear

pytestmark = pytest.mark.django_db(transaction=True)
DOMAIN = "bounces.example.org"


@pytest.fixture(params=["lmtp", "smtp", "unix"])
def line(request, tmp_path):
    """A client's connection."""
    where = f"unix:{tmp_path}/intake" if request.param == "unix" else f"127.0.0.1:{free()}"
    loop, stopping = asyncio.new_event_loop(), asyncio.Event()
    protocol = "smtp" if request.param == "smtp" else "lmtp"
    running = threading.Thread(target=loop.run_until_complete, args=(intake.serve(where, protocol, stopping),))
    running.start()
    yield connect(where, protocol)
    loop.call_soon_threadsafe(stopping.set)
    running.join(30)
    loop.close()


def connect(where, protocol):
    kind = smtplib.LMTP if protocol == "lmtp" else smtplib.SMTP
    host, port = (where.removeprefix("unix:"), 0) if where.startswith("unix:") else where.split(":")
    for _ in range(100):
        try:
            client = kind(host, int(port), local_hostname="localhost")
        except OSError:
            threading.Event().wait(0.05)
        else:
            client.ehlo_or_helo_if_needed()
            return client
    raise AssertionError("it does not listen")


def bring(client, to, raw):
    client.docmd("MAIL FROM:<>")
    told = client.docmd(f"RCPT TO:<{to}>")
    return told if told[0] != 250 else client.data(raw)


def test_it_takes_what_is_ours_and_nothing_else(sends, mail, line):
    alice, first, _ = sends
    ours = verp.address(first.pk, alice.pk, DOMAIN)
    assert bring(line, ours, mail("hard.qmail", first, alice))[0] == 250
    assert Suppression.objects.get().reason == "bounced"
    for strange in (
        "news@example.org",
        f"news@{DOMAIN}",
        f"b-{'0' * 32}@{DOMAIN}",
        ours.replace(DOMAIN, "example.net"),
    ):
        line.rset()
        assert bring(line, strange, b"x")[0] == 550
    line.rset()
    line.docmd("MAIL FROM:<>")
    assert line.docmd(f"RCPT TO:<{ours}>")[0] == 250
    assert line.docmd(f"RCPT TO:<{ours}>")[0] == 452
    line.quit()


def test_what_cannot_be_written_down_is_to_be_brought_again(sends, mail, line, monkeypatch):
    alice, first, _ = sends
    monkeypatch.setattr(recording, "take", lambda *_: 1 / 0)
    assert bring(line, f"complaints@{DOMAIN}", mail("complaint.arf", first, alice))[0] == 451
    assert not Suppression.objects.exists()
    line.quit()


def test_it_says_that_it_listens_and_how_large_a_mail_may_be(line):
    assert int(line.esmtp_features["size"]) == intake.LARGEST
    deadline = time.monotonic() + 30
    while not Ear.objects.filter(way="intake").exclude(alive_at=None).exists():
        assert time.monotonic() < deadline, "it does not say that it is alive"
        time.sleep(0.05)
    line.quit()
