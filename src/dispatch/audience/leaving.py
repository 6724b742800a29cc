"""Leaving: mail stops at once, undone for a day, then the person is forgotten."""

from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from dispatch.audience.models import Subscriber, Subscription, Suppression

UNDO = timedelta(hours=24)
TOMBSTONE = timedelta(days=365)
DOOR = 0x646F6F72  # "door": the advisory lock between imports and erasure


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


def hold_the_door() -> None:
    """Until this transaction ends nobody is erased and no other import runs: what one looks up, the other would change."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [DOOR])


@transaction.atomic
def forget_who_left(limit: int = 1000) -> int:
    """Erase readers whose every subscription ended more than a day ago; a tombstone keeps old lists from reviving them.

    Who still reads another newsletter is kept, and so is that they left this one. While an import runs nobody is erased.
    """
    if not _door_is_free():
        return 0
    too_late = timezone.now() - UNDO
    theirs = Subscription.objects.filter(subscriber=OuterRef("pk"))
    here = theirs.filter(Q(state=Subscription.State.ACTIVE) | Q(left_at__gt=too_late))
    ended = Subscription.objects.filter(state=Subscription.State.LEFT, left_at__lte=too_late).values("subscriber")
    gone = Subscriber.objects.filter(~Exists(here), pk__in=ended).select_for_update()[:limit]
    indexes = {reader.pk: reader.address_index for reader in gone}
    expires = timezone.now() + TOMBSTONE
    Suppression.objects.bulk_create(
        [Suppression(address_index=i, reason="erased", expires_at=expires) for i in indexes.values()],
        ignore_conflicts=True,
    )
    Subscriber.objects.filter(pk__in=indexes).delete()
    return len(indexes)


def _door_is_free() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [DOOR])
        return bool(cursor.fetchone()[0])
