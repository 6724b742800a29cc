"""Relays: where mail is handed over, and the breaker that keeps a bad one from burning readers."""

import random
import time
from collections import defaultdict, deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from dispatch import env, vault
from dispatch.delivery import berths, statements, warming
from dispatch.delivery.mailers import relay_url, shelf
from dispatch.delivery.mailers.anymail import Anymail
from dispatch.delivery.mailers.base import Mailer, Room
from dispatch.delivery.mailers.fake import Fake
from dispatch.delivery.mailers.provider import BACKENDS
from dispatch.delivery.mailers.smtp import Smtp
from dispatch.delivery.models import Chunk, Relay

OPENS_AFTER = 5
"""Failures in a row."""
RECENT, TOO_MANY = 50, 10
"""Or as many of a process's last letters through a relay."""
ANEW = 1.0
"""Seconds after which a letter that went well is said to the other workers again: their failures are in a row no more."""
FIRST_PROBE, LONGEST_WAIT = timedelta(seconds=30), timedelta(minutes=15)
HEAVIEST = 1000
Unusable = relay_url.Unusable
Breaker = Relay.Breaker


def save(name: str, url: str) -> Relay:
    """Add a relay, or change its address. Raises Unusable."""
    kind = mailer_of(url)[0]
    sealed = vault.seal(url, f"relay:{name}:url")
    relay, _ = Relay.objects.update_or_create(name=name, defaults={"url": sealed, "kind": kind, "dane": None})
    wake()
    return relay


def ensure_default() -> None:
    """The relay that DISPATCH_RELAY_URL names, where it is set. Raises env.Misconfigured."""
    if url := env.text("DISPATCH_RELAY_URL", ""):
        try:
            save("default", url)
        except Unusable as problem:
            raise env.Misconfigured(f"DISPATCH_RELAY_URL cannot be used: {problem}. See docs/relays.md.") from problem


def choose(
    relay: int | None = None, tie: str = "", *, for_one: bool = False, besides: Collection[int] = ()
) -> Relay | None:
    """A relay that takes mail now, by weight; or one to try again, whose time has come. None: nobody takes it now.

    `relay` and `tie` as a chunk has them. For a single letter that somebody waits for, nothing is tried that may fail while
    another relay takes mail, and a warm-up's ceiling counts only while another has room. None of those `besides`.
    """
    known = [one for one in _of(relay, tie) if one.pk not in besides]
    takes = [one for one in known if one.breaker == Breaker.CLOSED]
    roomy = [one for one in takes if warming.left(one) != 0]
    takes = (roomy or takes) if for_one else roomy
    if not (for_one and takes) and (on_trial := _to_probe(known)):
        return on_trial
    wished = [one for one in takes if one.pk == relay and tie]
    return next(iter(wished), None) or _by_weight(takes)


def in_turn() -> Iterator[Relay]:
    """Every relay that takes mail, the heaviest first; where none does, one to try again, if its time has come. For a message
    that goes on to the next where one does not take it."""
    takes = Relay.objects.filter(active=True, breaker=Breaker.CLOSED).order_by("-weight", "pk")
    yield from list(takes) or filter(None, [choose(for_one=True)])


def next_probe(relay: int | None = None, tie: str = "") -> datetime:
    """When it is worth asking again after `choose` found nothing."""
    known = _of(relay, tie)
    moments = [one.probe_at for one in known if one.breaker != Breaker.CLOSED and one.probe_at]
    if any(one.breaker == Breaker.CLOSED and warming.left(one) == 0 for one in known):
        moments.append(warming.tomorrow())
    return min(moments, default=None) or statements.now() + FIRST_PROBE


def again_at(relay: int | None = None, tie: str = "") -> datetime | None:
    """When a chunk that a relay did not take may try again; None: at once, since a relay takes mail."""
    takes = any(one.breaker == Breaker.CLOSED and warming.left(one) != 0 for one in _of(relay, tie))
    return None if takes else next_probe(relay, tie)


def by_smtp() -> int | None:
    """One in use that carries a letter as it is, byte for byte."""
    return (
        Relay.objects.filter(active=True)
        .exclude(kind=Relay.Kind.ANYMAIL)
        .order_by("pk")
        .values_list("pk", flat=True)
        .first()
    )


def weigh(relay: Relay, weight: int) -> None:
    """Its share of the mail beside other relays'; 0: only while no other takes mail. Raises Unusable."""
    if not 0 <= weight <= HEAVIEST:
        raise Unusable(f"a weight is a whole number from 0 (stands by) to {HEAVIEST}")
    Relay.objects.filter(pk=relay.pk).update(weight=weight)
    wake()


def pause(relay: Relay) -> bool:
    """Nothing new goes to it; what is under way is still answered. False: it was not in use."""
    return bool(Relay.objects.filter(pk=relay.pk, active=True).update(active=False))


def resume(relay: Relay) -> bool:
    """It takes mail again. False: it did already."""
    is_new = bool(Relay.objects.filter(pk=relay.pk, active=False).update(active=True))
    wake()
    return is_new


def move(send: int, to: Relay, numbers: Sequence[int] | None = None) -> int:
    """What waits of a send's chunks (`numbers`: of those) goes to another relay from now on, while that one takes mail. How
    many chunks. Letters that a relay may have already stay with it, and so does what a worker holds."""
    waiting = Chunk.objects.filter(send=send, state=Chunk.State.PENDING).exclude(tie=Chunk.Tie.ONLY)
    if numbers is not None:
        waiting = waiting.filter(number__in=numbers)
    return waiting.update(relay=to, tie=Chunk.Tie.WISH, not_before=None, rung_at=statements.to_be_rung())


