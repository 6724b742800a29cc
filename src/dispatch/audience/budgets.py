"""How many letters strangers may cause in an hour: each network, and all of them together. What is over waits its turn.

A network is known for a day, by a keyed hash; no address of one is kept anywhere (RFC 6973 section 6.1).
"""

import ipaddress
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F

from dispatch import vault
from dispatch.audience.models import Spent

HOUR = timedelta(hours=1)
EVERYBODY = b""
PREFIX = {4: 24, 6: 48}
"""Bits of an address that its holder cannot change at will: a whole IPv6 site is commonly one customer's."""


def network(remote: str, moment: datetime) -> bytes:
    """16 bytes for the network a request came from, other ones each day; one for all that come without an address."""
    try:
        address = ipaddress.ip_address(remote)
    except ValueError:
        return vault.mac("network", f"{moment:%Y-%m-%d} none".encode())[:16]
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    whole = mapped or address
    prefix = ipaddress.ip_network(f"{whole}/{PREFIX[whole.version]}", strict=False)
    return vault.mac("network", f"{moment:%Y-%m-%d} {prefix}".encode())[:16]


def spend(bucket: bytes, moment: datetime) -> bool:
    """Take a letter from this hour's budgets, the network's and everybody's; False, and nothing taken, where one is used up.

    Only one worker takes sign-ups at a time, so reading and writing need no lock of their own.
    """
    hour = moment.replace(minute=0, second=0, microsecond=0)
    limits = {bucket: settings.SIGN_UPS["network_an_hour"], EVERYBODY: settings.SIGN_UPS["an_hour"]}
    counts = [(Spent.objects.get_or_create(bucket=one, hour=hour)[0], limit) for one, limit in limits.items()]
    if any(count.letters >= limit for count, limit in counts):
        return False
    Spent.objects.filter(pk__in=[count.pk for count, _ in counts]).update(letters=F("letters") + 1)
    return True


def next_hour(moment: datetime) -> datetime:
    """When budgets are full again."""
    return moment.replace(minute=0, second=0, microsecond=0) + HOUR


def forget(moment: datetime) -> None:
    """Counts of hours that are over."""
    Spent.objects.filter(hour__lt=moment - HOUR).delete()
