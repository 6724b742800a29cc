"""Relays: where mail is handed over, and the breaker that keeps a bad one from burning readers."""

import random
import time
from collections import defaultdict, deque
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.models import QuerySet

from dispatch import env, vault
from dispatch.delivery import statements
from dispatch.delivery.mailers import relay_url
from dispatch.delivery.mailers.anymail import BACKENDS, Anymail
from dispatch.delivery.mailers.base import Mailer
from dispatch.delivery.mailers.fake import Fake
from dispatch.delivery.mailers.smtp import Smtp
from dispatch.delivery.models import Relay

OPENS_AFTER = 5
"""Failures in a row."""
RECENT, TOO_MANY = 50, 10
"""Or as many of a process's last letters through a relay."""
ANEW = 1.0
"""Seconds after which a letter that went well is said to the other workers again: their failures are in a row no more."""
FIRST_PROBE, LONGEST_WAIT = timedelta(seconds=30), timedelta(minutes=15)
Unusable = relay_url.Unusable


def save(name: str, url: str) -> Relay:
    """Add a relay, or change its address. Raises Unusable."""
    kind = mailer_of(url)[0]
    sealed = vault.seal(url, f"relay:{name}:url")
    relay, _ = Relay.objects.update_or_create(name=name, defaults={"url": sealed, "kind": kind})
    return relay


def ensure_default() -> None:
    """The relay that DISPATCH_RELAY_URL names, where it is set."""
    if url := env.text("DISPATCH_RELAY_URL", ""):
        save("default", url)


def choose(wanted: int = 0) -> Relay | None:
    """A relay that takes mail now: one whose breaker is closed, or one to probe. None: every one is out of order.

    `wanted`: a person chose this one, and no other is taken while it is switched on.
    """
    active = Relay.objects.filter(active=True).order_by("pk")
    if wanted and active.filter(pk=wanted).exists():
        active = active.filter(pk=wanted)
    return active.filter(breaker=Relay.Breaker.CLOSED).first() or _to_probe(active)


def next_probe() -> datetime:
    """When it is worth asking again after `choose` found nothing."""
    waiting = Relay.objects.filter(active=True, probe_at__isnull=False).order_by("probe_at").first()
    return (waiting.probe_at if waiting else None) or statements.now() + FIRST_PROBE


def open_mailer(relay: Relay) -> Mailer:
    """Something that sends through it."""
    return mailer_of(vault.unseal(bytes(relay.url), f"relay:{relay.name}:url"))[1]


def worked(relay: Relay) -> None:
    """It took a message: whatever was wrong is over."""
    _recent[relay.pk].append(False)
    if relay.failures or relay.breaker != Relay.Breaker.CLOSED:
        relay.failures, relay.opened_times, relay.probe_at, relay.trouble = 0, 0, None, ""
        relay.breaker = Relay.Breaker.CLOSED
        relay.save(update_fields=["breaker", "failures", "opened_times", "probe_at", "trouble"])
    elif time.monotonic() >= _said_well[relay.pk] + ANEW:
        _said_well[relay.pk] = time.monotonic()
        Relay.objects.filter(pk=relay.pk, breaker=Relay.Breaker.CLOSED, failures__gt=0).update(failures=0)


def failed(relay: Relay, reason: str) -> bool:
    """It failed as a relay. After five in a row, ten of fifty, or a failed probe, its breaker opens for a while, longer each
    time.

    Whether it is open now, by this failure or another worker's.
    """
    recent = _recent[relay.pk]
    recent.append(True)
    with transaction.atomic():
        relay.refresh_from_db(from_queryset=Relay.objects.select_for_update())
        relay.failures, relay.trouble = relay.failures + 1, reason[:300]
        is_enough = relay.failures >= OPENS_AFTER or sum(recent) >= TOO_MANY or relay.breaker == Relay.Breaker.HALF_OPEN
        if is_enough and relay.breaker != Relay.Breaker.OPEN:
            relay.breaker, relay.probe_at = Relay.Breaker.OPEN, statements.now() + _wait(relay.opened_times)
            relay.opened_times += 1
            recent.clear()
        relay.save(update_fields=["failures", "trouble", "breaker", "probe_at", "opened_times"])
    return relay.breaker == Relay.Breaker.OPEN


def mailer_of(url: str) -> tuple[str, Mailer]:
    """The kind and the mailer of an address: smtp://user:password@host:587?security=starttls, smtps://…,
    anymail+brevo://?api_key=…, fake://. Raises Unusable."""
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    if parts.scheme in relay_url.PORTS:
        return Relay.Kind.SMTP, Smtp(relay_url.parse(url))
    if parts.scheme.startswith("anymail+"):
        provider = parts.scheme.removeprefix("anymail+").replace("-", "_")
        if provider not in BACKENDS:
            raise Unusable(f"there is no provider {provider}; known are {', '.join(sorted(BACKENDS))}")
        try:
            return Relay.Kind.ANYMAIL, Anymail(provider, options)
        except ImproperlyConfigured as error:  # a key or a library is missing; anymail's first line says which
            raise Unusable(str(error).strip().partition("\n")[0].rstrip(".")) from error
    if parts.scheme == "fake":
        return Relay.Kind.FAKE, Fake()
    raise Unusable("it begins with smtp://, smtps:// or anymail+PROVIDER://")


def _to_probe(active: QuerySet[Relay]) -> Relay | None:
    """One worker tries an open relay whose time has come; the others wait for what it finds, and try if it never says."""
    with transaction.atomic():
        due = active.exclude(breaker=Relay.Breaker.CLOSED).filter(probe_at__lte=statements.now())
        relay = due.select_for_update(skip_locked=True).first()
        if relay is not None:
            relay.breaker, relay.probe_at = Relay.Breaker.HALF_OPEN, statements.now() + FIRST_PROBE
            relay.save(update_fields=["breaker", "probe_at"])
    return relay


_recent: defaultdict[int, deque[bool]] = defaultdict(lambda: deque(maxlen=RECENT))
"""By relay, whether it failed: what this process saw last."""
_said_well: defaultdict[int, float] = defaultdict(lambda: -ANEW)
"""By relay, on the monotonic clock."""


def _wait(opened_times: int) -> timedelta:
    longer: timedelta = min(FIRST_PROBE * 2 ** min(opened_times, 10), LONGEST_WAIT)
    return longer * random.uniform(0.8, 1.2)  # noqa: S311 - jitter
