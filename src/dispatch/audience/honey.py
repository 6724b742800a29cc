"""Readers who do not exist: each export holds some of its own, and any sign of one of them says which file got out.

Of such an address its blind index is kept, with the export it belongs to, and a suppression, so that it is never written to.
"""

import logging
import secrets
from collections.abc import Sequence

from django.conf import settings
from django.utils import timezone

from dispatch import vault
from dispatch.accounts import audit
from dispatch.audience import addresses
from dispatch.audience.models import Export, Honey, Suppression

log = logging.getLogger(__name__)

EACH = 5
"""In one export: enough that some are left where a thief takes a part of it."""
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


def plant(export: Export) -> list[str]:
    """Fresh addresses for this export, at domains that the newsroom owns; none where it names no domain."""
    domains = settings.HONEY_DOMAINS
    made = [f"{_name()}@{secrets.choice(domains)}" for _ in range(EACH)] if domains else []
    indexes = [_index(address) for address in made]
    Honey.objects.bulk_create([Honey(export=export, address_index=index) for index in indexes])
    Suppression.objects.bulk_create(
        [Suppression(address_index=index, reason=Suppression.Reason.REFUSED) for index in indexes],
        ignore_conflicts=True,
    )
    return made


def notice(indexes: Sequence[bytes], where: str) -> list[int]:
    """Whether any of these is one of ours: the exports they belong to, told to the log, the audit log and the desk."""
    if not Honey.objects.exists():
        return []
    found = list(Honey.objects.filter(address_index__in=list(indexes)))
    for one in found:
        if one.seen_at is None:
            Honey.objects.filter(pk=one.pk, seen_at=None).update(seen_at=timezone.now(), seen_in=where)
            audit.record(
                None, "export.leaked", f"export:{one.export_id}", f"an invented reader of it was seen: {where}"
            )
        log.error("an invented reader of an export was seen", extra={"export": one.export_id, "seen_in": where})
    return sorted({one.export_id for one in found})


def notice_addresses(texts: Sequence[str], where: str) -> list[int]:
    """The same by addresses, of which those that are none are left out."""
    return notice([_index(address) for text in texts if (address := _parsed(text))], where)


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
