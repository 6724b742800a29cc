"""What the clock repeats for the audience."""

from django.utils import timezone

from dispatch import clock, queue
from dispatch.audience.models import Suppression


@clock.tick("forget who left", every=60)
def forget_who_left() -> None:
    """Ring for those who left more than a day ago."""
    queue.enqueue("upkeep.forget_who_left")


@clock.tick("let tombstones expire", every=3600)
def expire_tombstones() -> None:
    """A tombstone goes when its time is over."""
    Suppression.objects.filter(expires_at__lt=timezone.now()).delete()
