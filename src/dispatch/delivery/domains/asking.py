"""Questions to the DNS, through the resolvers of DISPATCH_DNS or the machine's own."""

import ipaddress
from typing import Any

import dns.exception
import dns.resolver
import dns.reversename
from django.conf import settings

SECONDS = 4.0
"""For one question, all resolvers together."""


class Silent(Exception):
    """The DNS did not answer for this name: nothing is known."""


def texts(name: str) -> list[str]:
    """TXT records, each in one piece; none where the name does not exist. Raises Silent, as all in here."""
    return [b"".join(record.strings).decode("utf-8", "replace") for record in _ask(name, "TXT")]


def addresses(name: str) -> list[str]:
    """Of both families."""
    return [record.address for kind in ("A", "AAAA") for record in _ask(name, kind)]


def fours(name: str) -> list[str]:
    """IPv4 addresses alone, as blocklists answer."""
    return [record.address for record in _ask(name, "A")]


def exchangers(name: str) -> list[str]:
    """Hosts that take a domain's mail, the preferred first; a null MX (RFC 7505) is none."""
    found = sorted(_ask(name, "MX"), key=lambda record: record.preference)
    return [host for record in found if (host := _plain(record.exchange))]


def pointers(address: str) -> list[str]:
    """Names that an address goes by."""
    return [_plain(record.target) for record in _ask(dns.reversename.from_address(address).to_text(), "PTR")]


def reversed_labels(address: str) -> str:
    """203.0.113.7 → "7.113.0.203"; IPv6 by nibbles (RFC 5782 section 2.4)."""
    return ipaddress.ip_address(address).reverse_pointer.rsplit(".", 2)[0]


def _ask(name: str, kind: str) -> list[Any]:
    try:
        return list(_resolver().resolve(name, kind, lifetime=SECONDS, search=False))
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, OSError, ValueError) as problem:
        raise Silent(name.rstrip(".")) from problem


def _plain(name: Any) -> str:
    return str(name.to_text()).rstrip(".").lower()


def _resolver() -> dns.resolver.Resolver:
    resolver = dns.resolver.Resolver(configure=not settings.DNS)
    for place in settings.DNS:
        host, colon, port = place.rpartition(":") if place.count(":") == 1 else (place, "", "")
        resolver.nameservers = [*resolver.nameservers, host]
        resolver.nameserver_ports = {**resolver.nameserver_ports, host: int(port) if colon else 53}
    return resolver
