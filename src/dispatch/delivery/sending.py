"""Sending a chunk: claim, then window by window write ahead, fill, hand over, settle."""

import contextlib
import functools
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings

from dispatch import queue, retrying, vault
from dispatch.audience.models import Newsletter
from dispatch.delivery import journal as journals
from dispatch.delivery import ledger, personalizing, relays, signing, signing_keys, statements
from dispatch.delivery.mailers.base import Leaving, Mailer, Message, Misaddressed, Trouble
from dispatch.delivery.models import DeliveryException, Relay
from dispatch.delivery.personalizing import Compiled, Reader
from dispatch.editions.models import Variant
from dispatch.outcomes import Deferred, Outcome, Refused, Sent, Unknown

log = logging.getLogger(__name__)
State = DeliveryException.State
COMPILED = 16
"""Variants that a worker keeps compiled, some tens of kilobytes each."""
SKIPPED = (State.SKIPPED, "")


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
    keys: tuple[signing.Key, ...]  # none where the relay signs
    journal: journals.Journal


@dataclass
class Window:
    """Some readers of a chunk, in its order, and what became of them."""

    first: int  # the position of its first reader
    readers: list[int]
    given: list[int] = field(default_factory=list)  # whose letters the mailer took to send, in order
    places: list[int] = field(default_factory=list)  # their positions in the chunk
    passed: int = 0  # readers, from the first on, who were given or are not to be written to
    attempts: dict[int, int] = field(default_factory=dict)  # earlier ones
    answers: ledger.Answers = field(default_factory=ledger.Answers)
    answered: int = 0  # of those given
    trouble: str = ""

    @property
    def known(self) -> int:
        """How many readers, from the first on, have a fate."""
        return self.readers.index(self.given[self.answered]) if self.answered < len(self.given) else self.passed


def send_chunk(send: int, number: int) -> None:
    """Send what is left of a chunk, as far as the ledger lets. Rung twice, late or in vain: no harm."""
    claimed = ledger.claim(send, number)
    if claimed is None:
        return
    relay = relays.choose()
    if relay is None:
        ledger.release(claimed, relays.next_probe())
        return
    compiled, sender = _compiled(claimed.send, claimed.variant, claimed.newsletter, claimed.created_at)
    keys = () if relay.kind == Relay.Kind.ANYMAIL else signing_keys.of(sender)  # a provider builds the mail, and signs
    mailer = relays.open_mailer(relay)
    with journals.Journal(claimed.chunk, claimed.token, len(claimed.recipients)) as journal, contextlib.closing(mailer):
        _send_windows(Errand(claimed, relay, mailer, compiled, sender, keys, journal))


@functools.lru_cache(maxsize=COMPILED)
def _compiled(send: int, variant: int, newsletter: int, created_at: datetime) -> tuple[Compiled, str]:
    """Once a worker, not once a chunk: a variant is frozen, and compiling one takes 17 ms. And the envelope's sender."""
    found, frozen = Newsletter.objects.get(pk=newsletter), Variant.objects.get(pk=variant)
    if not frozen.is_as_frozen:
        raise Altered(f"variant {variant} is not what was frozen")
    compiled = personalizing.compile_variant(frozen, found, send, created_at)
    return compiled, found.from_address


def _send_windows(errand: Errand) -> None:
    claimed, lease = errand.claimed, settings.DELIVERY["lease_seconds"]
    settled, answers = claimed.settled, ledger.Answers()
    size = 1 if claimed.ambiguity == "never_twice" else settings.DELIVERY["window"]
    while True:
        wish = settled if queue.is_stopping() else min(settled + size, len(claimed.recipients))
        mine_until = time.monotonic() + lease
        granted = ledger.advance(claimed, answers, settled=settled, ahead=wish)
        if granted is None:
            return
        if granted == settled:
            ledger.release(claimed, None)
            return
        window = Window(settled, claimed.recipients[settled:granted])
        _hand_over(errand, window, mine_until)
        settled, answers = settled + window.known, window.answers
        if window.trouble:
            _give_back(errand, settled, answers)
            return


def _give_back(errand: Errand, settled: int, answers: ledger.Answers) -> None:
    """The relay is out of order: what was answered is settled, the rest is untouched and waits with the breaker."""
    if ledger.advance(errand.claimed, answers, settled=settled, ahead=settled) is not None:
        ledger.release(errand.claimed, errand.relay.probe_at)


