"""Readers who do not exist: each export and each backup holds some of its own, and any sign of one of them says which file
got out.

Of such an address its blind index is kept, with the file it belongs to, and a suppression, so that it is never written to.
"""

import contextlib
import logging
import secrets
from collections.abc import Iterator, Sequence

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from dispatch import vault
from dispatch.accounts import audit
from dispatch.audience import addresses
from dispatch.audience.models import Honey, Newsletter, Subscriber, Subscription, Suppression

log = logging.getLogger(__name__)

EACH = 5
"""In one file: enough that some are left where a thief takes a part of it."""
NAMES = (
    "alena",
    "andrei",
    "anna",
    "darya",
    "hanna",
    "iryna",
    "kate",
    "maria",
    "maxim",
    "nina",
    "oleg",
    "pavel",
    "vera",
)
WORDS = ("book", "garden", "lake", "letter", "light", "music", "north", "oak", "paper", "river", "snow", "stone")


def plant(file: str) -> list[str]:
    """Fresh addresses for this file, at domains that the newsroom owns; none where it names no domain."""
    made = _fresh()
    _mark(file, made)
    return made


@contextlib.contextmanager
def among_readers(file: str) -> Iterator[int]:
    """Fresh ones stand among the readers while the block runs, so that a snapshot taken in it has them. How many.

    That they are none is written down after it, so the snapshot says nothing of it. Should an audience be frozen in that
    moment, they count in it as readers who left.
    """
    made = _fresh()
    newsletters = list(Newsletter.objects.filter(active=True)) if made else []
    lent = [_lend(address, secrets.choice(newsletters)) for address in made if newsletters]
    try:
        yield len(lent)
    finally:
        with transaction.atomic():
            _mark(file, made[: len(lent)])
            Subscriber.objects.filter(pk__in=lent).delete()


def forget_restored() -> int:
    """Take those out again that came back with a backup. How many: every reader at a domain that is the newsroom's own."""
    ends = tuple(f"@{domain}" for domain in settings.HONEY_DOMAINS)
    if not ends:
        return 0
    readers = Subscriber.objects.only("pk", "address").iterator(1000)
    found = [one.pk for one in readers if _address_of(one).endswith(ends)]
    Subscriber.objects.filter(pk__in=found).delete()
    return len(found)


def notice(indexes: Sequence[bytes], where: str) -> list[str]:
    """Whether any of these is one of ours: the files they belong to, told to the log, the audit log and the desk."""
    if not Honey.objects.exists():
        return []
    found = list(Honey.objects.filter(address_index__in=list(indexes)))
    for one in found:
        if one.seen_at is None:
            Honey.objects.filter(pk=one.pk, seen_at=None).update(seen_at=timezone.now(), seen_in=where)
            kind = one.file.partition(":")[0]
            audit.record(None, f"{kind}.leaked", one.file, f"an invented reader of it was seen: {where}")
        log.error("an invented reader of a file was seen", extra={"file": one.file, "seen_in": where})
    return sorted({one.file for one in found})


def notice_addresses(texts: Sequence[str], where: str) -> list[str]:
    """The same by addresses, of which those that are none are left out."""
    return notice([_index(address) for text in texts if (address := _parsed(text))], where)


def called(file: str) -> str:
    """Such as "Export 12", "Backup 2026-11-23 14:00:05"."""
    kind, _, which = file.partition(":")
    return f"{kind.title()} {which}"


def _fresh() -> list[str]:
    domains = settings.HONEY_DOMAINS
    return [f"{_name()}@{secrets.choice(domains)}" for _ in range(EACH)] if domains else []


def _mark(file: str, made: list[str]) -> None:
    indexes = [_index(address) for address in made]
    Honey.objects.bulk_create([Honey(file=file, address_index=index) for index in indexes])
    Suppression.objects.bulk_create(
        [Suppression(address_index=index, reason=Suppression.Reason.REFUSED) for index in indexes],
        ignore_conflicts=True,
    )


@transaction.atomic
def _lend(address: str, newsletter: Newsletter) -> int:
    reader = Subscriber.objects.create(address=b"", address_index=_index(address))
    Subscriber.objects.filter(pk=reader.pk).update(address=vault.seal(address, f"subscriber:{reader.pk}:address"))
    Subscription.objects.create(
        subscriber=reader,
        newsletter=newsletter,
        language=secrets.choice(newsletter.languages or ["en"]),
        handle=secrets.token_bytes(8),
        consented_at=timezone.now(),
        consent_source="form, confirmed by mail",
    )
    return reader.pk


def _address_of(reader: Subscriber) -> str:
    return vault.unseal(bytes(reader.address), f"subscriber:{reader.pk}:address").lower()


def _name() -> str:
    """Such as people choose; a million of them, so that none is guessed and hardly one made twice."""
    return f"{secrets.choice(NAMES)}.{secrets.choice(WORDS)}{secrets.randbelow(9000) + 1000}"


def _parsed(text: str) -> str:
    try:
        return addresses.parse(text)
    except addresses.Malformed:
        return ""


def _index(address: str) -> bytes:
    return vault.blind_index(addresses.unique_form(address))
