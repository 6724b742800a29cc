"""What comes back after a message was accepted: bounces and complaints. Each counts once and suppresses the address."""

from django.db import connection, transaction

from dispatch.audience.models import Subscriber, Suppression
from dispatch.delivery.models import DeliveryException

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
    reason = SUPPRESSING[DeliveryException.State(state)]
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(RECORD, [state, code[:20], send, subscriber])
        for index in Subscriber.objects.filter(pk=subscriber).values_list("address_index", flat=True):
            Suppression.objects.get_or_create(address_index=index, defaults={"reason": reason})
