"""The ledger: who gets a send, how far it is, and what became of each reader. With isolating.py and writing_off.py the only
place that writes its tables.

A position below `settled` without an exception was accepted; between `settled` and `ahead` it is in flight; from `ahead` on
it is untouched. Statements are in `sql/` and run on the database's clock; none holds a transaction open while mail is sent.
"""

import contextlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import F

from dispatch import signs
from dispatch.delivery import boarding, enlisting, isolating, journal, partitions, ringing, statements
from dispatch.delivery.models import Ambiguity, Chunk, DeliveryException, Send
from dispatch.editions import items
from dispatch.editions.models import Edition

ENLISTING = 0x656E6C  # "enl": the advisory lock, with a newsletter, under which audiences are frozen
TAKEOVERS = 3
"""Claims of a dead owner's chunk without progress in between; then its letter is set aside (isolating.py)."""


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
    provider_class: int
    seal: bytes | None
    is_agreed: bool  # a second person was asked
    is_careful: bool = False  # one letter at a time; see isolating.py
    trouble: str = ""  # how its last owner died
    relay: int | None = None  # that its letters go through, or last went
    tie: str = ""  # of Chunk.Tie, to that relay
    due_at: datetime | None = None  # when its send began, or a retry's next try was due
    trail: str = ""  # of its send, whoever was rung for


@dataclass(frozen=True)
class Except:
    """What became of one reader, where it is not simply accepted."""

    reader: int
    state: str  # of DeliveryException.State
    code: str = ""
    next_attempt_at: datetime | None = None
    relay: int | None = None  # to be tried next


@dataclass
class Answers:
    """What a window's readers got."""

    accepted: list[int] = field(default_factory=list)
    excepts: list[Except] = field(default_factory=list)
    doubts: list[int] = field(default_factory=list)  # no answer after the final dot


@dataclass(frozen=True)
class Totals:
    """A send in numbers; positions are of first-round chunks."""

    frozen: int
    enlisted: int
    settled: int
    ahead: int
    exceptions: dict[str, int]  # by state
    seconds: float  # from its start to its end, or till now


class Unbalanced(Exception):
    """The ledger would count a reader twice, or not at all: a bug. Nothing was written."""


def enlist(edition_id: int) -> Send | None:
    """Freeze an edition's audience and let it go. Once: a second call finds the first one's send.

    None: it is not rendered, an earlier edition of its story must be enlisted first, or it comes too late (enlisting.py).
    """
    with transaction.atomic():
        edition = Edition.objects.select_for_update().select_related("newsletter").get(pk=edition_id)
        if edition.state != Edition.State.RENDERED:
            return None
        if found := Send.objects.filter(edition=edition).first():
            return found
        statements.run("SELECT pg_advisory_xact_lock(%s, %s)", ENLISTING, edition.newsletter_id)
        if boarding.is_vain(edition):
            edition.delete()
            return None
        if enlisting.must_wait(edition) or enlisting.put_by(edition):
            return None
        send = enlisting.new_send(edition)
        first, every, wave, frozen, distinct = _freeze(edition, send)
        if frozen != distinct:
            raise Unbalanced("a reader stands twice in a send")
        enlisting.start(send, frozen, wave)
        partitions.add(send.pk)
        Edition.objects.filter(pk=edition.pk).update(enlisted_at=send.started_at)
        ringing.first(send, _leaving_now(send, first, every))
    return send


def claim(send: int, number: int, *, or_next: bool = False, full: Sequence[int] = ()) -> Claim | None:
    """Take a chunk, or None: someone has it, it is done, or the send does not go on. `or_next`: then the next free one.
    `full`: none of these provider classes."""
    values = {"send": send, "number": number, "or_next": or_next, "full": list(full), "by": signs.name()}
    with transaction.atomic():
        row = statements.row_or_none("claim", **values, lease=settings.DELIVERY["lease_seconds"])
        if row is None:
            return None
        left = Claim(*row)
        claimed = _take_over(left) if left.settled < left.ahead else left
        if claimed.takeovers > TAKEOVERS:
            isolating.set_aside(claimed, begun=left.ahead - 1 == left.settled == claimed.settled)
            return None
        return claimed


