"""What comes back after a message was accepted: bounces and complaints. Each counts once and suppresses the address.

Providers name the reader by address, which the blind index finds, and the message by the opaque half of its Message-ID, which
is made again from the reader and each recent send: nothing about a message needs to be stored.
"""

from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from dispatch import vault
from dispatch.audience import addresses
from dispatch.audience.models import Subscriber, Suppression
from dispatch.delivery import ledger, personalizing
from dispatch.delivery.models import DeliveryException, Send

RECENT = timedelta(days=7)
"""After that a send's exceptions are forgotten: what comes later only suppresses."""

SUPPRESSING = {DeliveryException.State.BOUNCED: Suppression.Reason.BOUNCED}
SUPPRESSING[DeliveryException.State.COMPLAINED] = Suppression.Reason.COMPLAINED
RECORD = """
INSERT INTO delivery_exception AS x (send_id, subscriber_id, chunk, state, code)
SELECT send_id, subscriber_id, chunk, %s, %s FROM delivery_fate
WHERE send_id = %s AND subscriber_id = %s AND fate <> 'forgotten'
ON CONFLICT (send_id, subscriber_id) DO UPDATE
SET state = excluded.state, code = excluded.code, next_attempt_at = NULL, retry_chunk = NULL
WHERE x.state <> excluded.state
"""


def record(send: int, subscriber: int, state: str, code: str = "") -> None:
    """A hard bounce or a complaint about one message. The same again changes nothing."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(RECORD, [state, code[:20], send, subscriber])
        _suppress(subscriber, state)


def record_of(address: str, mark: str, state: str, code: str = "") -> bool:
    """The same, told by address and by the opaque half of a Message-ID. Without that (MailerSend keeps nothing of ours) it is
    taken for the reader's latest message. False: no reader of ours.
    """
    try:
        index = vault.blind_index(addresses.unique_form(address))
    except addresses.Malformed:
        return False
    subscriber = Subscriber.objects.filter(address_index=index).values_list("pk", flat=True).first()
    if subscriber is None:
        return False
    send = _send_of(subscriber, mark)
    if send is None:
        _suppress(subscriber, state)
    else:
        record(send, subscriber, state, code)
    return True


def _send_of(subscriber: int, mark: str) -> int | None:
    recent = Send.objects.filter(started_at__gte=timezone.now() - RECENT).order_by("-pk").values_list("pk", flat=True)
    if mark:
        return next((send for send in recent if personalizing.mark(send, subscriber) == mark), None)
    return next((send for send in recent if ledger.fate(send, subscriber) == "sent"), None)


def _suppress(subscriber: int, state: str) -> None:
    reason = SUPPRESSING[DeliveryException.State(state)]
    for index in Subscriber.objects.filter(pk=subscriber).values_list("address_index", flat=True):
        Suppression.objects.get_or_create(address_index=index, defaults={"reason": reason})
