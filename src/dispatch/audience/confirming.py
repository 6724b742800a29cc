"""A mailbox says yes: what was asked for with its address becomes subscriptions."""

import secrets

from django.db import transaction
from django.utils import timezone

from dispatch import vault
from dispatch.audience import addresses, leaving, rhythms, signing_up
from dispatch.audience.models import Letter, Newsletter, Subscriber, Subscription, Suppression, Wish

SOURCE = "form, confirmed by mail"


def asked_for(letter: Letter) -> list[Wish]:
    """What this letter's link would confirm."""
    waiting = Wish.objects.filter(address_index=letter.address_index, expires_at__gt=timezone.now())
    return list(waiting.select_related("newsletter").order_by("newsletter__slug"))


@transaction.atomic
def confirm(letter: Letter) -> bool:
    """Subscribe to everything asked for with this address. Again: changes nothing. False: there was nothing (any more)."""
    leaving.hold_the_door()
    wishes = asked_for(letter)
    for wish in wishes:
        subscribe(_reader(wish), wish.newsletter, wish.language, topics=list(wish.topics), source=SOURCE)
    if wishes:
        Suppression.objects.filter(address_index=letter.address_index).delete()
        Wish.objects.filter(pk__in=[wish.pk for wish in wishes]).delete()
        Letter.objects.filter(pk=letter.pk).update(used_at=timezone.now())
    return bool(wishes)


def subscribe(
    reader: Subscriber,
    newsletter: Newsletter,
    language: str,
    *,
    topics: list[str],
    source: str,
    second: str = "",
    frequency: str = "",
    wishes: rhythms.Wishes | None = None,
) -> Subscription:
    """A subscription with these wishes, made or taken up again; the tokens in earlier mails go on working.

    Without `wishes` those that the reader has stay.
    """
    found = Subscription.objects.filter(subscriber=reader, newsletter=newsletter).first()
    one = found or Subscription(subscriber=reader, newsletter=newsletter, handle=secrets.token_bytes(8))
    if found is None or found.state == Subscription.State.LEFT:
        one.consented_at, one.consent_source = timezone.now(), source
    is_back = one.state == Subscription.State.LEFT
    one.language, one.second_language, one.topics, one.frequency = language, second, topics, frequency
    one.state, one.left_at = Subscription.State.ACTIVE, None
    one.save()
    rhythms.follow(one, wishes or rhythms.wishes_of(reader), anew=is_back)
    return one


def _reader(wish: Wish) -> Subscriber:
    found = Subscriber.objects.filter(address_index=wish.address_index).first()
    if found:
        return found
    address = signing_up.address_of(wish)
    reader = Subscriber.objects.create(
        address=b"", address_index=wish.address_index, provider_class=addresses.provider_class(address)
    )
    reader.address = vault.seal(address, f"subscriber:{reader.pk}:address")
    reader.save(update_fields=["address"])
    return reader
