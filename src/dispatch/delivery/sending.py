"""Sending a chunk: claim, then along its course write ahead, fill, hand over, settle."""

import contextlib
import functools
import logging
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from dispatch import logs, openpgp, queue, retrying, tracing, vault
from dispatch.audience.models import Newsletter
from dispatch.delivery import (
    agreed,
    berths,
    enclosing,
    isolating,
    ledger,
    personalizing,
    relays,
    signing,
    signing_keys,
    statements,
    tallies,
    throttling,
    turns,
    verp,
    warming,
    ways,
)
from dispatch.delivery import journal as journals
from dispatch.delivery.course import Course
from dispatch.delivery.mailers.base import Leaving, Mailer, Message, Misaddressed, Trouble
from dispatch.delivery.models import Chunk, DeliveryException, Relay
from dispatch.delivery.personalizing import Compiled, Reader
from dispatch.editions.models import Variant
from dispatch.outcomes import Deferred, Outcome, Refused, Sent, Unknown

log = logging.getLogger(__name__)
State = DeliveryException.State
COMPILED = 16
"""Variants that a worker keeps compiled, some tens of kilobytes each."""
TURN = 0.5
"""Seconds after which a worker lets go of a send, so that letters that somebody waits for come to their turn."""
PAUSE = 0.25
"""Seconds that a worker for whom there is no berth leaves its doorbell to others."""
AGAIN = timedelta(seconds=berths.FULL)
HALF_OPEN = Relay.Breaker.HALF_OPEN


class Altered(Exception):
    """A variant is not what was frozen: nothing of it leaves, and its chunks get stuck for a person to look at."""


@dataclass(frozen=True)
class Errand:
    """One worker's hold on one chunk, and the way its mail takes."""

    claimed: ledger.Claim
    relay: Relay
    mailer: Mailer
    compiled: Compiled
    sender: str  # the envelope's
    returns_to: str  # the domain where each letter has an address of its own to come back to; or empty
    keys: tuple[signing.Key, ...]  # none where the relay signs
    journal: journals.Journal
    room: berths.Room | None  # None: as many connections as the relay's address says
    pace: throttling.Pace
    allowance: warming.Allowance
    attempts: dict[int, int] = field(default_factory=dict)  # earlier ones, by reader
    counted: Counter[str] = field(default_factory=Counter)  # answers, for tallies.py


def send_chunk(send: int, number: int) -> None:
    """Send what is left of a chunk, or of the next free one; then others, one after another, for a while.

    Rung twice, late or in vain: no harm, and whoever comes in vain for one chunk is of use to another. What is urgent goes
    first, whoever was rung for; then the send that the fewest workers are at, so that none waits for another's end.
    """
    began = time.monotonic()
    claimed = turns.take(send, number)
    while (
        claimed is not None and _send_claimed(claimed) and time.monotonic() - began < TURN and not queue.is_stopping()
    ):
        claimed = turns.take(send, number)
    if claimed is None and berths.full():
        time.sleep(PAUSE)
        queue.enqueue("email.send_chunk", send, number)


def _send_claimed(claimed: ledger.Claim) -> bool:
    """Whether all went well, or only its provider has enough connections, so that the next may follow."""
    relay, room, are_full = ways.of(claimed)
    if relay is None:
        _wait(claimed, are_full=are_full)
        return are_full
    mailer = relays.open_mailer(relay, room) if room else relays.open_mailer(relay)
    with logs.following(claimed.trail), contextlib.closing(mailer):
        return _send_through(replace(claimed, relay=relay.pk), relay, mailer, room)


def _send_through(claimed: ledger.Claim, relay: Relay, mailer: Mailer, room: berths.Room | None) -> bool:
    try:
        compiled, sender, returns_to, letter = _compiled(
            claimed.send, claimed.variant, claimed.newsletter, claimed.created_at
        )
        agreed.require(claimed, letter)
    except (Altered, agreed.NotAgreed) as problem:
        log.error("an altered letter is held", extra={"send": claimed.send, "chunk": claimed.number})  # noqa: TRY400 - said in full by its words
        isolating.stick(claimed, str(problem))
        return False
    keys = () if relay.kind == Relay.Kind.ANYMAIL else signing_keys.of(sender)  # a provider builds the mail, and signs
    with journals.Journal(claimed.chunk, claimed.token, len(claimed.recipients)) as journal:
        pace = throttling.Pace(throttling.rates(relay, claimed.provider_class))
        allowance = warming.Allowance(relay, len(claimed.recipients) - claimed.settled)
        with tracing.span("mail.chunk"):
            return _send(
                Errand(claimed, relay, mailer, compiled, sender, returns_to, keys, journal, room, pace, allowance)
            )


