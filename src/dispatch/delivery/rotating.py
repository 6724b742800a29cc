"""A sending domain's next pair of DKIM keys: published first, signing once the DNS has shown it for a while. The older pair
is kept until no letter that it signed can be on its way, then destroyed, and forgotten once its records are out of the DNS.

Each step is a compare-and-set, so it does not matter how often, or by how many, this is done.
"""

from datetime import datetime, timedelta
from itertools import groupby

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from dispatch import saying
from dispatch.accounts import audit
from dispatch.delivery import signing_keys
from dispatch.delivery.domains import asking, dkim
from dispatch.delivery.reputation import DkimKey


def rotate(domain: str, selector: str) -> list[DkimKey]:
    """A pair that signs as soon as the DNS shows it: one that is off, or a new one. Raises signing_keys.Unusable."""
    where = signing_keys.a_labels(domain)
    of_domain = DkimKey.objects.filter(domain=where)
    if waiting := of_domain.exclude(wanted_at=None).exclude(pair=selector).first():
        raise signing_keys.Unusable(
            f"{where} waits for {waiting.pair} already; dispatch dkim check {where} says for what"
        )
    if of_domain.filter(pair=selector, active=True).exists():
        raise signing_keys.Unusable(f"{selector} signs already; choose another selector with --selector")
    if of_domain.filter(pair=selector, private__isnull=True).exists():
        raise signing_keys.Unusable(f"{selector} is over; choose another selector with --selector")
    if not of_domain.filter(pair=selector).exists():
        signing_keys.make(where, selector)
    of_domain.filter(pair=selector).update(wanted_at=timezone.now(), seen_at=None, retired_at=None)
    audit.record(None, "dkim.rotate", f"domain:{where}", selector)
    return list(of_domain.filter(pair=selector).order_by("pk"))


def is_under_way() -> bool:
    """Whether a pair waits for anything but its record to go, which the nightly look sees."""
    over = Q(retired_at__lt=timezone.now() - _grace(), active=False, private__isnull=False)
    return DkimKey.objects.filter(Q(wanted_at__isnull=False) | over).exists()


def advance() -> None:
    """Take each pair as far as the DNS and its time allow. What the DNS does not answer waits for the next look."""
    now = timezone.now()
    waiting = DkimKey.objects.filter(wanted_at__isnull=False).order_by("domain", "pair", "pk")
    for (domain, pair), keys in groupby(waiting, key=lambda key: (key.domain, key.pair)):
        _look(domain, pair, list(keys), now)
    for key in DkimKey.objects.filter(retired_at__lt=now - _grace(), active=False).order_by("pk"):
        _retire(key)


def begins_at(key: DkimKey) -> datetime | None:
    """When a pair that is seen begins to sign; None: it is not seen yet."""
    return key.seen_at + _settling() if key.seen_at else None


def is_over_at(key: DkimKey) -> datetime | None:
    """When a retired key is destroyed."""
    return key.retired_at + _grace() if key.retired_at else None


def words(key: DkimKey) -> str:
    """How far a key is, for people."""
    if key.active:
        return "signs"
    if key.wanted_at:
        begins = begins_at(key)
        return f"signs {saying.ago(begins)} if it stays in the DNS" if begins else "waits to be published"
    if key.private is None:
        return "destroyed; its record can go"
    if key.retired_at:
        return f"retired; is destroyed {saying.ago(is_over_at(key))}"
    return "off"


def _look(domain: str, pair: str, keys: list[DkimKey], now: datetime) -> None:
    ours = DkimKey.objects.filter(domain=domain, pair=pair, wanted_at__isnull=False)
    try:
        are_there = all(dkim.stands(key) for key in keys)
    except asking.Silent:
        return
    if not are_there:
        ours.update(seen_at=None)
        return
    ours.filter(seen_at=None).update(seen_at=now)
    since = ours.order_by("-seen_at").values_list("seen_at", flat=True).first()
    if since is not None and now - since >= _settling():
        signing_keys.turn(domain, pair)
        audit.record(None, "dkim.on", f"domain:{domain}", f"{pair}, by rotation")


def _retire(key: DkimKey) -> None:
    """Its private half first: with it gone, nobody can sign with a record that nobody took out of the DNS."""
    if DkimKey.objects.filter(pk=key.pk, active=False, private__isnull=False).update(private=None):
        audit.record(None, "dkim.destroy", f"domain:{key.domain}", key.host)
    try:
        is_there = dkim.is_there(key)
    except asking.Silent:
        return
    if not is_there:
        DkimKey.objects.filter(pk=key.pk, active=False, private__isnull=True).delete()


def _settling() -> timedelta:
    return timedelta(hours=settings.DKIM["settle_hours"])


def _grace() -> timedelta:
    return timedelta(days=settings.DKIM["grace_days"])