def wake() -> None:
    """More may leave than was known: what waits for a relay is looked at again."""
    waiting = Chunk.objects.filter(state=Chunk.State.PENDING, not_before__gt=statements.now())
    waiting.update(not_before=None, rung_at=statements.to_be_rung())


def open_mailer(relay: Relay, room: Room | None = None) -> Mailer:
    """Something that sends through it; `room`: with so many connections."""
    return mailer_of(vault.unseal(bytes(relay.url), f"relay:{relay.name}:url"), room, relay.name)[1]


def open_for_one(relay: Relay) -> Mailer | None:
    """The same for one letter that somebody waits for. None: it has no connection to spare just now."""
    if not berths.is_limited(relay):
        return open_mailer(relay)
    _, resting = connections(relay)
    room = berths.for_one(relay, resting)
    return None if room is None else open_mailer(relay, room)


def connections(relay: Relay) -> tuple[int, int]:
    """How many this process uses at most, and how many of them rest now; those to a provider end with their chunk."""
    mailer = open_mailer(relay)
    if isinstance(mailer, Smtp):
        return mailer.relay.connections, shelf.count(mailer.relay)
    return (mailer.connections if isinstance(mailer, Anymail) else 1), 0


def worked(relay: Relay) -> None:
    """It took a message: whatever was wrong is over."""
    _recent[relay.pk].append(False)
    if relay.failures or relay.breaker != Breaker.CLOSED:
        relay.failures, relay.opened_times, relay.probe_at, relay.trouble = 0, 0, None, ""
        relay.breaker, relay.opened_at = Breaker.CLOSED, None
        relay.save(update_fields=["breaker", "failures", "opened_times", "opened_at", "probe_at", "trouble"])
    elif time.monotonic() >= _said_well[relay.pk] + ANEW:
        _said_well[relay.pk] = time.monotonic()
        Relay.objects.filter(pk=relay.pk, breaker=Breaker.CLOSED, failures__gt=0).update(failures=0)


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
        is_enough = relay.failures >= OPENS_AFTER or sum(recent) >= TOO_MANY or relay.breaker == Breaker.HALF_OPEN
        if is_enough and relay.breaker != Breaker.OPEN:
            relay.breaker, relay.probe_at = Breaker.OPEN, statements.now() + _wait(relay.opened_times)
            relay.opened_times, relay.opened_at = relay.opened_times + 1, relay.opened_at or statements.now()
            recent.clear()
        relay.save(update_fields=["failures", "trouble", "breaker", "probe_at", "opened_times", "opened_at"])
    return relay.breaker == Breaker.OPEN


def mailer_of(url: str, room: Room | None = None, name: str = "") -> tuple[str, Mailer]:
    """The kind and the mailer of an address: smtp://user:password@host:587?security=starttls, smtps://…,
    anymail+brevo://?api_key=…, fake://. Connections are told of under `name`, where there is one. Raises Unusable."""
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    if parts.scheme in relay_url.PORTS:
        return Relay.Kind.SMTP, Smtp(replace(relay_url.parse(url), name=name), room)
    if parts.scheme.startswith("anymail+"):
        provider = parts.scheme.removeprefix("anymail+").replace("-", "_")
        if provider not in BACKENDS:
            raise Unusable(f"there is no provider {provider}; known are {', '.join(sorted(BACKENDS))}")
        try:
            return Relay.Kind.ANYMAIL, Anymail(provider, options, room, name)
        except ImproperlyConfigured as error:  # a key or a library is missing; anymail's first line says which
            raise Unusable(str(error).strip().partition("\n")[0].rstrip(".")) from error
    if parts.scheme == "fake":
        return Relay.Kind.FAKE, Fake(room=room)
    raise Unusable("it begins with smtp://, smtps:// or anymail+PROVIDER://")


def _of(relay: int | None, tie: str) -> list[Relay]:
    """Those in use that may have the letters of a chunk."""
    active = Relay.objects.filter(active=True).order_by("pk")
    return list(active.filter(pk=relay or 0) if tie == Chunk.Tie.ONLY else active)


def _by_weight(relays: list[Relay]) -> Relay | None:
    """Where none has a weight, the first stands in for all."""
    weights = [one.weight for one in relays]
    if not any(weights):
        return next(iter(relays), None)
    return random.choices(relays, weights)[0]  # noqa: S311 - a share, no secret


def _to_probe(known: list[Relay]) -> Relay | None:
    """One worker tries an open relay whose time has come; the others wait for what it finds, and try if it never says."""
    broken = [one.pk for one in known if one.breaker != Breaker.CLOSED and warming.left(one) != 0]
    if not broken:
        return None
    with transaction.atomic():
        due = Relay.objects.filter(pk__in=broken, active=True, probe_at__lte=statements.now())
        due = due.exclude(breaker=Breaker.CLOSED).order_by("pk")
        relay = due.select_for_update(skip_locked=True).first()
        if relay is not None:
            relay.breaker, relay.probe_at = Breaker.HALF_OPEN, statements.now() + FIRST_PROBE
            relay.save(update_fields=["breaker", "probe_at"])
    return relay


_recent: defaultdict[int, deque[bool]] = defaultdict(lambda: deque(maxlen=RECENT))
"""By relay, whether it failed: what this process saw last."""
_said_well: defaultdict[int, float] = defaultdict(lambda: -ANEW)
"""By relay, on the monotonic clock."""


def _wait(opened_times: int) -> timedelta:
    longer: timedelta = min(FIRST_PROBE * 2 ** min(opened_times, 10), LONGEST_WAIT)
    return longer * random.uniform(0.8, 1.2)  # noqa: S311 - jitter