def advance(claimed: Claim, answers: Answers, *, settled: int, given: int | None = None, ahead: int) -> int | None:
    """Settle up to `settled`, ask to write ahead from `given` (or `settled`) up to `ahead`.

    How far was granted: `ahead`, or `given` where the send does not go on; None: the chunk is someone else's. It is free
    again once nothing is written ahead. `answers` are of readers below `settled`, and are written in the same commit.
    """
    given = settled if given is None else given
    values: dict[str, Any] = {"chunk": claimed.chunk, "token": claimed.token, "send": claimed.send}
    values |= {"whole": len(claimed.recipients), "relay": claimed.relay}
    values |= {"settled": settled, "given": given, "ahead": ahead}
    alone = not (answers.excepts or answers.doubts or claimed.is_retry)
    with contextlib.nullcontext() if alone else transaction.atomic():  # one statement commits itself in one round trip
        row = next(iter(statements.prepared("advance", **values, lease=settings.DELIVERY["lease_seconds"])), None)
        if row is None:
            return None
        _write_excepts(claimed, answers.excepts)
        _write_doubts(claimed, answers.doubts)
        _show_doubts(claimed, answers.doubts)
        if claimed.is_retry and answers.accepted:
            statements.execute("forgive", send=claimed.send, readers=answers.accepted, relay=claimed.relay)
    return int(row[0])


def window(claimed: Claim, readers: Sequence[int]) -> list[tuple[Any, ...]]:
    """What the readers' messages need, in their order: sealed address, name and OpenPGP key, handle, the attempt by which a
    provider tells a repeat; still wanted, attempts so far."""
    values = {"newsletter": claimed.newsletter, "send": claimed.send, "is_retry": claimed.is_retry}
    return statements.prepared("window", readers=list(readers), **values)


def release(claimed: Claim, not_before: datetime | None) -> None:
    """Give a chunk back with everything written ahead untouched again, which the caller knows for sure. It is rung for at
    `not_before`, or at once."""
    free = {"state": Chunk.State.PENDING, "lease_until": None, "not_before": not_before}
    open_ones = Chunk.objects.filter(pk=claimed.chunk, token=claimed.token).exclude(state=Chunk.State.DONE)
    open_ones.update(ahead=F("settled"), rung_at=statements.to_be_rung(), **free)


def fate(send: int, subscriber: int) -> str:
    """sent, in_flight, untouched, or an exception's state; forgotten a week after the end; empty: not of this audience."""
    rows = statements.rows("fate_of", send=send, subscriber=subscriber)
    return str(rows[0][0]) if rows else ""


def promote_due() -> list[tuple[int, int]]:
    """Deferrals whose moment has come, as retry chunks: (send, number). Those of an expired send get their end instead."""
    with transaction.atomic():
        statements.run("SELECT pg_advisory_xact_lock(%s)", isolating.SPLITTING)
        statements.execute("expire")
        return [(int(s), int(n)) for s, n in statements.rows("promote", size=settings.DELIVERY["chunk"])]


def due_chunks(most: int = 100) -> list[tuple[int, int]]:
    """Chunks that wait for a worker: (send, number). Marks them as rung."""
    return [(int(s), int(n)) for s, n in statements.rows("due", most=most)]


def cancel_free(send: int) -> None:
    """Cancel what no worker holds."""
    statements.execute("cancel", send=send, number=None, entry=None)


def may_leave(send: int | None = None, newsletter: int | None = None, *, using: str = DEFAULT_DB_ALIAS) -> int:
    """The most letters, of one send, of a newsletter's or of all, that a pause or STOP committed now does not hold back."""
    window = settings.DELIVERY["window"]
    return int(statements.row("leaving", using=using, send=send, newsletter=newsletter, window=window)[0])


