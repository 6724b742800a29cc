"""What comes back after a message was accepted: bounces and complaints. Each counts once and suppresses the address.

Providers name the reader by address, which the blind index finds, and the message by the opaque half of its Message-ID, which
is made again from the reader and each recent send: nothing about a message needs to be stored.
"""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from dispatch import vault
from dispatch.audience import addresses, leaving
from dispatch.audience.models import Subscriber, Subscription, Suppression
from dispatch.delivery import ledger, personalizing, statements
from dispatch.delivery.models import DeliveryException, Send

RECENT = timedelta(days=7)
"""After that a send's exceptions are forgotten: what comes later only suppresses."""

SUPPRESSING = {DeliveryException.State.BOUNCED: Suppression.Reason.BOUNCED}
SUPPRESSING[DeliveryException.State.COMPLAINED] = Suppression.Reason.COMPLAINED


def record(send: int, subscriber: int, state: str, code: str = "") -> None:
    """A hard bounce or a complaint about one message. The same again changes nothing."""
    with transaction.atomic():
        statements.execute("came_back", state=state, code=code[:20], send=send, reader=subscriber)
        suppress(subscriber, SUPPRESSING[DeliveryException.State(state)])


def record_of(address: str, mark: str, state: str, code: str = "") -> bool:
    """The same, told by address and by the opaque half of a Message-ID. Without that (MailerSend keeps nothing of ours) it is
    taken for the reader's latest message. False: no reader of ours.
    """
    subscriber = reader_of(address)
    if subscriber is None:
        return False
    send = send_of(subscriber, mark)
    if send is None:
        suppress(subscriber, SUPPRESSING[DeliveryException.State(state)])
    else:
        record(send, subscriber, state, code)
    return True


def reader_of(address: str) -> int | None:
    """The reader whose address it is; None for a stranger's, and for what is no address."""
    try:
        index = vault.blind_index(addresses.unique_form(address))
    except addresses.Malformed:
        return None
    return Subscriber.objects.filter(address_index=index).values_list("pk", flat=True).first()


def send_of(subscriber: int, mark: str) -> int | None:
    """The recent send whose letter to the reader has this mark; without a mark, the latest that they got."""
    recent = Send.objects.filter(started_at__gte=timezone.now() - RECENT).order_by("-pk").values_list("pk", flat=True)
    if mark:
        return next((send for send in recent if personalizing.mark(send, subscriber) == mark), None)
    return next((send for send in recent if ledger.fate(send, subscriber) == "sent"), None)


def suppress(subscriber: int, reason: str) -> None:
    """Write to this reader no more; who complained has left, too, and is forgotten as everyone who leaves."""
    if reason == Suppression.Reason.COMPLAINED:
        for subscription in Subscription.objects.filter(subscriber=subscriber):
            leaving.leave(subscription)
    for index in Subscriber.objects.filter(pk=subscriber).values_list("address_index", flat=True):
        Suppression.objects.get_or_create(address_index=index, defaults={"reason": reason})
