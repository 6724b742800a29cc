"""Each night every sending domain is looked at, and what was right and is not any more is noticed.

A domain whose name server was silent keeps what was last seen of it: nothing is known, so nothing changed.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from dispatch import hands
from dispatch.delivery import domains, rotating
from dispatch.delivery.domains import Record, Standing, ours
from dispatch.delivery.reputation import Looked

NIGHT = range(3, 6)
"""Hours in the newsroom's zone."""
ANEW, MISSED = timedelta(hours=20), timedelta(hours=30)
"""After which a look is due at night; and at any hour, where a night was missed."""
NEWS = timedelta(days=7)
"""For how long it is worth a word that something is gone which nothing depends on."""


def is_due(now: datetime) -> bool:
    """Never in a demo: its domains are nobody's."""
    if settings.DEMO or not ours.sending():
        return False
    last = looked_at()
    is_night = timezone.localtime(now).hour in NIGHT
    return (is_night and (last is None or now - last > ANEW)) or (last is not None and now - last > MISSED)


def looked_at() -> datetime | None:
    """When a look last ended."""
    found: datetime | None = Looked.objects.aggregate(last=Max("at"))["last"]
    return found


def look_at_all() -> None:
    """Look at each domain and at the addresses that mail leaves from, and keep what was seen. Done twice at once: no harm."""
    rotating.advance()
    names = ours.all_of_them()
    for domain in names:
        hands.advance()
        _keep(domain, domains.survey(domain))
    _keep("", domains.look_at_sources())
    Looked.objects.exclude(domain__in=[*names, ""]).delete()


def fallen() -> QuerySet[Looked]:
    """What stood well once and does not any more."""
    matters = Q(standing__in=[Standing.LOOK, Standing.WRONG]) | Q(fell_at__gt=timezone.now() - NEWS)
    return Looked.objects.filter(matters, fell_at__isnull=False).order_by("domain", "pk")


def _keep(domain: str, records: list[Record]) -> None:
    now = timezone.now()
    silent = {record.what for record in records if not record.is_known}
    known = {(row.what, row.host): row for row in Looked.objects.filter(domain=domain)}
    kept = [record for record in records if record.is_known or not known]
    for record in kept:
        _keep_one(domain, record, known.get((record.what, record.host)), now)
    seen = {(record.what, record.host) for record in kept}
    gone = [row.pk for key, row in known.items() if key not in seen and row.what not in silent]
    Looked.objects.filter(pk__in=gone).delete()


def _keep_one(domain: str, record: Record, before: Looked | None, now: datetime) -> None:
    is_well = record.standing is Standing.WELL
    stood = before is not None and before.well_at is not None
    fell = None if is_well or not stood else (before and before.fell_at) or now
    said = {"standing": record.standing.value, "words": record.words[:600], "todo": record.todo[:600], "at": now}
    well_at = now if is_well else before.well_at if before else None
    paste = record.paste.line() if record.paste else ""
    Looked.objects.update_or_create(
        domain=domain,
        what=record.what,
        host=record.host[:400],
        defaults={**said, "paste": paste, "well_at": well_at, "fell_at": fell},
    )