def totals(send: int, *, counted: bool = True, using: str = DEFAULT_DB_ALIAS) -> Totals:
    """A send in numbers, as they stand; for a page not counted anew, but as they were counted when they came."""
    name = "totals" if counted else "glance"
    frozen, enlisted, settled, ahead, states, seconds = statements.row(name, using=using, send=send)
    return Totals(frozen, enlisted, settled, ahead, json.loads(states), seconds)


def strays(send: int) -> int:
    """Exceptions that no settled position accounts for: 0, or the send does not balance."""
    return int(statements.row("stray", send=send)[0])


def _freeze(edition: Edition, send: Send) -> tuple[Any, ...]:
    """Chunks' numbers of the first wave and all, readers of the wave and all, and different readers among them."""
    if edition.is_own:
        return boarding.board(edition, send)
    if edition.is_correction:
        return statements.row("correct", **enlisting.audience(edition, send))
    items.mark(edition)
    return statements.row("enlist", **enlisting.audience(edition, send))


def _leaving_now(send: Send, first: list[int], every: list[int]) -> list[int]:
    if send.state == Send.State.READY:
        return []
    return first if send.first_wave else every


def _take_over(claimed: Claim) -> Claim:
    """What the dead owner had written ahead is in doubt, reader by reader, but for what its journal proves; the chunk goes
    on behind it."""
    left = journal.left_behind(claimed.chunk, claimed.token - 1, claimed.settled, claimed.ahead)
    doubted, accepted, unsettled = (
        [claimed.recipients[place] for place in places] for places in (left.doubted, left.accepted, left.unsettled)
    )
    now = statements.now()
    _write_excepts(claimed, [Except(reader, "deferred", "unsettled", now) for reader in unsettled])
    if claimed.is_retry and accepted:
        statements.execute("forgive", send=claimed.send, readers=accepted, relay=claimed.relay)
    _write_doubts(claimed, doubted)
    resolution = "unknown" if claimed.ambiguity == "never_twice" else "resent"
    for first, last in left.stretches():
        _show(claimed, first, last, "its worker died or froze", resolution)
    statements.run(
        "UPDATE delivery_chunk SET settled = %s, ahead = %s WHERE id = %s", left.end, left.end, claimed.chunk
    )
    return replace(claimed, settled=left.end, ahead=left.end)


def _write_doubts(claimed: Claim, readers: Sequence[int]) -> None:
    if not readers:
        return
    state = "unknown" if claimed.ambiguity == "never_twice" else "deferred"
    wait = settings.DELIVERY["resend_wait_seconds"]
    statements.execute("doubt", **_mine(claimed), readers=list(readers), state=state, wait=wait)


def _show_doubts(claimed: Claim, readers: Sequence[int]) -> None:
    """Once it is decided who gets theirs again."""
    if not readers:
        return
    found = DeliveryException.objects.filter(send=claimed.send, subscriber_id__in=readers)
    for reader, state in found.values_list("subscriber_id", "state"):
        place = claimed.recipients.index(reader)
        resolution = "unknown" if state == DeliveryException.State.UNKNOWN else "resent"
        _show(claimed, place, place, "no reply after its last byte", resolution)


def _show(claimed: Claim, first: int, last: int, reason: str, resolution: str) -> None:
    """At the desk: a stretch of positions that may have got their mail, and what was done about it."""
    Ambiguity.objects.create(
        send_id=claimed.send, chunk=claimed.number, first=first, last=last, reason=reason, resolution=resolution
    )


def _write_excepts(claimed: Claim, excepts: Sequence[Except]) -> None:
    if not excepts:
        return
    rows = [(one.reader, one.state, one.code[:20], one.next_attempt_at, one.relay) for one in excepts]
    names = ("readers", "states", "codes", "moments", "relays")
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    statements.execute("except", **_mine(claimed), **columns)


def _mine(claimed: Claim) -> dict[str, Any]:
    mine = {"send": claimed.send, "number": claimed.number}
    return mine | {"provider": claimed.provider_class, "relay": claimed.relay}
