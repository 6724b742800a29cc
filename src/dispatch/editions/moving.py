"""A digest that gathers is moved to another moment by somebody who sees where it stood: not if that is true no longer, and
beside another mailing, or before a picked story may be told, only on purpose."""

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from dispatch import timetable
from dispatch.accounts import audit
from dispatch.accounts.models import User
from dispatch.articles import embargo
from dispatch.articles.models import Story
from dispatch.audience.models import Newsletter
from dispatch.editions.models import OWN, Edition

State = Edition.State
FARTHEST = 31
"""Days ahead."""
NEAR = timedelta(hours=1)
"""Two letters of a newsletter within less look like a mistake to its readers."""
UNMAILED = (State.DRAFT, State.EMPTY, State.WITHDRAWN, State.FAILED)


class Moved(enum.Enum):
    """What came of it; all but DONE changed nothing."""

    DONE = enum.auto()
    CHANGED = enum.auto()  # somebody moved it, or it does not gather any more, since it was looked at
    OVER = enum.auto()  # that moment is over
    FAR = enum.auto()  # more than FARTHEST days ahead


@dataclass(frozen=True)
class Doubt:
    """What is to be confirmed first; nothing was changed."""

    beside: datetime | None  # when its newsletter mails another edition that is near
    held: tuple[Story, ...]  # picked for it, and still under embargo at that moment: they would stay out


def may_move(edition: Edition, now: datetime | None = None) -> bool:
    """Whether it can be moved at all: a digest of the newsletter's own that gathers and is not due."""
    return edition.state == State.GATHERING and not edition.is_own and edition.due_at > (now or timezone.now())


@transaction.atomic
def move(
    edition_id: int, moment: datetime, by: User | None, reason: str, *, seen: datetime, anyway: bool = False
) -> Moved | Doubt:
    """Let it leave at another moment, for all who keep to it. `seen`: where it stood for whoever moves it; `anyway`: they
    were told of the doubt."""
    now = timezone.now()
    edition = Edition.objects.select_for_update(of=("self",)).select_related("newsletter").filter(pk=edition_id).first()
    if edition is None or not may_move(edition, now) or edition.due_at != seen:
        return Moved.CHANGED
    if moment <= now:
        return Moved.OVER
    if moment > now + timedelta(days=FARTHEST):
        return Moved.FAR
    if not anyway and (doubt := _doubt(edition, moment)):
        return doubt
    edition.due_at = moment
    edition.save(update_fields=["due_at"])
    audit.record(by, "edition.move", f"edition:{edition_id}", f"to {moment:%Y-%m-%d %H:%M} UTC. {reason}"[:300])
    return Moved.DONE


def _doubt(edition: Edition, moment: datetime) -> Doubt | None:
    picked = edition.stories.filter(is_picked=True).select_related("story").order_by("pk")
    held = tuple(place.story for place in picked if embargo.holds(place.story, moment))
    beside = _beside(edition, moment)
    return Doubt(beside, held) if held or beside else None


def _beside(edition: Edition, moment: datetime) -> datetime | None:
    """When another mailing of the newsletter leaves, or left, near that moment: one with a row, or one by its own times."""
    others = Edition.objects.filter(newsletter=edition.newsletter_id).exclude(slot__startswith=OWN)
    near = others.filter(due_at__gt=moment - NEAR, due_at__lt=moment + NEAR)
    found = near.exclude(pk=edition.pk).exclude(state__in=UNMAILED).order_by("due_at").first()
    return found.due_at if found else _departs(edition.newsletter, moment)


def _departs(newsletter: Newsletter, moment: datetime) -> datetime | None:
    """When a digest leaves near that moment that has no row yet."""
    if not newsletter.active or newsletter.cadence == Newsletter.Cadence.EACH:
        return None
    weekday = newsletter.weekday if newsletter.cadence == Newsletter.Cadence.WEEKLY else None
    departure = timetable.next_departure(moment - NEAR, newsletter.at, newsletter.zone, weekday=weekday)
    has_row = Edition.objects.filter(newsletter=newsletter, slot=departure.day.isoformat()).exists()
    return departure.at if departure.at < moment + NEAR and not has_row else None
