"""Readers whose OpenPGP key runs out: they are told by a letter with a link, since nothing else would reach them then."""

from datetime import timedelta

from django.utils import timezone

from dispatch import vault
from dispatch.audience import letters, preferences
from dispatch.audience.models import Letter, Subscriber, Subscription

AHEAD = timedelta(days=14)


def tell_owners() -> int:
    """Write to each whose key cannot be used any more, or soon, once a month at most. To how many."""
    told_lately = Letter.objects.filter(
        kind=Letter.Kind.KEY, subscriber__isnull=False, written_at__gt=timezone.now() - letters.MONTH
    )
    owners = Subscriber.objects.filter(openpgp__isnull=False).exclude(pk__in=told_lately.values("subscriber"))
    return sum(_tell(reader) for reader in owners.order_by("pk").iterator(200) if _runs_out(reader))


def _runs_out(reader: Subscriber) -> bool:
    key = preferences.key(reader)
    return key is not None and bool(key.trouble or (key.ends and key.ends < timezone.now() + AHEAD))


def _tell(reader: Subscriber) -> bool:
    reads = reader.subscriptions.filter(state=Subscription.State.ACTIVE).select_related("newsletter").first()
    if reads is not None:
        address = vault.unseal(bytes(reader.address), f"subscriber:{reader.pk}:address")
        letters.write(Letter.Kind.KEY, reads.newsletter, reads.language, address, subscriber=reader)
    return reads is not None
