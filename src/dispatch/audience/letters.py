"""Letters to one address: written as rows here, sent by delivery/letters.py, and the links in them opened again here."""

import secrets
from datetime import timedelta

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from dispatch import queue, vault
from dispatch.audience import addresses, neutral, tokens
from dispatch.audience.models import Letter, Newsletter, Subscriber, Wish

Kind = Letter.Kind
DAY, MONTH = timedelta(days=1), timedelta(days=30)
VALID = {
    Kind.CONFIRM: timedelta(hours=72),
    Kind.PREFERENCES: timedelta(hours=24),
    Kind.OLD_ADDRESS: timedelta(hours=72),
    Kind.NEW_ADDRESS: timedelta(hours=72),
    Kind.KEY: timedelta(days=14),
}
PAGES = {
    Kind.CONFIRM: "confirm",
    Kind.PREFERENCES: "choose",
    Kind.OLD_ADDRESS: "move",
    Kind.NEW_ADDRESS: "move",
    Kind.KEY: "choose",
}
UNASKED = (Kind.CONFIRM, Kind.NEW_ADDRESS)
"""Kinds that a stranger can cause: together one a day and three a month to an address, whoever asks."""
BY_ANYONE = Q(kind__in=UNASKED) | Q(kind=Kind.PREFERENCES, subscriber=None)
"""With them the links that were asked for by an address, not by a reader's own link."""


def may_write(address_index: bytes, kind: str) -> bool:
    """Whether this mailbox may get one more of such letters now: of those that anyone can cause one a day and three a month,
    of those that take a reader's own link three a day."""
    now = timezone.now()
    alike = BY_ANYONE if kind in UNASKED else Q(kind=kind, subscriber__isnull=False)
    before = Letter.objects.filter(alike, address_index=address_index)
    in_a_day = before.filter(written_at__gt=now - DAY).count()
    if kind not in UNASKED:
        return in_a_day < 3
    return in_a_day == 0 and before.filter(written_at__gt=now - MONTH).count() < 3


def write(
    kind: str, newsletter: Newsletter, language: str, address: str, *, subscriber: Subscriber | None = None
) -> Letter:
    """A letter that waits for a worker. It says nothing but what its kind's template says."""
    letter = Letter.objects.create(
        kind=kind,
        newsletter=newsletter,
        language=language,
        subscriber=subscriber,
        address_index=vault.blind_index(addresses.unique_form(address)),
        handle=secrets.token_bytes(8),
        expires_at=timezone.now() + VALID[Kind(kind)],
    )
    Letter.objects.filter(pk=letter.pk).update(address=vault.seal(address, f"letter:{letter.pk}:address"))
    queue.enqueue("email.send_letter", letter.pk)
    return letter


def address(letter: Letter) -> str:
    """Whom a letter that is not settled yet is for. Raises vault.Unreadable."""
    return vault.unseal(bytes(letter.address or b""), f"letter:{letter.pk}:address")


def link(letter: Letter) -> str:
    """The whole address that a letter brings; on the neutral host for those whose letters are discreet."""
    return neutral.site(is_discreet=neutral.is_wished_by(letter.subscriber_id)) + reverse(
        PAGES[Kind(letter.kind)], args=[tokens.token(bytes(letter.handle))]
    )


def sender(letter: Letter) -> str:
    """The address that it comes from, which for those readers tells nothing where the newsroom has one for that."""
    newsletter = letter.newsletter
    is_discreet = bool(newsletter.discreet_address) and neutral.is_wished_by(letter.subscriber_id)
    return newsletter.discreet_address if is_discreet else newsletter.from_address


def opened(token: str, *kinds: str) -> Letter | None:
    """The letter whose link this is, while the link is valid; None for anything else."""
    handle = tokens.handle_of(token)
    valid = Letter.objects.select_related("newsletter", "subscriber").filter(
        kind__in=kinds, expires_at__gt=timezone.now()
    )
    return valid.filter(handle=handle).first() if handle else None


def forget() -> None:
    """Letters that no limit counts any more, and whose links are over."""
    Letter.objects.filter(written_at__lt=timezone.now() - MONTH, expires_at__lt=timezone.now()).delete()


def forget_those_to(indexes: list[bytes]) -> None:
    """All letters to erased addresses, and with them links that could still be used, and whatever was wished for."""
    Wish.objects.filter(address_index__in=indexes).delete()
    Letter.objects.filter(address_index__in=indexes).delete()
