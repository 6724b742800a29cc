"""Where mail leaves from: the addresses that receivers see, or a provider's name for its own."""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from dispatch import vault
from dispatch.delivery.domains import asking
from dispatch.delivery.models import Relay

INCLUDES = {
    "amazon_ses": "amazonses.com",
    "brevo": "spf.brevo.com",
    "mailersend": "_spf.mailersend.net",
    "mailgun": "mailgun.org",
    "mailjet": "spf.mailjet.com",
    "postmark": "spf.mtasv.net",
    "scaleway_tem": "_spf.tem.scaleway.com",
}
"""What providers' own guides have in SPF. They send with an envelope of theirs unless told otherwise."""


@dataclass(frozen=True)
class Sources:
    """`are_said`: the operator named the addresses; else they are those of the relays' names, mostly the same."""

    addresses: tuple[str, ...]
    includes: tuple[str, ...]
    are_said: bool

    @property
    def mechanisms(self) -> list[str]:
        """As SPF has them (RFC 7208 section 5)."""
        fours = [one for one in self.addresses if ":" not in one]
        sixes = [one for one in self.addresses if ":" in one]
        return [
            *(f"ip4:{one}" for one in fours),
            *(f"ip6:{one}" for one in sixes),
            *(f"include:{one}" for one in self.includes),
        ]


def known() -> Sources:
    """By DISPATCH_SENDING_ADDRESSES, or the relays in use. Raises asking.Silent."""
    places = [urlsplit(url) for url in _urls()]
    providers = [one.scheme.removeprefix("anymail+").replace("-", "_") for one in places if "anymail" in one.scheme]
    includes = tuple(sorted({INCLUDES[name] for name in providers if name in INCLUDES}))
    if settings.SENDING_ADDRESSES:
        return Sources(tuple(settings.SENDING_ADDRESSES), includes, are_said=True)
    hosts = [one.hostname for one in places if one.scheme.startswith("smtp") and one.hostname]
    found = dict.fromkeys(address for host in hosts for address in _public(host))
    return Sources(tuple(found), includes, are_said=False)


def _urls() -> list[str]:
    found = []
    for relay in Relay.objects.filter(active=True).order_by("name"):
        try:
            found.append(vault.unseal(bytes(relay.url), f"relay:{relay.name}:url"))
        except vault.Unreadable:
            continue
    return found


def _public(host: str) -> list[str]:
    """A relay inside the newsroom's own network leaves from elsewhere."""
    try:
        at = [str(ipaddress.ip_address(host))]
    except ValueError:
        at = asking.addresses(host) if "." in host else []
    return [one for one in at if ipaddress.ip_address(one).is_global]
