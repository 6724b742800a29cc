"""The operators' page of sending domains: how records stood, what to paste, what receivers report."""

from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch import queue
from dispatch.accounts.models import AuditEntry
from dispatch.delivery import signing_keys
from dispatch.delivery.reports import proving, recording
from dispatch.delivery.reports.told import Line, Told
from dispatch.delivery.reputation import Looked, Report

pytestmark = pytest.mark.django_db
PAGE, DOMAIN = "/operations/domains/", "example.org"


@pytest.fixture
def alice(client):
    newsroom.newsletter()
    return newsroom.signed_in(client)


def page(client):
    return client.get(PAGE).content.decode()


def report(kind, identity, *lines, worth="signed", by="mailbox.example"):
    today = timezone.now().date()
    told = Told(kind, "mailbox.example", identity, "example.org", today - timedelta(days=1), today, lines)
    assert recording.keep(told, proving.Proof(worth, by))


def test_before_the_first_look_it_says_so(alice):
    said = page(alice)
    assert "Not looked at yet" in said
    assert "None came within the last 30 days" in said


def test_what_is_wrong_stands_first_with_the_record_to_paste(alice):
    now = timezone.now()
    domain = DOMAIN
    Looked.objects.create(domain=domain, what="DMARC", host="b", standing="well", words="It is there.", at=now)
    line = f'{domain}. IN TXT "v=spf1 ip4:203.0.113.7 -all"'
    Looked.objects.create(
        domain=domain, what="SPF", host="a", standing="wrong", words="It is broken.", paste=line, at=now, fell_at=now
    )
    said = page(alice)
    assert said.index("It is broken.") < said.index("It is there.")
    assert line.replace('"', "&#34;") in said
    assert "Right until" in said


def test_keys_are_shown_and_never_their_private_halves(alice):
    domain = DOMAIN
    signing_keys.make(domain, "s1")
    signing_keys.turn(domain, "s1")
    said = page(alice)
    assert "Ed25519 of s1" in said
    assert "PRIVATE" not in said


def test_reports_are_a_table_by_source_and_result(alice):
    for identity, count in (("1", 100), ("2", 23)):
        report("dmarc", identity, Line("203.0.113.7", "dkim and spf", "none", count))
    report("dmarc", "3", Line("198.51.100.0/24", "nothing", "reject", 4))
    report("tls", "4", Line("", "encrypted", "sts", 5326))
    said = page(alice)
    for words in ("203.0.113.7", ">123<", "198.51.100.0/24", "refused", "5,326", "MTA-STS", "4 reports", "1 receiver"):
        assert words in said, words


def test_each_reporters_signature_is_shown_and_what_is_not_signed_is_believed_less(alice):
    report("dmarc", "1", Line("203.0.113.7", "dkim", "none", 100))
    report("dmarc", "2", Line("203.0.113.7", "dkim", "none", 23), worth="unsigned", by="")
    report("dmarc", "3", Line("203.0.113.9", "dkim", "none", 5), worth="foreign", by="elsewhere.example")
    said = page(alice)
    for words in (
        "signed by mailbox.example<", "not signed: believe it less", "signed by elsewhere.example, which is not whom",
        ">123 <", "23 of them by reports that are not signed",
    ):  # fmt: skip
        assert words in said, words


def test_tls_reports_without_a_signature_are_not_counted_and_the_page_says_so(alice):
    report("tls", "1", Line("", "encrypted", "sts", 5326), worth="unmeant")
    report("tls", "2", Line("", "encrypted", "sts", 4004), worth="unsigned", by="")
    said = page(alice)
    assert "5,326" in said
    assert "with a key that is not for TLS reports" in said
    assert "4,004" not in said
    assert "9,330" not in said
    assert "1 TLS report without a signature of the reporter is not counted below" in said


def test_old_reports_are_not_shown(alice):
    report("dmarc", "1", Line("203.0.113.7", "dkim", "none", 77))
    Report.objects.update(ends=timezone.now().date() - timedelta(days=31))
    assert ">77<" not in page(alice)


def test_who_wants_to_know_now_has_a_worker_look(alice, monkeypatch):
    rung = []
    monkeypatch.setattr(queue, "enqueue", lambda *words: rung.append(words))
    assert "A worker looks now" in alice.post(f"{PAGE}look", follow=True).content.decode()
    assert rung == [("upkeep.look_at_domains",)]
    assert AuditEntry.objects.get().act == "domains.look"


def test_it_is_the_operators_page(client):
    newsroom.signed_in(client, "editor")
    assert client.get(PAGE).status_code == 403
    assert client.post(f"{PAGE}look").status_code == 403
