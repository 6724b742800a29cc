"""Sending a chunk: claim, then window by window write ahead, fill, hand over, settle."""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings

from dispatch import queue, retrying, vault
from dispatch.audience.models import Newsletter
from dispatch.delivery import ledger, personalizing, relays, statements
from dispatch.delivery.mailers.base import Leaving, Mailer, Message, Misaddressed, Trouble, check
from dispatch.delivery.models import DeliveryException, Relay
from dispatch.delivery.personalizing import Compiled, Reader
from dispatch.editions.models import Variant
from dispatch.outcomes import Deferred, Outcome, Refused, Sent, Unknown

log = logging.getLogger(__name__)
State = DeliveryException.State


@dataclass(frozen=True)
class Errand:
    """One worker's hold on one chunk, and the way its mail takes."""

    claimed: ledger.Claim
    relay: Relay
    mailer: Mailer
    compiled: Compiled
    sender: str  # the envelope's


@dataclass
class Window:
    """Some readers of a chunk, in its order, and what became of them."""

    readers: list[int]
    letters: dict[int, Message] = field(default_factory=dict)  # of those who still want theirs
    attempts: dict[int, int] = field(default_factory=dict)  # earlier ones
    answers: ledger.Answers = field(default_factory=ledger.Answers)
    answered: int = 0  # readers, from the first on, whose fate is known
    trouble: str = ""


def send_chunk(send: int, number: int) -> None:
    """Send what is left of a chunk, as far as the ledger lets. Rung twice, late or in vain: no harm."""
    claimed = ledger.claim(send, number)
    if claimed is None:
        return
    relay = relays.choose()
    if relay is None:
        ledger.release(claimed, relays.next_probe())
        return
    newsletter = Newsletter.objects.get(pk=claimed.newsletter)
    variant = Variant.objects.get(pk=claimed.variant)
    compiled = personalizing.compile_variant(variant, newsletter, claimed.send, claimed.created_at)
    mailer = relays.open_mailer(relay)
    try:
        _send_windows(Errand(claimed, relay, mailer, compiled, newsletter.from_address))
    finally:
        mailer.close()


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
        window = _fill_window(errand, claimed.recipients[settled:granted])
        _hand_over(errand, window, mine_until)
        settled, answers = settled + window.answered, window.answers
        if window.trouble:
            _give_back(errand, settled, answers)
            return


def _give_back(errand: Errand, settled: int, answers: ledger.Answers) -> None:
    """The relay is out of order: what was answered is settled, the rest is untouched and waits with the breaker."""
    if ledger.advance(errand.claimed, answers, settled=settled, ahead=settled) is not None:
        ledger.release(errand.claimed, errand.relay.probe_at)


def _fill_window(errand: Errand, readers: list[int]) -> Window:
    """The letters of those who still want theirs; addresses are opened here and live no longer than the window."""
    window = Window(readers)
    for number, address, name, handle, wanted, attempts in ledger.window(errand.claimed, readers):
        if not wanted:
            window.answers.excepts.append(ledger.Except(number, State.SKIPPED))
            continue
        try:
            window.letters[number] = _letter(errand, number, bytes(address), bytes(name or b""), bytes(handle))
        except (vault.Unreadable, Misaddressed, ValueError) as problem:
            code = type(problem).__name__.lower()
            log.error("a letter cannot be made", extra={"send": errand.claimed.send, "reader": number, "code": code})  # noqa: TRY400 - a traceback could hold the address
            window.answers.excepts.append(ledger.Except(number, State.FAILED_RENDER, code))
        window.attempts[number] = attempts
    return window


def _letter(errand: Errand, number: int, address: bytes, name: bytes, handle: bytes) -> Message:
    plain = vault.unseal(address, f"subscriber:{number}:address")
    called = vault.unseal(name, f"subscriber:{number}:name") if name else ""
    data = personalizing.fill(errand.compiled, Reader(number, plain, called, handle))
    letter = Message(errand.sender, plain, data)
    check(letter)
    return letter


def _hand_over(errand: Errand, window: Window, mine_until: float) -> None:
    """Put the window on the wire and note each answer. On trouble, `answered` says how far it got."""
    wanted = [number for number in window.readers if number in window.letters]
    letters = _while_trusted(window, [window.letters[number] for number in wanted])
    answered = 0
    for number, answer in zip(wanted, errand.mailer.send(letters, _while_mine(mine_until)), strict=False):
        if isinstance(answer, Trouble):
            relays.failed(errand.relay, f"{answer.reason} {answer.code}".strip())
            window.trouble = answer.reason
            log.warning(
                "relay in trouble",
                extra={"relay": errand.relay.name, "code": answer.code, "send": errand.claimed.send},
            )
            break
        answered += 1
        if not _note(
            errand, window, number, answer
        ):  # several letters are under way at once: their answers still count
            window.trouble = errand.relay.trouble
    window.answered = len(window.readers) if answered == len(wanted) else window.readers.index(wanted[answered])
    _forget_beyond(window)


def _while_trusted(window: Window, letters: list[Message]) -> Iterator[Message]:
    """None is given once the relay is in trouble."""
    for letter in letters:
        if window.trouble:
            return
        yield letter


def _while_mine(until: float) -> Leaving:
    """Until the lease may have ended: from then on the window may be someone else's. A frozen worker thaws here."""
    return lambda _: time.monotonic() < until


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
    beyond = set(window.readers[window.answered :])
    window.answers.excepts = [one for one in window.answers.excepts if one.reader not in beyond]
