"""A lost second factor: its owner asks, one administrator grants, another agrees, a day passes; then they set up a new
one.

Whoever asks may be a thief who knows an address, so asking alone does nothing, and the owner learns of each step by
mail, with a way to stop it. Whoever grants may be one person under pressure: they are never enough, and the waiting
time is the newsroom's. Signing in with the factor shows that it is not lost, and ends the matter. A page learns nothing
of who exists: what is typed is kept as a keyed hash, for everybody alike, and looked at later.
"""

import hmac
from datetime import timedelta

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.dispatch import Signal
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from dispatch import queue, vault
from dispatch.accounts import audit, proof, signing_in
from dispatch.accounts.models import AuditEntry, LostFactor, Role, User

State = LostFactor.State
OPEN = (State.ASKED, State.GRANTED, State.AGREED)
VALID = timedelta(days=3)
"""How long it waits for the two."""
AGAIN = timedelta(days=1)
"""After the last one's end the page brings no new one before: a stranger cannot fill a mailbox."""
MOST_UNREAD = 200
"""Asked and not looked at yet; further ones are forgotten, as anybody can ask."""
PURPOSE = "stop a lost factor"

told = Signal()
"""A step was taken: `user`, `step` (a state, or "terminal") and `request` (a LostFactor, or None). Inside the transaction."""


class NotYours(Exception):
    """This person may not take this step; the text says why."""


def ask(address: str) -> None:
    """Whatever was typed: the same work, whoever it belongs to."""
    if LostFactor.objects.filter(state=State.UNREAD).count() < MOST_UNREAD:
        with transaction.atomic():
            made = LostFactor.objects.create(asked_as=_hash(address))
            queue.enqueue("upkeep.read_lost_factor", made.pk)


def read(number: int) -> None:
    """Find whose it is, and tell them; nobody's is forgotten. Rung twice: no harm."""
    with transaction.atomic():
        one = LostFactor.objects.select_for_update().filter(pk=number, state=State.UNREAD).first()
        if one is None:
            return
        owner = _owner(bytes(one.asked_as))
        if owner is None or not proof.has(owner) or not _may_begin(owner):
            one.delete()
            return
        one.user, one.state, one.asked_as = owner, State.ASKED, b""
        one.save()
        audit.record(None, "account.factor_lost", f"user:{owner.pk}", "asked for at the sign-in")
        told.send(LostFactor, user=owner, step=State.ASKED, request=one)


def unread() -> list[int]:
    """What a worker should hear of."""
    return list(LostFactor.objects.filter(state=State.UNREAD).order_by("pk").values_list("pk", flat=True))


def grant(who: User, by: User, reason: str) -> LostFactor:
    """The first of the two, who has made sure that it is them, whether they asked here or by telephone. Raises NotYours."""
    _require_another(who, by)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=who.pk)  # two who grant at once do it one after the other
        one = LostFactor.objects.filter(user=who, state__in=OPEN).first()
        if one is not None and one.state != State.ASKED:
            raise NotYours("Somebody has granted it already: see above.")
        one = one or LostFactor(user=who, asked_as=b"")
        one.state, one.granted_by, one.granted_at = State.GRANTED, by, timezone.now()
        one.save()
        audit.record(by, "account.factor_granted", f"user:{who.pk}", reason)
        told.send(LostFactor, user=who, step=State.GRANTED, request=one)
    return one


def agree(number: int, by: User, reason: str) -> bool:
    """The second; from now on it waits. False: the world had moved on. Raises NotYours."""
    with transaction.atomic():
        rows = LostFactor.objects.select_for_update(of=("self",)).select_related("user")
        one = rows.filter(pk=number, state=State.GRANTED).first()
        if one is None or one.user is None:
            return False
        _require_another(one.user, by)
        if one.granted_by_id == by.pk:
            raise NotYours("You granted it: another administrator agrees.")
        _require_older(by, one)
        one.state, one.agreed_by, one.due_at = State.AGREED, by, timezone.now() + settings.LOST_FACTOR_WAIT
        one.save()
        audit.record(by, "account.factor_agreed", f"user:{one.user.pk}", reason)
        told.send(LostFactor, user=one.user, step=State.AGREED, request=one)
    return True


