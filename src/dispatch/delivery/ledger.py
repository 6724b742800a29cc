"""The ledger: who gets a send, how far it is, and what became of each reader. The only place that writes its tables.

A position below `settled` without an exception was accepted; between `settled` and `ahead` it is in flight; from `ahead` on
it is untouched. Statements are in `sql/` and run on the database's clock; none holds a transaction open while mail is sent.
"""

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from dispatch import queue
from dispatch.accounts import stopping
from dispatch.accounts.models import Stop
from dispatch.audience.models import Newsletter
from dispatch.delivery.models import Ambiguity, Chunk, Send
from dispatch.editions.models import Edition

SQL = Path(__file__).parent / "sql"
TTL = {Newsletter.Cadence.WEEKLY: timedelta(hours=72)}
FORGIVE = "DELETE FROM delivery_exception WHERE send_id = %s AND subscriber_id = ANY (%s)"
ENLISTING = 0x656E6C  # "enl": the advisory lock, with a newsletter, under which audiences are frozen
TAKEOVERS = 3
"""Claims of a dead owner's chunk without progress in between; then it is stuck and waits for a person."""


@dataclass(frozen=True)
class Claim:
    """A chunk that this worker holds until its lease ends."""

    chunk: int
    number: int
    variant: int
    recipients: list[int]
    settled: int
    ahead: int
    token: int
    takeovers: int
    is_retry: bool
    send: int
    ambiguity: str
    expires_at: datetime
    created_at: datetime
    newsletter: int


@dataclass(frozen=True)
class Except:
    """What became of one reader, where it is not simply accepted."""

    reader: int
    state: str  # of DeliveryException.State
    code: str = ""
    next_attempt_at: datetime | None = None


@dataclass
class Answers:
    """What a window's readers got."""

    accepted: list[int] = field(default_factory=list)
    excepts: list[Except] = field(default_factory=list)
    doubts: list[int] = field(default_factory=list)  # no answer after the final dot


def enlist(edition_id: int) -> Send | None:
    """Freeze an edition's audience and let it go. Once: a second call finds the first one's send.

    None: it is not rendered, or an earlier edition of its story must be enlisted first.
    """
    with transaction.atomic():
        edition = Edition.objects.select_for_update().select_related("newsletter").get(pk=edition_id)
        if edition.state != Edition.State.RENDERED:
            return None
        if found := Send.objects.filter(edition=edition).first():
            return found
        _run("SELECT pg_advisory_xact_lock(%s, %s)", [ENLISTING, edition.newsletter_id])
        if _must_wait(edition):
            return None
        send = _new_send(edition)
        numbers, frozen, distinct = _one("enlist", _audience(edition, send))
        assert frozen == distinct, "a reader stands twice in a send"
        state = Send.State.SENDING if frozen else Send.State.FINISHED
        Send.objects.filter(pk=send.pk).update(state=state, frozen_count=frozen)
        for number in numbers:
            queue.enqueue("email.send_chunk", send.pk, number)
    send.refresh_from_db()
    return send


def claim(send: int, number: int) -> Claim | None:
    """Take a chunk, or None: someone has it, it is done, or the send does not go on."""
    with transaction.atomic():
        row = _maybe("claim", {"send": send, "number": number, "lease": settings.DELIVERY["lease_seconds"]})
        if row is None:
            return None
        claimed = Claim(*row)
        if claimed.takeovers > TAKEOVERS:
            Chunk.objects.filter(pk=claimed.chunk).update(state=Chunk.State.STUCK, lease_until=None)
            return None
        return _take_over(claimed) if claimed.settled < claimed.ahead else claimed


def advance(claimed: Claim, answers: Answers, *, settled: int, ahead: int) -> int | None:
    """Settle up to `settled`, ask to write ahead up to `ahead`. How far was granted; None: the chunk is someone else's.

    `answers` are of readers below `settled`, and are written in the same commit.
    """
    values = {"chunk": claimed.chunk, "token": claimed.token, "settled": settled, "ahead": ahead, "send": claimed.send}
    with transaction.atomic():
        row = _maybe("advance", values | {"lease": settings.DELIVERY["lease_seconds"]})
        if row is None:
            return None
        _write_excepts(claimed, answers.excepts)
        _write_doubts(claimed, answers.doubts)
        if claimed.is_retry and answers.accepted:
            _run(FORGIVE, [claimed.send, answers.accepted])
    return int(row[0])


def window(claimed: Claim, readers: Sequence[int]) -> list[tuple[Any, ...]]:
    """What a window's messages need, in its order: id, sealed address, sealed name, handle, still wanted, attempts so far."""
    return _all("window", {"readers": list(readers), "newsletter": claimed.newsletter, "send": claimed.send})


def release(claimed: Claim, not_before: datetime | None) -> None:
    """Give a chunk back with everything written ahead untouched again, which the caller knows for sure."""
    Chunk.objects.filter(pk=claimed.chunk, token=claimed.token).exclude(state=Chunk.State.DONE).update(
        state=Chunk.State.PENDING, ahead=F("settled"), lease_until=None, not_before=not_before
    )


