"""Mail that is found hours late waits for a person: after an outage, or where an old database was brought back, nothing
leaves as if its moment were now."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from dispatch import queue, timetable
from dispatch.accounts import audit
from dispatch.accounts.models import User
from dispatch.audience.models import Newsletter
from dispatch.editions.models import OWN, Edition, EditionStory

State = Edition.State
WORDS = "Its moment passed, and nothing is sent hours late by itself."


def put_by() -> int:
    """Editions whose moment passed while nobody worked on them. How many. Letters by readers' own rhythms leave late: each
    brings all that its reader is owed, once."""
    limit = timezone.now() - timedelta(seconds=settings.EDITION_LATE)
    unrung = Q(rung_at=None) | Q(rung_at__lt=limit)
    slept = Q(state=State.GATHERING) | (Q(state=State.DUE) & unrung) | Q(state=State.RENDERED, rendered_at__lt=limit)
    found = Edition.objects.filter(slept, due_at__lt=limit, enlisted_at=None, newsletter__active=True)
    late = list(found.exclude(slot__startswith=OWN).select_for_update(skip_locked=True, of=["self"])[:100])
    return Edition.objects.filter(pk__in=[one.pk for one in late]).update(state=State.LATE, trouble=WORDS)


def send_now(edition_id: int, by: User, reason: str) -> bool:
    """Let a late one leave. False: somebody decided before."""
    with transaction.atomic():
        edition = _locked(edition_id)
        if edition is None:
            return False
        now = timezone.now()
        is_rendered = edition.variants.exists()
        state = State.RENDERED if is_rendered else State.DUE
        fresh = {"rung_at": now, "rendered_at": now if is_rendered else None, "attempts": 0, "trouble": ""}
        Edition.objects.filter(pk=edition.pk).update(state=state, **fresh)
        audit.record(by, "edition.send_now", f"edition:{edition_id}", f"late: {reason}"[:300])
        queue.enqueue("email.enlist" if is_rendered else "editions.render_edition", edition_id)
    return True


def leave_out(edition_id: int, by: User, reason: str) -> bool:
    """It is not mailed, and its stories count as told. False: somebody decided before."""
    with transaction.atomic():
        edition = _locked(edition_id)
        if edition is not None:
            Edition.objects.filter(pk=edition.pk).update(state=State.WITHDRAWN, trouble="It was late, and left out.")
            audit.record(by, "edition.leave_out", f"edition:{edition_id}", f"late: {reason}"[:300])
    return edition is not None


def with_the_next(edition_id: int, by: User, reason: str) -> bool:
    """Its stories leave with the newsletter's next digest. False: somebody decided before, or it has no digests."""
    with transaction.atomic():
        edition = _locked(edition_id)
        if edition is None or edition.newsletter.cadence == Newsletter.Cadence.EACH or edition.is_of_a_story:
            return False
        following = _next(edition.newsletter)
        if following is None:
            return False
        EditionStory.objects.filter(edition=edition).update(edition=following)
        Edition.objects.filter(pk=edition.pk).update(
            state=State.WITHDRAWN, trouble="It was late; the next one brings it."
        )
        audit.record(by, "edition.with_the_next", f"edition:{edition_id}", f"late: {reason}"[:300])
    return True


def _locked(edition_id: int) -> Edition | None:
    late = Edition.objects.select_for_update(of=("self",)).select_related("newsletter").filter(state=State.LATE)
    return late.filter(pk=edition_id).first()


def _next(newsletter: Newsletter) -> Edition | None:
    """The digest that gathers now, or that of the next departure."""
    weekday = newsletter.weekday if newsletter.cadence == Newsletter.Cadence.WEEKLY else None
    departure = timetable.next_departure(timezone.now(), newsletter.at, newsletter.zone, weekday=weekday)
    fresh = {"state": State.GATHERING, "due_at": departure.at}
    edition, _ = Edition.objects.get_or_create(newsletter=newsletter, slot=departure.day.isoformat(), defaults=fresh)
    return edition if edition.state == State.GATHERING else None
