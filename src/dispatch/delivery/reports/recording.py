"""What receivers report about mail in our name, and to us: each report once, of our own domains only, for so many days.

Whoever writes to the address may make things up. So nothing follows by itself from what is read here; people look at it.
"""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from dispatch import vault
from dispatch.delivery import verp
from dispatch.delivery.domains import asking, dmarc, ours, sources
from dispatch.delivery.reports import dmarc as dmarc_reports
from dispatch.delivery.reports import proving, tls, unpacking
from dispatch.delivery.reports.told import Told, Unreadable
from dispatch.delivery.reputation import Report, ReportLine

KEPT = timedelta(days=90)
MOST_A_DAY = 500
"""New reports; receivers send one a day and domain each."""
NAME = "reports"
"""The readable address of reports, beside the one for complaints."""


def is_address(address: str) -> bool:
    """Whether reports are to come there."""
    local, _, domain = address.lower().rpartition("@")
    return local == NAME and domain in verp.domains()


def take(raw: bytes) -> bool | None:
    """Record what a mail carries; committed when this returns. None: it carries no report. False: none about us, or none that
    can be read."""
    try:
        texts = list(unpacking.reports(raw))
        found = [told for text in texts for told in read(text)]
    except Unreadable:
        return False
    if not texts:
        return None
    about_us = [told for told in found if _is_about_us(told)]
    if about_us:
        proof = proving.of(raw, about_us[0].kind)
        for told in about_us:
            keep(told, proof)
    return bool(about_us)


def read(text: bytes) -> list[Told]:
    """Raises told.Unreadable."""
    if text.lstrip()[:1] == b"{":
        return tls.read(text)
    try:
        addresses = frozenset(sources.known().addresses)
    except asking.Silent:
        addresses = frozenset()
    return [dmarc_reports.read(text, addresses)]


@transaction.atomic
def keep(told: Told, proof: proving.Proof) -> bool:
    """False: it is known, or there are too many today; nothing is changed."""
    key = f"{told.kind}\x00{told.reporter.lower()}\x00{told.identity}\x00{told.domain}"
    today = timezone.now().date()
    if told.ends < today - KEPT or told.ends > today + timedelta(days=2):
        return False
    if Report.objects.filter(taken_on=today).count() >= MOST_A_DAY:
        return False
    report, is_new = Report.objects.get_or_create(
        digest=vault.mac("domain report", key.encode())[:16],
        defaults={
            "kind": told.kind,
            "reporter": told.reporter,
            "domain": told.domain,
            "begins": told.begins,
            "ends": told.ends,
            "taken_on": today,
            "worth": proof.worth,
            "signed_by": proof.by,
        },
    )
    if is_new:
        ReportLine.objects.bulk_create(
            ReportLine(report=report, source=one.source, result=one.result, treated=one.treated, count=one.count)
            for one in told.lines
        )
    return is_new


def forget_old() -> None:
    """Reports of long ago."""
    Report.objects.filter(ends__lt=timezone.now().date() - KEPT).delete()


def _is_about_us(told: Told) -> bool:
    """A report comes about the domain whose record asked for it: one of ours, or one above it."""
    names = {*ours.sending(), *verp.domains()}
    return told.domain in names or any(told.domain in dmarc.upwards(name) for name in names)