def stop(number: int, by: User | None, reason: str) -> bool:
    """By its owner, or an administrator. False: it is over."""
    with transaction.atomic():
        rows = LostFactor.objects.select_for_update(of=("self",)).select_related("user")
        one = rows.filter(pk=number, state__in=OPEN).first()
        if one is None or one.user is None:
            return False
        one.state, one.ended_at = State.STOPPED, timezone.now()
        one.save()
        audit.record(by, "account.factor_kept", f"user:{one.user.pk}", reason)
        told.send(LostFactor, user=one.user, step=State.STOPPED, request=one)
    return True


def carry_out() -> None:
    """What has waited long enough: the factor and its recovery codes go, every session and program of theirs ends."""
    due = LostFactor.objects.filter(state=State.AGREED, due_at__lte=timezone.now())
    for number in list(due.values_list("pk", flat=True)):
        with transaction.atomic():
            rows = LostFactor.objects.select_for_update(of=("self",)).select_related("user", "agreed_by")
            one = rows.filter(pk=number, state=State.AGREED).first()
            if one is None or one.user is None:
                continue
            take_away(one.user, one.agreed_by, "two agreed, and the time passed", State.DONE, one)


@transaction.atomic
def take_away(
    who: User, by: User | None, reason: str, step: str = "terminal", request: LostFactor | None = None
) -> None:
    """Now: by the terminal, or once two have agreed. Their sessions end, and at the next sign-in they set up another."""
    signing_in.sign_out(who, by, "second factor lost")
    proof.forget(who, by, reason)
    open_ones = LostFactor.objects.filter(user=who, state__in=OPEN)  # else it would come for the new one, too
    open_ones.update(state=State.DONE, ended_at=timezone.now())
    told.send(LostFactor, user=who, step=step, request=request)


def forget() -> None:
    """Those that nobody saw to in time end, and what is long over goes; the audit log keeps what was done."""
    now = timezone.now()
    late = LostFactor.objects.filter(state__in=[State.ASKED, State.GRANTED], asked_at__lt=now - VALID)
    late.update(state=State.OVER, ended_at=now)
    LostFactor.objects.filter(ended_at__lt=now - 30 * VALID).delete()


def signed_in(request: HttpRequest, user: User, **_: object) -> None:
    """Told by allauth when somebody is in: whoever shows a factor has not lost it (who shows a recovery code may have)."""
    records = get_authentication_records(request, user)
    ways = {record.get("type") for record in records if record["method"] == "mfa"}
    if ways & {kind.value for kind in proof.FACTORS}:
        _stop_all(user, "signed in with it")


def added(user: User, authenticator: Authenticator, **_: object) -> None:
    """Told by allauth when somebody set one up: whoever got in by a recovery code has helped themselves."""
    if authenticator.type in proof.FACTORS:
        _stop_all(user, "set up another")


def stop_path(number: int) -> str:
    """Where its owner stops it: made of its number and a keyed hash, so that nothing is kept of it."""
    return reverse("lost_factor_stop", args=[number, _token(number)])


def is_stop_token(number: int, token: str) -> bool:
    """Whether a mail of ours gave it out."""
    return hmac.compare_digest(_token(number).encode(), token.encode())


def administrators() -> int:
    """How many could see to it."""
    return User.objects.filter(is_active=True, role=Role.ADMINISTRATOR).count()


def _stop_all(user: User, why: str) -> None:
    for number in list(LostFactor.objects.filter(user=user, state__in=OPEN).values_list("pk", flat=True)):
        stop(number, user, why)


def _owner(asked_as: bytes) -> User | None:
    everybody = User.objects.filter(is_active=True)
    return next((one for one in everybody if hmac.compare_digest(_hash(one.email), asked_as)), None)


def _may_begin(owner: User) -> bool:
    theirs = LostFactor.objects.filter(user=owner)
    recent = timezone.now() - AGAIN
    return not theirs.filter(state__in=OPEN).exists() and not theirs.filter(ended_at__gt=recent).exists()


def _require_another(who: User, by: User) -> None:
    if who == by:
        raise NotYours("Not your own: two other administrators do that. Nothing was changed.")


def _require_older(by: User, one: LostFactor) -> None:
    """Whoever grants must not make the second one for the purpose."""
    made = AuditEntry.objects.filter(target=f"user:{by.pk}", act=f"account.role.{Role.ADMINISTRATOR}")
    if made.filter(at__gte=one.asked_at).exists():
        raise NotYours("You became an administrator after it was asked for: one who was it before agrees.")


def _hash(address: str) -> bytes:
    return vault.mac("lost factor", address.strip().casefold().encode(errors="replace"))


def _token(number: int) -> str:
    return vault.mac(PURPOSE, str(number).encode()).hex()[:32]
