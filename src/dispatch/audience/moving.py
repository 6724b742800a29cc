"""A reader moves to another address, once both mailboxes agree."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from dispatch import queue, vault
from dispatch.audience import addresses, leaving, letters
from dispatch.audience.models import Change, Letter, Subscriber, Subscription, Suppression

Kind = Letter.Kind
VALID = timedelta(hours=72)


@transaction.atomic
def ask(reader: Subscriber, letter: Letter, address: str) -> None:
    """Keep the new address and have a worker write to both mailboxes; what was asked before is off.

    Raises addresses.Malformed.
    """
    plain = addresses.parse(address)
    reader.letters.filter(kind__in=[Kind.OLD_ADDRESS, Kind.NEW_ADDRESS]).update(expires_at=timezone.now())
    values = {
        "address": vault.seal(plain, f"change:{reader.pk}:address"),
        "address_index": vault.blind_index(addresses.unique_form(plain)),
        "newsletter": letter.newsletter,
        "language": letter.language,
        "is_told": False,
        "old_agreed_at": None,
        "new_agreed_at": None,
        "expires_at": timezone.now() + VALID,
    }
    change, _ = Change.objects.update_or_create(subscriber=reader, defaults=values)
    queue.enqueue("upkeep.tell_both", change.pk)


@transaction.atomic
def tell_both(number: int) -> None:
    """Write to the old mailbox and the new one; once. A mailbox that has had its letter of the day gets none."""
    change = Change.objects.select_for_update().select_related("subscriber").filter(pk=number, is_told=False).first()
    if change is None:
        return
    reader = change.subscriber
    old = vault.unseal(bytes(reader.address), f"subscriber:{reader.pk}:address")
    for kind, address, index in (
        (Kind.OLD_ADDRESS, old, bytes(reader.address_index)),
        (Kind.NEW_ADDRESS, _new_address(change), bytes(change.address_index)),
    ):
        if letters.may_write(index, kind):
            letters.write(kind, change.newsletter, change.language, address, subscriber=reader)
    change.is_told = True
    change.save(update_fields=["is_told"])


def untold() -> list[int]:
    """Changes whose doorbell was lost."""
    return list(Change.objects.filter(is_told=False).values_list("pk", flat=True)[:100])


@transaction.atomic
def agree(letter: Letter) -> bool:
    """One of both mailboxes says yes; the second yes moves the reader. False: there is nothing to agree to (any more)."""
    leaving.hold_the_door()
    change = _change_of(letter)
    if change is None:
        return False
    field = "old_agreed_at" if letter.kind == Kind.OLD_ADDRESS else "new_agreed_at"
    setattr(change, field, timezone.now())
    change.save(update_fields=[field])
    Letter.objects.filter(pk=letter.pk).update(used_at=timezone.now())
    if change.old_agreed_at and change.new_agreed_at:
        _move(change)
    return True


def forget() -> None:
    """What was not agreed to in time."""
    Change.objects.filter(expires_at__lt=timezone.now()).delete()


def _change_of(letter: Letter) -> Change | None:
    """The change that this very letter speaks of."""
    open_ones = Change.objects.select_for_update(of=("self",)).select_related("subscriber")
    change = open_ones.filter(subscriber=letter.subscriber_id, expires_at__gt=timezone.now()).first()
    if change is None:
        return None
    whose = change.address_index if letter.kind == Kind.NEW_ADDRESS else change.subscriber.address_index
    return change if bytes(whose) == bytes(letter.address_index) else None


def _move(change: Change) -> None:
    """The old address is forgotten at once, with a tombstone so that an old list does not bring it back."""
    reader, address = change.subscriber, _new_address(change)
    left_behind, index = bytes(reader.address_index), bytes(change.address_index)
    other = Subscriber.objects.filter(address_index=index).exclude(pk=reader.pk).first()
    if other:
        _join(reader, other)
    else:
        reader.address = vault.seal(address, f"subscriber:{reader.pk}:address")
        reader.address_index, reader.provider_class = index, addresses.provider_class(address)
        reader.save(update_fields=["address", "address_index", "provider_class"])
        change.delete()
    Suppression.objects.filter(address_index=index).delete()
    if left_behind != index:
        leaving.bury([left_behind])


def _join(reader: Subscriber, other: Subscriber) -> None:
    """Both addresses read here and both agreed: who had the new one all along takes over what only the old one had."""
    gone = Q(newsletter__in=other.subscriptions.values("newsletter"))
    Subscription.objects.filter(subscriber=reader).exclude(gone).update(subscriber=other)
    reader.delete()


def _new_address(change: Change) -> str:
    return vault.unseal(bytes(change.address), f"change:{change.subscriber_id}:address")