def _wait(claimed: ledger.Claim, *, are_full: bool) -> None:
    """No relay takes it now, or none has a connection for it. Letters that one relay may have already go through no other:
    past the send's time to live a person decides about them."""
    if claimed.tie == Chunk.Tie.ONLY and claimed.expires_at <= statements.now():
        doubted = ledger.Answers(doubts=claimed.recipients[claimed.settled :])
        ledger.advance(claimed, doubted, settled=len(claimed.recipients), ahead=len(claimed.recipients))
    elif are_full:
        if claimed.tie != Chunk.Tie.ONLY:
            berths.note_full(claimed.provider_class)
        ledger.release(claimed, statements.now() + AGAIN)
    else:
        ledger.release(claimed, relays.next_probe(claimed.relay, claimed.tie))


@functools.lru_cache(maxsize=COMPILED)
def _compiled(send: int, variant: int, newsletter: int, created_at: datetime) -> tuple[Compiled, str, str, bytes]:
    """Once a worker, not once a chunk: a variant is frozen, and compiling one takes 2.5 ms. And the
    envelope's sender, where it returns to, and the letter's digest."""
    found, frozen = Newsletter.objects.get(pk=newsletter), Variant.objects.get(pk=variant)
    if not frozen.is_as_frozen:
        raise Altered(f"The letter in {frozen.language} was changed after it was frozen: nobody gets it.")
    compiled = personalizing.compile_variant(frozen, found, send, created_at)
    return compiled, personalizing.sender(frozen, found), verp.domain_of(frozen, found), bytes(frozen.hash)


def _send(errand: Errand) -> bool:
    """Hand letters over and note each answer; several are under way at once, and each one's counts. Whether all have one."""
    course, trouble = Course(errand.claimed), ""
    for answer in errand.mailer.send(_letters(errand, course), _while_mine(errand, course)):
        if isinstance(answer, Trouble):
            trouble = _troubled(errand, answer)
            break
        if not _note(errand, course, course.hear(), answer):
            course.is_over, trouble = True, errand.relay.trouble
    is_ours = course.end()
    if is_ours and (trouble or errand.allowance.is_spent):
        ledger.release(errand.claimed, relays.again_at(errand.relay.pk, errand.claimed.tie))
    elif is_ours and errand.room and errand.room.is_lost:
        ledger.release(errand.claimed, statements.now() + AGAIN)
    elif is_ours and errand.pace.not_before:
        ledger.release(errand.claimed, errand.pace.not_before)
    errand.allowance.give_back(errand.counted.total())
    _say(errand, course)
    _count(errand)
    return is_ours and not trouble and course.known == len(errand.claimed.recipients)


def _count(errand: Errand) -> None:
    """For the charts: a chunk is as late as its last answer here, from the moment that it was due on."""
    claimed, due_at = errand.claimed, errand.claimed.due_at
    late = max((statements.now() - due_at).total_seconds(), 0.0) if due_at and errand.counted else 0.0
    tallies.add(errand.relay.pk, claimed.provider_class, errand.counted, newsletter=claimed.newsletter, late=late)


def _say(errand: Errand, course: Course) -> None:
    """What the relay answered, in numbers: replies name readers."""
    claimed = errand.claimed
    about: dict[str, tracing.Figure] = {"send": claimed.send, "chunk": claimed.number, "relay": errand.relay.name}
    about |= {"readers": course.known - claimed.settled, **errand.counted}
    tracing.note(**about)
    log.info("chunk sent", extra=about)


def _letters(errand: Errand, course: Course) -> Iterator[Message | None]:
    """The letters of those who still want theirs, each made when it is asked for: an address is open, and thirty kilobytes
    are there, only while they leave. None: not before another answer came."""
    while course.goes_on():
        if course.given == course.ahead:
            yield None
            continue
        for number, (*needed, wanted, attempts) in course.next_readers():
            while errand.relay.breaker == HALF_OPEN and course.is_awaiting:
                yield None  # on trial it gets one letter at a time, until it takes one
            if course.is_over or (wanted and not _has_leave(errand, course)):
                course.is_over = True
                return
            errand.attempts[number] = attempts
            letter = _letter_or_why(errand, number, needed) if wanted else ledger.Except(number, State.SKIPPED)
            if isinstance(letter, Message):
                course.give()
                yield letter
            else:
                course.skip(letter)


