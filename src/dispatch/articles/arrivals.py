"""Webhooks as they arrive: kept in one statement while the CMS waits, taken in by a worker in the order they came."""

import hashlib
import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from dispatch import hands, logs, queue, retrying, tracing
from dispatch.accounts import audit
from dispatch.accounts.models import User
from dispatch.articles import hints, intake
from dispatch.articles import incoming as incomings
from dispatch.articles.incoming import Act, Incoming
from dispatch.articles.intake import Accepted
from dispatch.articles.models import Source, WebhookDelivery

log = logging.getLogger(__name__)

KEEP = (Path(__file__).parent / "sql" / "keep_delivery.sql").read_text()
AT_ONCE = 200
AGAIN = timedelta(minutes=10)
BUSY = 8
"""So many wait that whoever takes them in is far from done: nobody need be told of one more."""
FAILED = "Dispatch could not take it in; its log says why. It is tried again every ten minutes."
MINE = "SELECT pg_try_advisory_xact_lock(hashtextextended('take in source ' || %s, 0))"


def keep(source: Source, delivery_id: str, body: bytes, incoming: Incoming) -> Accepted:
    """Keep what a webhook says, and ask a worker to take it in: "received", "ignored", or "repeated" and what that did."""
    ignored = incoming.act is Act.IGNORE
    did = "ignored" if ignored else "received"
    row: dict[str, int | str | bytes] = {
        "source": source.pk,
        "delivery": delivery_id,
        "hash": hashlib.sha256(body).digest(),
        "event": incoming.event[:60],
        "said": "" if ignored else incomings.to_json(incoming),
        "did": did,
        "why": incoming.why[:300],
        "busy": BUSY,
    }
    with connection.cursor() as cursor:
        cursor.execute(KEEP, row)
        ((number, before, why, waiting),) = cursor.fetchall()
    if number is None:
        return Accepted("repeated", ": ".join(filter(None, ["this delivery was taken before", before, why])))
    tracing.note(trail=f"webhook:{number}")
    log.info("webhook kept", extra={"webhook": number, "source": source.pk, "did": did})
    if not ignored and waiting < BUSY:
        queue.enqueue("articles.take_in", source.pk)
    return Accepted(did, incoming.why)


def retry(number: int, by: User | None, reason: str) -> bool:
    """Take in now what could not be. False: it is done."""
    with transaction.atomic():
        waiting = WebhookDelivery.objects.filter(pk=number, due_at__isnull=False)
        changed = waiting.update(due_at=timezone.now())
        if changed:
            audit.record(by, "webhook.retry", f"webhook:{number}", reason)
            queue.enqueue("articles.take_in", waiting.values_list("source", flat=True)[0])
    return bool(changed)


def drop(number: int, by: User | None, reason: str) -> bool:
    """Decide against what could not be taken in. False: it is done, or not tried yet."""
    with transaction.atomic():
        failed = WebhookDelivery.objects.filter(pk=number, due_at__isnull=False, did="failed")
        changed = failed.update(due_at=None, said="", did="dropped")
        if changed:
            audit.record(by, "webhook.drop", f"webhook:{number}", reason)
    return bool(changed)


def take_in(source_id: int) -> Iterator[int]:
    """Take in what waits of a source, one after the other in the order it came: a revision, a withdrawal and a return that
    a CMS tells within a second mean what they mean in that order. Another worker that is at it is left to it.

    Yields the ids of articles that changed, each once that is committed.
    """
    source = Source.objects.get(pk=source_id)
    for _ in range(AT_ONCE):
        changed = None if queue.is_stopping() else _take_next(source)
        if changed is None:
            return
        hands.advance()
        yield from changed
    queue.enqueue("articles.take_in", source_id)


def _take_next(source: Source) -> tuple[int, ...] | None:
    """What changed, or None at the end. Nothing is overlooked: who held the lock while another was sent away looks again
    without it."""
    with transaction.atomic():
        if not _is_mine(source):
            return None
        delivery = _waiting(source).order_by("id").first()
        changed = _take(source, delivery) if delivery else ()
    return changed if delivery or _waiting(source).exists() else None


def _waiting(source: Source) -> QuerySet[WebhookDelivery]:
    return WebhookDelivery.objects.filter(source=source, due_at__lte=timezone.now())


def _is_mine(source: Source) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(MINE, [source.pk])
        return bool(cursor.fetchone()[0])


def _take(source: Source, delivery: WebhookDelivery) -> tuple[int, ...]:
    """What cannot be taken in is put off, and does not stand before what came after it."""
    logs.follow(f"webhook:{delivery.pk}")
    try:
        with transaction.atomic():
            accepted = intake.take(source, incomings.from_json(delivery.said), delivery.received_at)
    except (OperationalError, InterfaceError):
        raise  # the database's trouble is not the delivery's: the clock rings again
    except Exception:  # whatever is wrong with this one, those behind it are taken in
        log.exception("a webhook could not be taken in", extra={"delivery": delivery.pk})
        delivery.due_at = timezone.now() + AGAIN
        accepted = Accepted("failed", FAILED)
    else:
        delivery.said, delivery.due_at = "", None
        hints.doubt(source, accepted.doubtful)
    delivery.did, delivery.why = accepted.did, accepted.why[:300]
    delivery.tries = retrying.noted(delivery.tries, timezone.now(), delivery.did)
    delivery.save(update_fields=["said", "due_at", "did", "why", "tries"])
    log.info(
        "webhook taken in", extra={"webhook": delivery.pk, "did": delivery.did, "articles": list(accepted.changed)}
    )
    return accepted.changed
