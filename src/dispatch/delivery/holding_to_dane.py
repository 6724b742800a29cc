"""Whether relays whose addresses ask for DANE can be held to it: looked at before a letter depends on it.

A resolver that is not believed, or verifies nothing, changes nothing that anybody would see by itself: with dane=yes mail
leaves as without DANE, with dane=must it waits.
"""

import dataclasses
from dataclasses import dataclass

from django.conf import settings

from dispatch import vault
from dispatch.delivery import relays
from dispatch.delivery.domains import asking
from dispatch.delivery.mailers import dane
from dispatch.delivery.mailers.dialling import Relay as Address
from dispatch.delivery.mailers.smtp import Smtp
from dispatch.delivery.models import Relay

HELD, UNHELD, WAITS = "held", "unheld", "waits"
AS_WITHOUT = "Its mail leaves as without DANE: encrypted, and any authority may vouch for the certificate."
RESOLVER = (
    "Run a resolver that verifies DNSSEC on this machine (apt install unbound), or name one on your own network in "
    "DISPATCH_DNS. docs/relays.md says whose word counts."
)


@dataclass(frozen=True)
class Held:
    """How it stands with one relay, and what to do."""

    standing: str  # held, unheld (used as without DANE) or waits (not used)
    words: str
    todo: str = ""


def look_at_all() -> None:
    """Look at each relay, and keep what was seen with it."""
    for relay in Relay.objects.filter(active=True, kind=Relay.Kind.SMTP):
        keep(relay)


def keep(relay: Relay) -> Held | None:
    """Look at one, keep it, and say it. None: its address does not ask for DANE, or cannot be read."""
    try:
        mailer = relays.open_mailer(relay)
    except (relays.Unusable, vault.Unreadable):
        return None
    seen = look(relay.name, mailer.relay) if isinstance(mailer, Smtp) else None
    Relay.objects.filter(pk=relay.pk).update(dane=seen and dataclasses.asdict(seen))
    return seen


def kept(relay: Relay) -> Held | None:
    """What was seen last."""
    return Held(**relay.dane) if relay.dane else None


def look(name: str, address: Address) -> Held | None:
    """The DNS is asked anew, whatever is remembered of it."""
    if address.dane == "no":
        return None
    dane.forget(address.host, address.port)
    try:
        found = dane.look(address.host, address.port)
    except asking.Silent as silent:
        return _silent(name, address, str(silent))
    if isinstance(found, dane.Demand):
        return Held(HELD, f"Held to the DNS: {found.name} says which certificate is the relay's, and DNSSEC proves it.")
    mine = asking.distrust()
    why = mine or found.why
    todo = RESOLVER if mine else f"Ask whoever runs {address.host}, or do without: {_without(name)}"
    if address.dane == "must":
        return Held(WAITS, f"Mail waits: it is used only with DANE (dane=must), and {why}.", todo)
    return Held(UNHELD, f"Its address asks for DANE, and it cannot be held to it: {why}. {AS_WITHOUT}", todo)


def _silent(name: str, address: Address, silent: str) -> Held:
    words = f"Mail waits: its address asks for DANE (dane={address.dane}), and the DNS gives no answer for {silent}."
    asked = f" @{settings.DNS[0]}" if settings.DNS else ""
    todo = (
        f"See what `dig{asked} +dnssec {silent}` says. SERVFAIL: a proof does not hold, ask whoever runs {address.host}. "
        f"Nothing: the resolver is away. Or do without: {_without(name)}"
    )
    return Held(WAITS, words, todo)


def _without(name: str) -> str:
    return f"dispatch relay add {name} with its address without dane."
