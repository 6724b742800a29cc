"""Leaving: mail stops at once, undone for a day, then the person is forgotten."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from dispatch.audience.models import Subscriber, Subscription, Suppression

UNDO = timedelta(hours=24)
TOMBSTONE = timedelta(days=365)


def leave(subscription: Subscription) -> None:
    """Stop this newsletter for this reader, now. Doing it again changes nothing."""
    Subscription.objects.filter(pk=subscription.pk, state=Subscription.State.ACTIVE).update(
        state=Subscription.State.LEFT, left_at=timezone.now()
    )


def come_back(subscription: Subscription) -> bool:
    """Undo within the day; False when it is too late or nothing was left."""
    changed = Subscription.objects.filter(
        pk=subscription.pk, state=Subscription.State.LEFT, left_at__gt=timezone.now() - UNDO
    ).update(state=Subscription.State.ACTIVE, left_at=None)
    return changed == 1


def forget_who_left(limit: int = 1000) -> int:
    """Erase readers whose every subscription ended more than a day ago; a tombstone keeps old lists from reviving them."""
    kept = Subscription.objects.filter(state=Subscription.State.ACTIVE) | Subscription.objects.filter(
        left_at__gt=timezone.now() - UNDO
    )
    gone = Subscriber.objects.filter(subscriptions__isnull=False).exclude(pk__in=kept.values("subscriber"))
    gone = Subscriber.objects.filter(pk__in=list(gone.values_list("pk", flat=True).distinct()[:limit]))
    with transaction.atomic():
        indexes = list(gone.select_for_update().values_list("address_index", flat=True))
        expires = timezone.now() + TOMBSTONE
        Suppression.objects.bulk_create(
            [Suppression(address_index=i, reason=Suppression.Reason.ERASED, expires_at=expires) for i in indexes],
            ignore_conflicts=True,
        )
        gone.delete()
        ended = Subscription.objects.filter(state=Subscription.State.LEFT, left_at__lte=timezone.now() - UNDO)
        ended.delete()
    return len(indexes)
