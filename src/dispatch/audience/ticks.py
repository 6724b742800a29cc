"""What the clock repeats for the audience."""

from datetime import timedelta

from django.utils import timezone

from dispatch import clock, queue
from dispatch.audience import moving, signing_up
from dispatch.audience.models import Import, SignUp, Subscriber, Suppression, Wish


@clock.tick("forget who left", every=60)
def forget_who_left() -> None:
    """Ring for those who left more than a day ago."""
    queue.enqueue("upkeep.forget_who_left")


@clock.tick("forget finished imports", every=3600)
def forget_imports() -> None:
    """Nothing goes on from them any more, and the audit log says that they were."""
    Import.objects.filter(finished_at__lt=timezone.now() - timedelta(days=30)).delete()


@clock.tick("let tombstones expire", every=3600)
def expire_tombstones() -> None:
    """A tombstone goes when its time is over."""
    Suppression.objects.filter(expires_at__lt=timezone.now()).delete()


@clock.tick("take sign-ups", every=2)
def take_sign_ups() -> None:
    """Ring for forms whose doorbell was lost, or whose network's hour has passed."""
    if SignUp.objects.filter(not_before__lte=timezone.now()).exists():
        queue.enqueue("upkeep.take_sign_ups")


@clock.tick("write to those who wait", every=60)
def tell_the_held() -> None:
    """Ring for wishes that came when their mailbox had had its letter of the day, and for a list's in their turn."""
    if Wish.objects.filter(is_told=False, not_before__lte=timezone.now()).exists():
        queue.enqueue("upkeep.tell_the_held")


@clock.tick("forget stale sign-ups", every=600)
def forget_sign_ups() -> None:
    """What nobody confirmed."""
    signing_up.forget()
    moving.forget()


@clock.tick("ring for changed addresses", every=10)
def tell_both() -> None:
    """Changes of address whose doorbell was lost."""
    for number in moving.untold():
        queue.enqueue("upkeep.tell_both", number)


@clock.tick("look at readers' keys", every=3600)
def look_at_keys() -> None:
    """Ring where anybody has one."""
    if Subscriber.objects.filter(openpgp__isnull=False).exists():
        queue.enqueue("upkeep.look_at_keys")
