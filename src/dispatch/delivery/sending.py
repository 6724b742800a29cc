"""Sending a chunk: claim, then window by window write ahead, fill, hand over, settle."""

import logging
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from dispatch import queue, retrying, vault
from dispatch.audience.models import Newsletter
from dispatch.delivery import ledger, personalizing, relays
from dispatch.delivery.mailers.base import Mailer, Message, Trouble
from dispatch.delivery.models import DeliveryException, Relay
from dispatch.delivery.personalizing import Compiled, Reader
from dispatch.editions.models import Variant
from dispatch.outcomes import Deferred, Outcome, Refused, Sent, Unknown

log = logging.getLogger(__name__)
State = DeliveryException.State


@dataclass
class Window:
    """Some readers of a chunk, in its order, and what became of them."""

    first: int
    readers: list[int]
    wanted: dict[int, tuple[Reader, int]] = field(default_factory=dict)  # with earlier attempts
    answers: ledger.Answers = field(default_factory=ledger.Answers)
    answered: int = 0  # positions from `first` whose fate is known
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
    mailer = relays.open_mailer(relay)
    try:
        _send_windows(claimed, relay, mailer)
    finally:
        mailer.close()


def _send_windows(claimed: ledger.Claim, relay: Relay, mailer: Mailer) -> None:
    newsletter = Newsletter.objects.get(pk=claimed.newsletter)
    variant = Variant.objects.get(pk=claimed.variant)
    compiled = personalizing.compile_variant(variant, newsletter, claimed.send, claimed.created_at)
    settled, answers = claimed.settled, ledger.Answers()
    size = 1 if claimed.ambiguity == "never_twice" else settings.DELIVERY["window"]
    while True:
        wish = settled if queue.is_stopping() else min(settled + size, len(claimed.recipients))
        granted = ledger.advance(claimed, answers, settled=settled, ahead=wish)
        if granted is None:
            return
        if granted == settled:
            ledger.release(claimed, None)
            return
        window = _fill_window(claimed, settled, granted)
        _hand_over(claimed, window, compiled, newsletter=newsletter, mailer=mailer, relay=relay)
        settled, answers = settled + window.answered, window.answers
        if window.trouble:
            _give_back(claimed, settled, answers, relay)
            return


def _give_back(claimed: ledger.Claim, settled: int, answers: ledger.Answers, relay: Relay) -> None:
    """The relay is out of order: what was answered is settled, the rest is untouched and waits with the breaker."""
    if ledger.advance(claimed, answers, settled=settled, ahead=settled) is not None:
        ledger.release(claimed, relay.probe_at or timezone.now())


def _fill_window(claimed: ledger.Claim, first: int, last: int) -> Window:
    """Who of the window still wants the mail; addresses are opened here and live no longer than the window."""
    window = Window(first, claimed.recipients[first:last])
    for number, address, name, handle, wanted, attempts in ledger.window(claimed, window.readers):
        if not wanted:
            window.answers.excepts.append(ledger.Except(number, State.SKIPPED))
            continue
        try:
            plain = vault.unseal(bytes(address), f"subscriber:{number}:address")
            called = vault.unseal(bytes(name), f"subscriber:{number}:name") if name else ""
        except vault.Unreadable:
            window.answers.excepts.append(ledger.Except(number, State.FAILED_RENDER, "unreadable"))
            continue
        window.wanted[number] = (Reader(number, plain, called, bytes(handle)), attempts)
    return window


def _hand_over(
    claimed: ledger.Claim, window: Window, compiled: Compiled, *, newsletter: Newsletter, mailer: Mailer, relay: Relay
) -> None:
    """Put the window on the wire and note each answer. On trouble, `answered` says how far it got."""
    wanted = [number for number in window.readers if number in window.wanted]
    messages = [_message(compiled, newsletter, window.wanted[number][0]) for number in wanted]
    answered = 0
    for number, answer in zip(wanted, mailer.send(messages), strict=False):
        if isinstance(answer, Trouble):
            relays.failed(relay, f"{answer.reason} {answer.code}".strip())
            window.trouble = answer.reason
            log.warning("relay in trouble", extra={"relay": relay.name, "code": answer.code, "send": claimed.send})
            break
        _note(claimed, window, number, answer, relay)
        answered += 1
    window.answered = len(window.readers) if answered == len(wanted) else window.readers.index(wanted[answered])
    _forget_beyond(window)


def _message(compiled: Compiled, newsletter: Newsletter, reader: Reader) -> Message:
    return Message(newsletter.from_address, reader.address, personalizing.fill(compiled, reader))


def _note(claimed: ledger.Claim, window: Window, number: int, answer: Outcome, relay: Relay) -> None:
    match answer:
        case Sent():
            relays.worked(relay)
            window.answers.accepted.append(number)
        case Refused(code=code):
            window.answers.excepts.append(ledger.Except(number, State.REFUSED, code))
        case Deferred(code=code, until=until):
            if ".7." in code:
                relays.failed(relay, f"the relay speaks of policy: {code}")
            window.answers.excepts.append(_deferral(claimed, window, number, code, until))
        case Unknown():
            window.answers.doubts.append(number)


def _deferral(claimed: ledger.Claim, window: Window, number: int, code: str, until: datetime | None) -> ledger.Except:
    attempts = window.wanted[number][1] + 1
    now = timezone.now()
    moment = until or retrying.next_attempt(attempts, now, until=claimed.expires_at)
    if moment is None or moment > claimed.expires_at:
        return ledger.Except(number, State.REFUSED, code)
    return ledger.Except(number, State.DEFERRED, code, moment)


def _forget_beyond(window: Window) -> None:
    """Exceptions of positions that stay untouched are found again when their turn comes."""
    beyond = set(window.readers[window.answered :])
    window.answers.excepts = [one for one in window.answers.excepts if one.reader not in beyond]
