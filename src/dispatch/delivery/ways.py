"""Which way a chunk's mail takes: a relay that takes mail, and where connections are counted one that has a berth for it."""

from dispatch.delivery import berths, ledger, relays
from dispatch.delivery.models import Relay


def of(claimed: ledger.Claim) -> tuple[Relay | None, berths.Room | None, bool]:
    """The relay, and the room there where it is limited; or none, and whether one takes mail and only lacks a berth."""
    besides: set[int] = set()
    while (relay := relays.choose(claimed.relay, claimed.tie, besides=besides)) is not None:
        if not berths.is_limited(relay, claimed.provider_class):
            return relay, None, False
        most, resting = relays.connections(relay)
        letters = len(claimed.recipients) - claimed.settled
        if room := berths.take(relay, claimed.provider_class, min(letters, most), resting):
            return relay, room, False
        besides.add(relay.pk)
    return None, None, bool(besides)