def fate(send: int, subscriber: int) -> str:
    """sent, in_flight, untouched, or an exception's state; empty: not of this send's audience."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT fate FROM delivery_fate WHERE send_id = %s AND subscriber_id = %s", [send, subscriber])
        row = cursor.fetchone()
    return str(row[0]) if row else ""


def promote_due() -> list[tuple[int, int]]:
    """Deferrals whose moment has come, as retry chunks: (send, number)."""
    return [(int(s), int(n)) for s, n in _all("promote", {"size": settings.DELIVERY["chunk"]})]


def due_chunks() -> list[tuple[int, int]]:
    """Chunks that wait for a worker: (send, number). Marks them as rung."""
    return [(int(s), int(n)) for s, n in _all("due", {})]


def cancel_free(send: int) -> None:
    """Cancel what no worker holds."""
    _execute("cancel", {"send": send})


def totals(send: int) -> tuple[int, int, int, int, dict[str, int]]:
    """Frozen, enlisted, settled, ahead, exceptions by state."""
    frozen, enlisted, settled, ahead, states = _one("totals", {"send": send})
    return int(frozen), int(enlisted), int(settled), int(ahead), json.loads(states)


def strays(send: int) -> int:
    """Exceptions that no settled position accounts for: 0, or the send does not balance."""
    return int(_one("stray", {"send": send})[0])


def drop_partition(send: int) -> None:
    """Forget who had which exception."""
    _run(f"DROP TABLE IF EXISTS delivery_exception_{int(send)}", [])


def _must_wait(edition: Edition) -> bool:
    """Whether an earlier edition of the same story is not enlisted yet: whom it takes is open, and nobody gets both."""
    further = edition.stories.filter(is_further=True).values("story")
    earlier = Edition.objects.filter(newsletter=edition.newsletter_id, stories__story__in=further, pk__lt=edition.pk)
    return earlier.filter(state__in=[Edition.State.RENDERED, Edition.State.DUE], send=None).exists()


def _new_send(edition: Edition) -> Send:
    cadence = Newsletter.Cadence(edition.newsletter.cadence)
    now = _one_value("SELECT clock_timestamp()")
    send = Send.objects.create(
        edition=edition,
        state=Send.State.ENLISTING,
        ambiguity=edition.newsletter.ambiguity,
        started_at=now,
        expires_at=now + TTL.get(cadence, timedelta(hours=24)),
    )
    number = int(send.pk)
    _run(f"CREATE TABLE delivery_exception_{number} PARTITION OF delivery_exception FOR VALUES IN ({number})", [])
    return send


def _audience(edition: Edition, send: Send) -> dict[str, Any]:
    topics = _one_value(
        "SELECT coalesce(array_agg(DISTINCT topic), '{}') FROM editions_variant v"
        " JOIN editions_variant_revisions vr ON vr.variant_id = v.id JOIN articles_revision r ON r.id = vr.revision_id,"
        " unnest(r.topics) AS topic WHERE v.edition_id = %s",
        edition.pk,
    )
    return {
        "edition": edition.pk,
        "send": send.pk,
        "newsletter": edition.newsletter_id,
        "cadence": edition.newsletter.cadence,
        "topics": topics,
        "size": settings.DELIVERY["chunk"],
    }


def _take_over(claimed: Claim) -> Claim:
    """What the dead owner had written ahead is in doubt, reader by reader; the chunk goes on behind it."""
    first, last = claimed.settled, claimed.ahead
    state = "unknown" if claimed.ambiguity == "never_twice" else "deferred"
    Ambiguity.objects.create(
        send_id=claimed.send,
        chunk=claimed.number,
        first=first,
        last=last - 1,
        reason="its worker died or froze",
        resolution="unknown" if state == "unknown" else "resent",
    )
    _write_doubts(claimed, claimed.recipients[first:last])
    _run("UPDATE delivery_chunk SET settled = ahead WHERE id = %s", [claimed.chunk])
    return Claim(**{**vars(claimed), "settled": last})


def _write_doubts(claimed: Claim, readers: Sequence[int]) -> None:
    if not readers:
        return
    unknown = claimed.ambiguity == "never_twice"
    _execute(
        "doubt",
        {
            "send": claimed.send,
            "number": claimed.number,
            "readers": list(readers),
            "state": "unknown" if unknown else "deferred",
            "wait": settings.DELIVERY["resend_wait_seconds"],
        },
    )


def _write_excepts(claimed: Claim, excepts: Sequence[Except]) -> None:
    if not excepts:
        return
    columns = {
        "readers": [one.reader for one in excepts],
        "states": [one.state for one in excepts],
        "codes": [one.code[:20] for one in excepts],
        "moments": [one.next_attempt_at for one in excepts],
    }
    _execute("except", {"send": claimed.send, "number": claimed.number, **columns})


@functools.cache
def _text(name: str) -> str:
    text = (SQL / f"{name}.sql").read_text(encoding="utf-8")
    return text.replace("{not_stopped}", stopping.condition(Stop.Scope.NEWSLETTER, "e.newsletter_id"))


def _execute(name: str, values: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_text(name), values)


def _all(name: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(_text(name), values)
        return list(cursor.fetchall())


def _maybe(name: str, values: dict[str, Any]) -> tuple[Any, ...] | None:
    rows = _all(name, values)
    return rows[0] if rows else None


def _one(name: str, values: dict[str, Any]) -> tuple[Any, ...]:
    (row,) = _all(name, values)
    return row


def _run(sql: str, values: Sequence[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def _one_value(sql: str, *values: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        row = cursor.fetchone()
    assert row is not None
    return row[0]
