"""What the clock does for editions."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from dispatch import clock, queue
from dispatch.editions.models import Edition

PATIENCE = timedelta(seconds=5)
"""How long a doorbell may go unheard before it is rung again."""


@clock.tick("ring due editions", every=1)
def ring_due() -> None:
    """Close digests whose slot has come; ring for them, and again for what nobody has rendered since."""
    now = timezone.now()
    come = Q(state=Edition.State.GATHERING, due_at__lte=now)
    unheard = Q(state=Edition.State.DUE) & (Q(rung_at=None) | Q(rung_at__lte=now - PATIENCE))
    due = Edition.objects.filter(come | unheard, newsletter__active=True).order_by("due_at")
    ids = list(due.select_for_update(skip_locked=True, of=["self"]).values_list("id", flat=True)[:100])
    Edition.objects.filter(id__in=ids).update(state=Edition.State.DUE, rung_at=now)
    for edition_id in ids:
        queue.enqueue("editions.render_edition", edition_id)
