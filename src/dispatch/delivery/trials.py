"""Test letters: an edition as it would be now, to oneself and to the newsletter's team addresses.
Nobody is counted as a reader, and the links to leave lead to nobody.

Written ahead like every letter: one whose worker died between claim and answer is unknown, and is not sent again.
"""

import contextlib
import logging
from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from dispatch import queue, saying, vault
from dispatch.accounts import stopping
from dispatch.accounts.models import Stop, User
from dispatch.audience import addresses
from dispatch.delivery import relays, sampling, signing, signing_keys, warming
from dispatch.delivery.mailers.base import Answer, Mailer, Message, Misaddressed, Trouble
from dispatch.delivery.models import Relay, TeamAddress, Trial
from dispatch.editions import guarding, previewing
from dispatch.editions.models import Edition
from dispatch.editions.preflight import Body
from dispatch.outcomes import Deferred, Refused, Sent

log = logging.getLogger(__name__)
State = Trial.State
AN_HOUR = 40
"""Letters that one person may have sent within an hour."""
LEASE = timedelta(minutes=11)
"""As of letters.py: past it a worker is dead."""
KEPT = timedelta(days=7)


class TooMany(Exception):
    """The person's letters of this hour are used up; the text says so."""


def ask(edition: Edition, by: User, languages: Iterable[str], *, to_team: bool) -> int:
    """Have a letter sent in each language to the person, and to the team's addresses if wished. How many. Raises TooMany."""
    boxes = [("you", by.email)]
    if to_team:
        boxes += [
            (one.label, open_address(one)) for one in TeamAddress.objects.filter(newsletter=edition.newsletter_id)
        ]
    wanted = [(language, label, address) for language in languages for label, address in boxes]
    with transaction.atomic():
        User.objects.select_for_update().get(pk=by.pk)
        had = Trial.objects.filter(by=by, asked_at__gt=timezone.now() - timedelta(hours=1)).count()
        if had + len(wanted) > AN_HOUR:
            left = saying.many(max(AN_HOUR - had, 0), "test letter")
            raise TooMany(f"That would be {len(wanted)}; you may have {left} more within this hour. Nothing was sent.")
        for language, label, address in wanted:
            _write(edition, language, label, address, by)
    return len(wanted)


def due() -> list[int]:
    """Those that a worker should hear of."""
    now = timezone.now()
    lost = Q(state=State.WAITING, asked_at__lt=now - timedelta(seconds=5))
    dead = Q(state=State.SENDING, claimed_at__lt=now - LEASE)
    return list(Trial.objects.filter(lost | dead).order_by("pk").values_list("pk", flat=True)[:100])


def send(number: int) -> None:
    """Send one. Rung twice, late or in vain: no harm."""
    relay = relays.choose(for_one=True)
    if relay is None or (mailer := relays.open_for_one(relay)) is None:
        return
    with contextlib.closing(mailer):
        if trial := _claim(number):
            _send(trial, relay, mailer)


def _send(trial: Trial, relay: Relay, mailer: Mailer) -> None:
    try:
        message = _message(trial, relay)
    except (guarding.Unrenderable, vault.Unreadable, Misaddressed, ValueError, LookupError) as problem:
        _settle(trial, State.REFUSED, "unmakeable", str(problem) if isinstance(problem, guarding.Unrenderable) else "")
        return
    warming.count(relay)
    (answer,) = mailer.send([message])
    _note(trial, relay, answer)


def forget() -> None:
    """Those of last week."""
    Trial.objects.filter(asked_at__lt=timezone.now() - KEPT).delete()


def join(newsletter: int, label: str, address: str) -> bool:
    """A further team address. False: it is there already. Raises addresses.Malformed."""
    parsed = addresses.parse(address)
    index = vault.blind_index(addresses.unique_form(parsed))
    with transaction.atomic():
        values = {"label": label, "address": b""}
        one, is_new = TeamAddress.objects.get_or_create(newsletter_id=newsletter, address_index=index, defaults=values)
        if is_new:
            one.address = vault.seal(parsed, f"team:{one.pk}:address")
            one.save(update_fields=["address"])
    return is_new


def open_address(one: TeamAddress) -> str:
    """In plain text. Raises vault.Unreadable."""
    return vault.unseal(bytes(one.address), f"team:{one.pk}:address")


def masked(one: TeamAddress) -> str:
    """Enough to know one's own by: "a…@example.org"."""
    local, _, domain = open_address(one).rpartition("@")
    return f"{local[:1]}…@{domain}"


def _write(edition: Edition, language: str, label: str, address: str, by: User) -> None:
    trial = Trial.objects.create(edition=edition, language=language, label=label, by=by)
    Trial.objects.filter(pk=trial.pk).update(address=vault.seal(address, f"trial:{trial.pk}:address"))
    queue.enqueue("email.send_trial", trial.pk)


@transaction.atomic
def _claim(number: int) -> Trial | None:
    """The letter, where it waits and nothing holds it; one whose worker died is settled as unknown."""
    waiting = Trial.objects.select_for_update(of=("self",)).select_related("edition__newsletter")
    trial = waiting.filter(pk=number, state__in=[State.WAITING, State.SENDING]).first()
    if trial is None:
        return None
    if trial.state == State.SENDING:
        if trial.claimed_at and trial.claimed_at < timezone.now() - LEASE:
            _settle(trial, State.UNKNOWN)
        return None
    held = [(Stop.Scope.EVERYTHING, None), (Stop.Scope.NEWSLETTER, trial.edition.newsletter_id)]
    if any((stop.scope, stop.target) in held for stop in stopping.in_force()):
        return None
    trial.state, trial.claimed_at = State.SENDING, timezone.now()
    trial.save(update_fields=["state", "claimed_at"])
    return trial


def _message(trial: Trial, relay: Relay) -> Message:
    """Raises guarding.Unrenderable, LookupError: its language is gone."""
    address = vault.unseal(bytes(trial.address or b""), f"trial:{trial.pk}:address")
    body = _body(trial)
    sender, head, parts = sampling.message(body, trial.edition.newsletter, address, trial.pk)
    keys = () if relay.kind == Relay.Kind.ANYMAIL else signing_keys.of(sender)
    return Message(sender, address, signing.sign(head, parts, keys), parts)


def _body(trial: Trial) -> Body:
    for body in previewing.letters(trial.edition):
        if body.language == trial.language and not body.discreet:
            return body
    raise guarding.Unrenderable(f"There is no letter in {trial.language} any more.")


def _note(trial: Trial, relay: Relay, answer: Answer) -> None:
    match answer:
        case Sent():
            relays.worked(relay)
            _settle(trial, State.SENT)
        case Refused(code=code):
            _settle(trial, State.REFUSED, code)
        case Deferred(code=code):
            _settle(trial, State.DEFERRED, code)
        case Trouble(reason=reason, code=code):
            relays.failed(relay, str(answer))
            log.warning("relay in trouble", extra={"relay": relay.name, "code": code})
            _settle(trial, State.DEFERRED, code, f"The relay {relay.name}: {reason}")
        case _:
            _settle(trial, State.UNKNOWN)


def _settle(trial: Trial, state: str, code: str = "", trouble: str = "") -> None:
    """Its end; the address has served."""
    ours = Trial.objects.filter(pk=trial.pk, state=State.SENDING)
    ours.update(state=state, code=code[:20], trouble=trouble[:300], address=None)
