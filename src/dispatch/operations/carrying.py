"""Whether somebody carries the mail of a relay that is left alone after failures. Where others do, it is a matter for the
next working day; where none does, readers wait."""

from dispatch.audience.models import Subscriber
from dispatch.delivery import warming
from dispatch.delivery.models import Relay


def needed() -> list[Relay]:
    """Those in use that are left alone, and whose letters, all or those of one class, no other relay takes just now: none is
    well, or each has had all of today's that its warm-up allows; or those left are providers' APIs, which write a letter of
    their own, and there are readers whose letters are encrypted and must arrive as they are."""
    active = list(Relay.objects.filter(active=True).order_by("pk"))
    broken = [relay for relay in active if relay.breaker != Relay.Breaker.CLOSED]
    if not broken:
        return []
    takes = [one for one in active if one.breaker == Relay.Breaker.CLOSED and warming.left(one) != 0]
    if not takes:
        return broken
    exact = [relay for relay in broken if _is_exact(relay)]
    if not exact or any(map(_is_exact, takes)) or not Subscriber.objects.exclude(openpgp=None).exists():
        return []
    return exact


def _is_exact(relay: Relay) -> bool:
    return relay.kind != Relay.Kind.ANYMAIL
