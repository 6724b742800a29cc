"""Signing up. The request keeps a sealed row and answers, whoever asks for whomever; a worker looks at it later.

So neither the answer nor its time can tell whether an address is new, waiting, subscribed or not to be written to, and the
letter that follows is the same for all of them. What the letter's link does is in confirming.py.
"""

import logging
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from dispatch import queue, vault
from dispatch.audience import addresses, budgets, honey, letters, tickets
from dispatch.audience.models import Letter, Newsletter, SignUp, Wish

log = logging.getLogger(__name__)

TAKING = 0x736967  # "sig": the advisory lock of whoever takes sign-ups
KEPT = timedelta(hours=72)
BATCH = 1000
PUT_OFF = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Asked:
    """Forms that name one mailbox and newsletter; the first one's wishes count."""

    newsletter: Newsletter
    wanted: tickets.Wanted
    address: str
    index: bytes
    network: bytes
    forms: list[int] = field(default_factory=list)


def ask(wanted: tickets.Wanted, network: bytes) -> None:
    """Keep what a form brought, without a look at it."""
    key = uuid.uuid4()
    SignUp.objects.create(key=key, content=wanted.sealed(f"sign-up:{key}:content"), network=network)
    queue.enqueue("upkeep.take_sign_ups")


@transaction.atomic
def take() -> bool:
    """Look at what forms brought: a wish each, and one letter a mailbox. True: there may be more of them.

    One worker at a time, so that a mailbox whose address was given twice at once gets one letter.
    """
    if not _is_alone():
        return False
    due = list(SignUp.objects.filter(not_before__lte=timezone.now()).order_by("asked_at", "pk")[:BATCH])
    opened = {form: wanted for form in due if (wanted := _opened(form))}
    held = [form.pk for form in due if form not in opened]
    mailboxes = list(_by_mailbox(opened))
    honey.notice([asked.index for asked in mailboxes], "sign-up")
    held += [number for asked in mailboxes if not _take(asked) for number in asked.forms]
    SignUp.objects.filter(pk__in=held).update(not_before=budgets.next_hour(timezone.now()))
    SignUp.objects.filter(pk__in={one.pk for one in due} - set(held)).delete()
    return len(due) == BATCH


@transaction.atomic
def tell_the_held() -> None:
    """Write to those whose wish came when their mailbox had had its letter of the day, or whose turn has come."""
    if not _is_alone():
        return
    now = timezone.now()
    waiting = Wish.objects.filter(is_told=False, not_before__lte=now, expires_at__gt=now).order_by("not_before")
    put_off = []
    for wish in waiting.select_related("newsletter")[:BATCH]:
        try:
            told = letters.may_write(bytes(wish.address_index), Letter.Kind.CONFIRM) and _write(wish)
        except vault.Unreadable:  # waits for its key, as forms do
            told = False
        if not told:
            put_off.append(wish.pk)  # so that those behind it have their turn
    Wish.objects.filter(pk__in=put_off).update(not_before=now + PUT_OFF)


def forget() -> None:
    """What was not confirmed, or could not be taken, in three days."""
    now = timezone.now()
    Wish.objects.filter(expires_at__lt=now).delete()
    SignUp.objects.filter(asked_at__lt=now - KEPT).delete()
    budgets.forget(now)
    letters.forget()


def address_of(wish: Wish) -> str:
    """The address it was made with. Raises vault.Unreadable."""
    return vault.unseal(bytes(wish.address), f"wish:{wish.pk}:address")


def _opened(form: SignUp) -> tickets.Wanted | None:
    """None: its key is not here. It waits in case that comes back, and holds nobody up."""
    try:
        return tickets.opened(bytes(form.content), f"sign-up:{form.key}:content")
    except vault.Unreadable:
        log.exception("a form cannot be opened", extra={"form": form.pk})
        return None


def _by_mailbox(forms: Mapping[SignUp, tickets.Wanted]) -> Iterable[Asked]:
    """A flood of forms for one mailbox is one matter. What a machine filled in, or no server would take, is left out."""
    newsletters = {newsletter.pk: newsletter for newsletter in Newsletter.objects.filter(active=True)}
    found: dict[tuple[bytes, int, bool], Asked] = {}
    for form, wanted in forms.items():
        address, newsletter = _address(wanted), newsletters.get(wanted.newsletter)
        if address and newsletter:
            index = vault.blind_index(addresses.unique_form(address))
            fresh = Asked(newsletter, wanted, address, index, bytes(form.network))
            asked = found.setdefault((index, newsletter.pk, wanted.is_link), fresh)
            asked.forms.append(form.pk)
    return found.values()


def _take(asked: Asked) -> bool:
    """False: a letter would be due, and this hour has had its share."""
    may_write = letters.may_write(asked.index, Letter.Kind.CONFIRM)
    if may_write and not budgets.spend(asked.network, timezone.now()):
        return False
    if asked.wanted.is_link:
        return _mail_link(asked, may_write=may_write)
    wish = _wish(asked)
    if may_write:
        _write(wish)
    return True


def _mail_link(asked: Asked, *, may_write: bool) -> bool:
    """The same letter to a reader and to a stranger, whose link opens nothing: who watches our mail learns nothing."""
    if may_write:
        letters.write(Letter.Kind.PREFERENCES, asked.newsletter, asked.wanted.language, asked.address)
    return True


def _address(wanted: tickets.Wanted) -> str | None:
    """None: from a machine, or not an address that mail can be sent to."""
    try:
        return None if wanted.is_trapped else addresses.parse(wanted.address)
    except addresses.Malformed:
        return None


def _wish(asked: Asked) -> Wish:
    """What is asked for again is asked for anew. A letter whose link is still open leads to this wish as well."""
    now = timezone.now()
    is_open = Letter.objects.filter(
        address_index=asked.index, kind=Letter.Kind.CONFIRM, used_at=None, expires_at__gt=now
    )
    values = {
        "address": b"",
        "language": asked.wanted.language,
        "topics": list(asked.wanted.topics),
        "expires_at": now + KEPT,
        "is_told": is_open.exists(),
    }
    wish, _ = Wish.objects.update_or_create(address_index=asked.index, newsletter=asked.newsletter, defaults=values)
    wish.address = vault.seal(asked.address, f"wish:{wish.pk}:address")
    wish.save(update_fields=["address"])
    return wish


def _write(wish: Wish) -> bool:
    letters.write(Letter.Kind.CONFIRM, wish.newsletter, wish.language, address_of(wish))
    Wish.objects.filter(address_index=wish.address_index).update(is_told=True)
    return True


def _is_alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [TAKING])
        return bool(cursor.fetchone()[0])
