"""Reports come by the mailbox or the intake that bounces come by, count once, and are of our own domains only."""

import asyncio
import random
import smtplib
import threading
from datetime import timedelta

import certificates
import domain_reports as written
import imap_server
import ports
import pytest

from dispatch.delivery.bounces import intake, mailboxes, reading
from dispatch.delivery.models import Ear
from dispatch.delivery.reports import recording
from dispatch.delivery.reputation import Report, ReportLine

pytestmark = pytest.mark.django_db
OURS = "203.0.113.7"


@pytest.fixture
def newsroom_domain(newsletter):
    newsletter.from_address = "news@news.example.org"
    newsletter.save()


def dmarc(**said):
    return written.mail(written.packed(written.dmarc(written.row(OURS, 12), written.row("198.51.100.23", 2), **said)))


def tls(**said):
    return written.mail(written.packed(written.tls(**said)), "application/tlsrpt+gzip", "report.json.gz")


@pytest.fixture
def server(tmp_path):
    made = imap_server.Imap(certificates.make(tmp_path))
    yield made
    made.close()


def test_the_bounces_mailbox_carries_reports_as_well(newsroom_domain, server):
    box = mailboxes.save("main", f"{server.url}&after=delete")
    strange = b"Subject: Hello\r\n\r\nHello\r\n"
    server.put(dmarc(), tls(), dmarc(domain="elsewhere.example"), strange)
    assert mailboxes.ask(box.pk) == 4
    assert {(one.kind, one.domain) for one in Report.objects.all()} == {
        ("dmarc", "news.example.org"),
        ("tls", "bounces.example.org"),
    }
    assert len(server.messages) == 2, "what is not ours stays"
    assert (Ear.objects.get().heard, Ear.objects.get().refused) == (2, 2)


def test_a_report_larger_than_a_bounce_is_fetched_to_its_end(newsroom_domain, server):
    box = mailboxes.save("main", server.url)
    padding = random.Random(7).randbytes(reading.LARGEST).hex()  # does not pack well
    content = written.dmarc(written.row(OURS, 12)) + f"<!-- {padding} -->".encode()
    server.put(written.mail(written.packed(content)))
    mailboxes.ask(box.pk)
    assert ReportLine.objects.get().count == 12


def test_a_report_counts_once_whichever_way_it_comes(newsroom_domain):
    assert recording.take(dmarc()) is True
    assert recording.take(dmarc()) is True
    assert recording.take(
        written.mail(written.zipped(written.dmarc(written.row(OURS, 99))), "application/zip", "a.zip")
    )
    assert [line.count for line in ReportLine.objects.order_by("pk")] == [12, 2]
    recording.take(dmarc(identity="2"))
    assert Report.objects.count() == 2


def test_nothing_of_a_person_is_kept(newsroom_domain):
    recording.take(dmarc())
    recording.take(tls())
    kept = str([*Report.objects.values(), *ReportLine.objects.values()])
    for secret in ("198.51.100.23", "2001:db8:abcd:12::1", "dmarc@mailbox.example", "tls@mailbox.example"):
        assert secret not in kept
    assert "198.51.100.0/24" in kept


def test_a_report_about_a_domain_above_is_ours(newsroom_domain):
    assert recording.take(dmarc(domain="example.org")) is True
    assert recording.take(dmarc(domain="org")) is False


def test_what_is_none_of_ours_or_cannot_be_read_is_told_apart(newsroom_domain):
    assert recording.take(written.mail(b"x", "application/pdf", "a.pdf")) is None
    assert recording.take(written.mail(b"<feedback>")) is False
    assert recording.take(dmarc(domain="elsewhere.example")) is False
    assert not Report.objects.exists()


def test_strangers_cannot_fill_the_database(newsroom_domain, monkeypatch):
    monkeypatch.setattr(recording, "MOST_A_DAY", 2)
    for number in range(4):
        recording.take(dmarc(identity=str(number)))
    assert Report.objects.count() == 2


def test_old_reports_are_forgotten_with_their_lines(newsroom_domain):
    recording.take(dmarc())
    recording.forget_old()
    assert Report.objects.exists()
    Report.objects.update(ends=written.NOW.date() - timedelta(days=91))
    recording.forget_old()
    assert not ReportLine.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_intake_takes_reports_at_their_address(newsroom_domain):
    where, loop, stopping = f"127.0.0.1:{ports.free()}", asyncio.new_event_loop(), asyncio.Event()
    running = threading.Thread(target=loop.run_until_complete, args=(intake.serve(where, "smtp", stopping),))
    running.start()
    try:
        assert bring(where, "reports@bounces.example.org", dmarc()) == 250
        assert bring(where, "reports@example.org", dmarc()) == 550
        assert Report.objects.get().lines.count() == 2
    finally:
        loop.call_soon_threadsafe(stopping.set)
        running.join(60)
        loop.close()
    assert Ear.objects.get(way="intake").heard == 1


def bring(where, to, raw):
    for _ in range(600):
        try:
            with smtplib.SMTP(*where.split(":"), local_hostname="localhost", timeout=120) as client:
                client.ehlo()
                client.docmd("MAIL FROM:<>")
                told = client.docmd(f"RCPT TO:<{to}>")
                return told[0] if told[0] != 250 else client.data(raw)[0]
        except ConnectionRefusedError:
            threading.Event().wait(0.1)
    raise AssertionError("it does not listen")
