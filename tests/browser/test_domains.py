"""The page of sending domains, looked at: records of every standing, keys, and what receivers report."""

from dataclasses import replace
from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch.delivery import rotating, signing_keys
from dispatch.delivery.domains import dkim
from dispatch.delivery.reports import recording
from dispatch.delivery.reports.proving import Proof
from dispatch.delivery.reports.told import Line, Told
from dispatch.delivery.reputation import DkimKey, Looked

pytestmark = pytest.mark.browser
DOMAIN = "example.org"


def seen(what, standing, words, *, domain=DOMAIN, host="", **more):
    Looked.objects.create(
        domain=domain, what=what, host=host or domain, standing=standing, words=words, at=timezone.now(), **more
    )


@pytest.fixture
def domains(visitor):
    """A domain whose SPF broke last night, with a pair of keys that is about to take over."""
    now = timezone.now()
    newsroom.newsletter()
    signing_keys.make(DOMAIN, "s202610")
    signing_keys.turn(DOMAIN, "s202610")
    rotating.rotate(DOMAIN, "s202611")
    seen(
        *("SPF", "wrong", f"{DOMAIN} does not let 203.0.113.7 send in its name, and our mail leaves from there."),
        todo="Publish this record.",
        paste=f'{DOMAIN}. IN TXT "v=spf1 include:mailbox.example ip4:203.0.113.7 -all"',
        well_at=now - timedelta(days=1),
        fell_at=now,
    )
    for key in DkimKey.objects.order_by("pk"):
        words = f"{key.host} holds the key that signs." if key.active else f"{key.host} waits to be published."
        paste = "" if key.active else dkim.paste(key).line()
        seen("DKIM", "well" if key.active else "look", words, host=key.host, paste=paste)
    seen("DMARC", "well", f"_dmarc.{DOMAIN} says what becomes of forgeries: none.")
    seen("BIMI", "may", f"{DOMAIN} shows no mark beside its letters.")
    seen("PTR", "well", "203.0.113.7 is mail.example.org, and back.", domain="", host="203.0.113.7")
    seen(
        "zen.spamhaus.org",
        "may",
        "It does not answer this resolver: that is no listing.",
        domain="",
        host="203.0.113.7",
    )
    lines = Line("203.0.113.7", "dkim and spf", "none", 48213), Line("198.51.100.0/24", "nothing", "reject", 31)
    failed = Line("mx.example.org", "certificate-expired", "sts", 12)
    for kind, said in (("dmarc", lines), ("tls", (Line("", "encrypted", "sts", 5326), failed))):
        told = Told(kind, "mailbox.example", "1", DOMAIN, now.date() - timedelta(days=1), now.date(), said)
        recording.keep(told, Proof("signed", "mailbox.example"))
    doubted = Told("dmarc", "elsewhere.example", "2", DOMAIN, now.date() - timedelta(days=1), now.date(), lines[1:])
    recording.keep(doubted, Proof("unsigned"))
    recording.keep(replace(doubted, kind="tls", lines=(failed,)), Proof("broken"))


def test_domains(visitor, domains, alice, page):
    page.goto("/operations/domains/")
    page.get_by_text("The record to publish").first.click()
    visitor.look("domains")
    page.get_by_role("button", name="Look now").click()
    page.get_by_text("A worker looks now").wait_for()