def _has_leave(errand: Errand, course: Course) -> bool:
    """Whether the relay's pace and its day allow one more letter."""
    return errand.allowance.allows() and errand.pace.allows(course.until)


def _letter_or_why(errand: Errand, number: int, needed: list[Any]) -> Message | ledger.Except:
    """The letter; of a reader with a key an encrypted one, or none."""
    address, name, key, handle, attempt = needed
    if key and errand.relay.kind == Relay.Kind.ANYMAIL:
        return _needs_smtp(errand, number)
    try:
        plain = vault.unseal(address, f"subscriber:{number}:address")
        called = vault.unseal(name, f"subscriber:{number}:name") if name else ""
        head, body = personalizing.fill(errand.compiled, Reader(number, plain, called, handle))
        if key:
            head, body = enclosing.enclose(head, body, vault.unseal(key, f"subscriber:{number}:openpgp"))
        back = errand.returns_to
        sender = verp.address(errand.claimed.send, number, back) if back else errand.sender
        return Message(sender, plain, signing.sign(head, body, errand.keys), body, attempt)
    except openpgp.Unusable as problem:
        return ledger.Except(number, State.FAILED_RENDER, f"key {problem}")
    except (vault.Unreadable, Misaddressed, ValueError) as problem:
        code = type(problem).__name__.lower()
        told = {"send": errand.claimed.send, "chunk": errand.claimed.number, "code": code}
        log.error("a letter cannot be made", extra=told)  # noqa: TRY400 - a traceback could hold the address
        return ledger.Except(number, State.FAILED_RENDER, code)


def _needs_smtp(errand: Errand, number: int) -> ledger.Except:
    """A provider makes a letter of its own, so an encrypted one would not arrive as it was enclosed: it waits for a relay
    that carries it as it is, where there is one."""
    attempts, end = errand.attempts[number], errand.claimed.expires_at
    now = statements.now()
    moment = retrying.next_attempt(attempts, now, until=end) if attempts else now
    other = relays.by_smtp() if moment else None
    if other is None:
        return ledger.Except(number, State.FAILED_RENDER, "key needs smtp")
    return ledger.Except(number, State.DEFERRED, "key needs smtp", moment, other)


def _troubled(errand: Errand, trouble: Trouble) -> str:
    relays.failed(errand.relay, str(trouble))
    known = {"relay": errand.relay.name, "code": trouble.code, "send": errand.claimed.send}
    log.warning("relay in trouble", extra=known)
    return trouble.reason


def _while_mine(errand: Errand, course: Course) -> Leaving:
    """Until the lease may have ended: from then on the chunk may be someone else's. A frozen worker thaws here."""

    def leaving(which: int) -> bool:
        if time.monotonic() >= course.until:
            return False
        errand.journal.mark(course.places[which], journals.LEFT)
        return True

    return leaving


def _note(errand: Errand, course: Course, place: int, answer: Outcome) -> bool:
    """Write down one answer. Whether the relay is still to be trusted with the next."""
    reader = errand.claimed.recipients[place]
    errand.counted[tallies.outcome(answer)] += 1
    if isinstance(answer, Sent):
        errand.journal.mark(place, journals.ACCEPTED)
        relays.worked(errand.relay)
        course.answers.accepted.append(reader)
        return True
    if isinstance(answer, Unknown):
        course.answers.doubts.append(reader)
        return not relays.failed(errand.relay, answer.reason)
    errand.journal.mark(place, journals.ANSWERED)
    if isinstance(answer, Refused):
        course.answers.excepts.append(ledger.Except(reader, State.REFUSED, answer.code))
        return True
    course.answers.excepts.append(_deferral(errand, reader, answer))
    return " 5.7." not in answer.code or not relays.failed(errand.relay, f"the relay speaks of policy: {answer.code}")


def _deferral(errand: Errand, reader: int, answer: Deferred) -> ledger.Except:
    attempts, end = errand.attempts[reader] + 1, errand.claimed.expires_at
    moment = answer.until or retrying.next_attempt(attempts, statements.now(), until=end)
    if moment is None or moment > end:
        return ledger.Except(reader, State.REFUSED, answer.code)
    return ledger.Except(reader, State.DEFERRED, answer.code, moment)