def _letters(errand: Errand, window: Window) -> Iterator[Message]:
    """The letters of those who still want theirs, each made when it is asked for: an address is open, and thirty kilobytes
    are there, only while they leave. Ends once the relay is not trusted with the next."""
    for number, address, name, handle, wanted, attempts in ledger.window(errand.claimed, window.readers):
        if window.trouble:
            return
        letter = _letter_or_why(errand, number, address, name, handle) if wanted else SKIPPED
        window.passed += 1
        if isinstance(letter, Message):
            window.given.append(number)
            window.places.append(window.first + window.passed - 1)
            window.attempts[number] = attempts
            yield letter
        else:
            window.answers.excepts.append(ledger.Except(number, *letter))


def _letter_or_why(
    errand: Errand, number: int, address: bytes, name: bytes, handle: bytes
) -> Message | tuple[State, str]:
    try:
        return _letter(errand, number, address, name, handle)
    except (vault.Unreadable, Misaddressed, ValueError) as problem:
        code = type(problem).__name__.lower()
        log.error("a letter cannot be made", extra={"send": errand.claimed.send, "reader": number, "code": code})  # noqa: TRY400 - a traceback could hold the address
        return State.FAILED_RENDER, code


def _letter(errand: Errand, number: int, address: bytes, name: bytes, handle: bytes) -> Message:
    plain = vault.unseal(address, f"subscriber:{number}:address")
    called = vault.unseal(name, f"subscriber:{number}:name") if name else ""
    head, body = personalizing.fill(errand.compiled, Reader(number, plain, called, handle))
    return Message(errand.sender, plain, signing.sign(head, body, errand.keys), body)


def _hand_over(errand: Errand, window: Window, mine_until: float) -> None:
    """Put the window on the wire and note each answer; several letters are under way at once, and each one's counts."""
    for answer in errand.mailer.send(_letters(errand, window), _while_mine(errand, window, mine_until)):
        if isinstance(answer, Trouble):
            relays.failed(errand.relay, f"{answer.reason} {answer.code}".strip())
            window.trouble = answer.reason
            log.warning(
                "relay in trouble",
                extra={"relay": errand.relay.name, "code": answer.code, "send": errand.claimed.send},
            )
            break
        number, place = window.given[window.answered], window.places[window.answered]
        window.answered += 1
        if not isinstance(answer, Unknown):
            errand.journal.mark(place, journals.ACCEPTED if isinstance(answer, Sent) else journals.ANSWERED)
        if not _note(errand, window, number, answer):
            window.trouble = errand.relay.trouble
    _forget_beyond(window)


def _while_mine(errand: Errand, window: Window, until: float) -> Leaving:
    """Until the lease may have ended: from then on the window may be someone else's. A frozen worker thaws here."""

    def leaving(which: int) -> bool:
        if time.monotonic() >= until:
            return False
        errand.journal.mark(window.places[which], journals.LEFT)
        return True

    return leaving


def _note(errand: Errand, window: Window, number: int, answer: Outcome) -> bool:
    """Write down one answer. Whether the relay is still to be trusted with the next."""
    match answer:
        case Sent():
            relays.worked(errand.relay)
            window.answers.accepted.append(number)
        case Refused(code=code):
            window.answers.excepts.append(ledger.Except(number, State.REFUSED, code))
        case Deferred(code=code, until=until):
            window.answers.excepts.append(_deferral(errand.claimed, window, number, code, until))
            if " 5.7." in code:
                return not relays.failed(errand.relay, f"the relay speaks of policy: {code}")
        case Unknown(reason=reason):
            window.answers.doubts.append(number)
            return not relays.failed(errand.relay, reason)
    return True


def _deferral(claimed: ledger.Claim, window: Window, number: int, code: str, until: datetime | None) -> ledger.Except:
    attempts = window.attempts[number] + 1
    moment = until or retrying.next_attempt(attempts, statements.now(), until=claimed.expires_at)
    if moment is None or moment > claimed.expires_at:
        return ledger.Except(number, State.REFUSED, code)
    return ledger.Except(number, State.DEFERRED, code, moment)


def _forget_beyond(window: Window) -> None:
    """Exceptions of positions that stay untouched are found again when their turn comes."""
    beyond = set(window.readers[window.known :])
    window.answers.excepts = [one for one in window.answers.excepts if one.reader not in beyond]
