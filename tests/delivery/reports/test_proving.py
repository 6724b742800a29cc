"""What a report is worth: who signed the mail that it came in, as receivers really sign, asked of a real name server."""

import domain_reports as written
import pytest
import signed_mail

from dispatch.delivery.reports import proving, recording
from dispatch.delivery.reports.proving import Proof
from dispatch.delivery.reputation import Report

pytestmark = pytest.mark.django_db


def dmarc(**said):
    return written.mail(written.packed(written.dmarc(written.row("203.0.113.7", 12), **said)))


def tls(**said):
    return written.mail(written.packed(written.tls(**said)), "application/tlsrpt+gzip", "report.json.gz")


def test_a_report_is_worth_its_reporters_signature(names):
    signed_mail.publish(names)
    assert proving.of(signed_mail.sign(dmarc()), "dmarc") == Proof("signed", "mailbox.example")
    assert proving.of(dmarc(), "dmarc") == Proof("unsigned")


def test_a_subdomain_of_the_reporter_signs_as_well(names):
    signed_mail.publish(names, "reports.mailbox.example")
    names.zone["_dmarc.mailbox.example"] = ["v=DMARC1; p=reject"]
    signed = signed_mail.sign(dmarc(), "reports.mailbox.example")
    assert proving.of(signed, "dmarc") == Proof("signed", "reports.mailbox.example")


def test_somebody_elses_signature_proves_nothing_about_the_reporter(names):
    signed_mail.publish(names, "elsewhere.example")
    signed = signed_mail.sign(dmarc(), "elsewhere.example")
    assert proving.of(signed, "dmarc") == Proof("foreign", "elsewhere.example")


def test_of_two_signatures_the_better_one_counts(names):
    signed_mail.publish(names)
    signed_mail.publish(names, "elsewhere.example")
    signed = signed_mail.sign(signed_mail.sign(dmarc()), "elsewhere.example")
    assert proving.of(signed, "dmarc") == Proof("signed", "mailbox.example")


def test_what_was_changed_on_the_way_or_signed_with_another_key_does_not_hold(names):
    signed_mail.publish(names)
    signed = signed_mail.sign(dmarc())
    assert proving.of(signed.replace(b"aggregate", b"false"), "dmarc") == Proof("broken")
    assert proving.of(signed.replace(b"Submitter", b"Somebody"), "dmarc") == Proof("broken")
    assert proving.of(signed_mail.sign(dmarc(), number=1), "dmarc") == Proof("broken")


def test_a_key_that_is_not_there_proves_nothing_and_a_silent_dns_is_said_to_be_silent(names):
    signed = signed_mail.sign(dmarc())
    assert proving.of(signed, "dmarc") == Proof("broken")
    names.silent.add("r._domainkey.mailbox.example")
    assert proving.of(signed, "dmarc") == Proof("unknown")


def test_a_signature_over_a_part_of_the_body_proves_nothing(names):
    signed_mail.publish(names)
    signed_mail.publish(names, service="tlsrpt")
    assert proving.of(signed_mail.sign(tls(), length=True) + b"more\r\n", "tls") == Proof("broken")
    signed_mail.publish(names)
    assert proving.of(signed_mail.sign(dmarc(), length=True), "dmarc") == Proof("broken")


def test_a_tls_report_is_to_be_signed_with_a_key_for_tls_reports(names):
    signed_mail.publish(names, service="tlsrpt")
    assert proving.of(signed_mail.sign(tls()), "tls") == Proof("signed", "mailbox.example")
    assert proving.of(signed_mail.sign(dmarc()), "dmarc") == Proof("broken"), "that key is for nothing else"
    signed_mail.publish(names)
    assert proving.of(signed_mail.sign(tls()), "tls") == Proof("unmeant", "mailbox.example")


@pytest.mark.parametrize(
    "header",
    [b"v=1", b"v=1; a=rsa-sha256; d=; s=; h=; bh=; b=", b"\xff\xfe", b"v=1; a=md5; d=x; s=y; h=from; bh=aa; b=aa", b""],
)
def test_nonsense_in_place_of_a_signature_is_a_broken_one(names, header):
    assert proving.of(b"DKIM-Signature: " + header + b"\r\n" + dmarc(), "dmarc") == Proof("broken")


def test_a_mail_from_two_is_from_nobody(names):
    signed_mail.publish(names)
    signed = signed_mail.sign(b"From: other@elsewhere.example\r\n" + dmarc())
    assert proving.of(signed, "dmarc").worth in {"foreign", "broken"}


def test_a_report_is_kept_with_what_it_is_worth_and_none_is_refused(newsletter, names):
    newsletter.from_address = "news@news.example.org"
    newsletter.save()
    signed_mail.publish(names)
    assert recording.take(signed_mail.sign(dmarc(identity="1")))
    assert recording.take(dmarc(identity="2"))
    assert recording.take(tls())
    assert list(Report.objects.order_by("pk").values_list("kind", "worth", "signed_by")) == [
        ("dmarc", "signed", "mailbox.example"),
        ("dmarc", "unsigned", ""),
        ("tls", "unsigned", ""),
    ]
