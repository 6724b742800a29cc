"""What the clock does for editions."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from dispatch import clock, queue
from dispatch.audience import rhythms
from dispatch.audience.models import Newsletter, Rhythm, Subscription
from dispatch.editions import departures, lateness, pictures, planning
from dispatch.editions.models import OWN, Edition

PATIENCE = timedelta(seconds=5)
"""How long a doorbell may go unheard before it is rung again."""

SOONEST = timedelta(minutes=1)
"""When an edition for readers' own rhythms that could not be rendered is tried again."""


@clock.tick("ring due editions", every=1)
def ring_due() -> None:
    """Close digests whose slot has come; ring for them, and again for what nobody has rendered since. What is found hours
    late waits for a person instead."""
    lateness.put_by()
    now = timezone.now()
    come = Q(state=Edition.State.GATHERING, due_at__lte=now)
    unheard = Q(state=Edition.State.DUE) & (Q(rung_at=None) | Q(rung_at__lte=now - PATIENCE))
    due = Edition.objects.filter(come | unheard, newsletter__active=True).order_by("due_at")
    ids = list(due.select_for_update(skip_locked=True, of=["self"]).values_list("id", flat=True)[:100])
    Edition.objects.filter(id__in=ids).update(state=Edition.State.DUE, rung_at=now)
    for edition_id in ids:
        queue.enqueue("editions.render_edition", edition_id)


@clock.tick("let readers' own letters leave", every=1)
def depart() -> None:
    """Begin an edition for those whose own moment has come, one a newsletter at a time."""
    now = timezone.now()
    due = Rhythm.objects.filter(due_at__lte=now, subscription__state=Subscription.State.ACTIVE)
    under_way = Edition.objects.filter(
        slot__startswith=OWN,
        enlisted_at=None,
        state__in=[Edition.State.DUE, Edition.State.RENDERED, Edition.State.FAILED],
    )  # one that failed is tried again, and takes along whoever is due by then
    waiting = Newsletter.objects.filter(pk__in=due.values("subscription__newsletter"), active=True)
    for newsletter in waiting.exclude(pk__in=under_way.values("newsletter")):
        slot = f"{OWN}{now:%Y-%m-%dT%H:%M:%S}"
        values = {"state": Edition.State.DUE, "due_at": now, "rung_at": now}
        edition, is_new = Edition.objects.get_or_create(newsletter=newsletter, slot=slot, defaults=values)
        if is_new:
            queue.enqueue("editions.render_edition", edition.pk)


@clock.tick("try readers' own letters again", every=1)
def depart_again() -> None:
    """Of editions for readers' own rhythms that failed: after a minute, after as long again as each has failed, and at once
    (a minute apart) when somebody else's moment has come, since what they are owed may be fine."""
    now = timezone.now()
    failed = Edition.objects.filter(slot__startswith=OWN, state=Edition.State.FAILED, newsletter__active=True)
    for edition in failed.select_for_update(skip_locked=True, of=["self"]):
        asked_at = edition.rung_at or edition.created_at
        since = Rhythm.objects.filter(
            subscription__newsletter=edition.newsletter_id, due_at__gt=edition.due_at, due_at__lte=now
        )
        patience = min(max(asked_at - edition.created_at, SOONEST), departures.HELD)
        if now >= asked_at + (SOONEST if since.exists() else patience):
            planning.leave_again(edition, now)


@clock.tick("give readers their rhythms", every=60)
def settle() -> None:
    """Those who came by a list, or whose newsletter's cadence changed."""
    for newsletter in Newsletter.objects.filter(active=True):
        rhythms.settle(newsletter)


@clock.tick("forget pictures", every=3600)
def forget_pictures() -> None:
    """Those that no letter holds any more."""
    pictures.forget()
