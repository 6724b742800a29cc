"""Leaving: mail stops at once; for a day the reader's own mailbox can undo it; then the person is forgotten."""

from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from dispatch.audience import departed, letters
from dispatch.audience.models import Change, Letter, Subscriber, Subscription, Suppression, Wish

UNDO = timedelta(hours=24)
TOMBSTONE = timedelta(days=365)
DOOR = 0x646F6F72  # "door": the advisory lock between imports and erasure


def leave(subscription: Subscription) -> None:
    """Stop this newsletter for this reader, now. Doing it again changes nothing."""
    Subscription.objects.filter(pk=subscription.pk, state=Subscription.State.ACTIVE).update(
        state=Subscription.State.LEFT, left_at=timezone.now()
    )


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
    departed.count(indexes)
    Subscriber.objects.filter(pk__in=indexes).delete()
    bury([bytes(index) for index in indexes.values()])
    return len(indexes)


@transaction.atomic
def erase(index: bytes) -> bool:
    """Forget the address of this blind index now, whatever its reader still reads. False: nothing of it was kept."""
    hold_the_door()
    kept = (Subscriber, Change, Wish, Letter)
    found = [kind.objects.filter(address_index=index).exists() for kind in kept]
    if any(found):
        Subscriber.objects.filter(address_index=index).delete()
        Change.objects.filter(address_index=index).delete()
        bury([index])
    return any(found)


def bury(indexes: list[bytes]) -> None:
    """Leave nothing of erased addresses but a tombstone."""
    expires = timezone.now() + TOMBSTONE
    Suppression.objects.bulk_create(
        [Suppression(address_index=index, reason=Suppression.Reason.ERASED, expires_at=expires) for index in indexes],
        ignore_conflicts=True,
    )
    letters.forget_those_to(indexes)


def _door_is_free() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [DOOR])
        return bool(cursor.fetchone()[0])
