"""Telling an endpoint: signed as Standard Webhooks says, at least once, in no order that anybody may count on.

Whoever does not answer is asked again for three days, ever less often; then the event is given up and, where nothing at all
got through meanwhile, the endpoint is switched off. 410 (Gone) switches it off at once.
"""

import time
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

from django.db import connection, transaction
from django.utils import timezone
from standardwebhooks.webhooks import Webhook

from dispatch import fetching, logs, vault
from dispatch.api import endpoints, events
from dispatch.api.models import Attempted, Delivery, Endpoint

SQL = Path(__file__).parent / "sql"
PAUSES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    *[timedelta(hours=10)] * 6,
)
"""After each attempt that came to nothing."""
PATIENCE = timedelta(days=2)
"""An endpoint to which nothing got through for so long is switched off with the event that is given up."""
SECONDS = 10.0
KEPT = timedelta(days=30)
State = Delivery.State


@dataclass(frozen=True)
class Answer:
    """What an endpoint said; no status where it said nothing, and `words` say why."""

    status: int | None
    words: str
    took_ms: int

    @property
    def is_good(self) -> bool:
        """Taken. A redirect is not: an endpoint says itself where it is."""
        return self.status is not None and 200 <= self.status < 300


def due() -> list[int]:
    """Events that wait for a worker. Marks them as rung."""
    with connection.cursor() as cursor:
        cursor.execute(_text("due"))
        return [int(row[0]) for row in cursor.fetchall()]


def deliver(number: int) -> None:
    """Make an attempt that is due. Rung twice, late or in vain: no harm."""
    attempt = _claim(number)
    if attempt is None:
        return
    delivery = Delivery.objects.select_related("endpoint").get(pk=number)
    settle(delivery, attempt, _ask(delivery))


def settle(delivery: Delivery, attempt: int, answer: Answer) -> bool:
    """Write what came of it. False: the attempt is another's by now."""
    now = timezone.now()
    with transaction.atomic():
        mine = Delivery.objects.filter(pk=delivery.pk, attempts_made=attempt, state=State.WAITING)
        is_last = attempt > len(PAUSES)
        if answer.is_good:
            changed = mine.update(state=State.DELIVERED, lease_until=None)
        elif is_last:
            changed = mine.update(state=State.FAILED, lease_until=None)
        else:
            changed = mine.update(due_at=now + PAUSES[attempt - 1], lease_until=None, rung_at=None)
        Attempted.objects.create(
            delivery=delivery, at=now, status=answer.status, took_ms=answer.took_ms, answer=answer.words
        )
        _note(delivery.endpoint, answer, is_last=is_last)
    return bool(changed)


def forget_old() -> int:
    """Events of a month ago, with their attempts. How many."""
    old = Delivery.objects.filter(at__lt=timezone.now() - KEPT).exclude(state=State.WAITING)
    count = old.count()
    old.delete()
    return count


def _claim(number: int) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(_text("claim"), {"delivery": number})
        row = cursor.fetchone()
    return int(row[0]) if row else None


def _ask(delivery: Delivery) -> Answer:
    began = time.monotonic()
    try:
        headers = _signed(delivery, said := events.body(delivery))
    except vault.Unreadable as problem:
        return Answer(None, str(problem)[:200], 0)
    answer = fetching.post(delivery.endpoint.url, said.encode(), headers=headers, seconds=SECONDS)
    took = int((time.monotonic() - began) * 1000)
    if isinstance(answer, fetching.Failed):
        return Answer(None, logs.scrub(answer.reason)[:200], took)
    return Answer(answer.status, _beginning(answer.body), took)


def _signed(delivery: Delivery, said: str) -> dict[str, str]:
    """Headers (Standard Webhooks 1.0, "webhook-signature": several secrets sign beside each other)."""
    now, name = timezone.now(), delivery.message_id
    signatures = [Webhook(secret).sign(name, now, said) for secret in endpoints.secrets_of(delivery.endpoint)]
    return {
        "content-type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _note(endpoint: Endpoint, answer: Answer, *, is_last: bool) -> None:
    """What it says of the endpoint itself."""
    now, same = timezone.now(), Endpoint.objects.filter(pk=endpoint.pk)
    if answer.is_good:
        same.update(failing_since=None, trouble="")
        return
    said = f"status {answer.status}" if answer.status else answer.words
    same.filter(failing_since=None).update(failing_since=now)
    same.filter(active=True).update(trouble=f"The last attempt: {said}."[:300])
    since = same.values_list("failing_since", flat=True).get()
    if answer.status == 410:
        words = "It answered 410 (Gone), so it is told no more. Switch it on if that was a mistake."
        endpoints.switch(endpoint, None, "410", on=False, trouble=words)
    elif is_last and since and since < now - PATIENCE:
        words = f"Nothing got through for {(now - since).days} days; the last attempt: {said}. It is told no more."
        endpoints.switch(endpoint, None, "nothing got through", on=False, trouble=words)


def _beginning(body: bytes) -> str:
    """The first words of an answer, for whoever has to mend the other side, without addresses."""
    return logs.scrub(body[:2000].decode(errors="replace").replace("\0", ""))[:200]


@cache
def _text(name: str) -> str:
    text = (SQL / f"{name}.sql").read_text(encoding="utf-8")
    return text.replace("{free}", (SQL / "free.sql").read_text(encoding="utf-8"))
