"""Questions to the DNS, through the resolvers of DISPATCH_DNS or the machine's own."""

import ipaddress
from dataclasses import dataclass
from typing import Any

import dns.exception
import dns.flags
import dns.resolver
import dns.reversename
from django.conf import settings

SECONDS = 4.0
"""For one question, all resolvers together."""
AT_ONCE = 1232
"""Bytes of an answer over UDP; proofs are long."""
ABSENT = 60.0
"""Seconds to remember that there is no such name: it may be published any moment."""
PASSES_ON = "127.0.0.11"
"""Docker's resolver: on this machine, but it verifies nothing and passes on what any other said."""


UNPROVEN = "DNSSEC does not prove what it says of {}"


class Silent(Exception):
    """The DNS did not answer for this name: nothing is known."""


@dataclass(frozen=True)
class Proof:
    """What the DNS said of a name, and whether that is proven."""

    records: list[Any]
    name: str  # where aliases led to
    seconds: float  # that it may be remembered
    doubt: str  # why it cannot be relied upon; empty: DNSSEC proves it, says a resolver that is believed


def proven(name: str, kind: str) -> Proof:
    """With DNSSEC, verified by the resolver (RFC 4035 section 3.2.3). Raises Silent, also where the proof is broken."""
    try:
        resolver = _resolver()
        resolver.use_edns(0, dns.flags.DO, AT_ONCE)
        answer = resolver.resolve(name, kind, lifetime=SECONDS, search=False, raise_on_no_answer=False)
    except dns.resolver.NXDOMAIN:
        return Proof([], name, ABSENT, f"the DNS does not know {name}")
    except (dns.exception.DNSException, OSError, ValueError) as problem:
        raise Silent(name.rstrip(".")) from problem
    is_verified = bool(answer.response.flags & dns.flags.AD)
    doubt = _disbelief(str(answer.nameserver)) or ("" if is_verified else UNPROVEN.format(name))
    return Proof(list(answer.rrset or ()), _plain(answer.canonical_name), answer.chaining_result.minimum_ttl, doubt)


def distrust() -> str:
    """Why nothing that the resolver says is ever proven, in words; empty: it proves what the root says, which is signed, or
    does not answer just now."""
    try:
        doubt = proven(".", "SOA").doubt
    except Silent:
        return ""
    return "the resolver does not verify DNSSEC" if doubt == UNPROVEN.format(".") else doubt


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


def _disbelief(place: str) -> str:
    """Whoever stands between us and a resolver could say for it that an answer is proven."""
    address = ipaddress.ip_address(place)
    is_named = any(place == host for host, _ in map(_place, settings.DNS))
    if place != PASSES_ON and (address.is_loopback or (is_named and not address.is_global)):
        return ""
    return (
        f"the resolver {place} is not believed: it is neither on this machine nor in DISPATCH_DNS on your own network"
    )


def _plain(name: Any) -> str:
    return str(name.to_text()).rstrip(".").lower()


def _resolver() -> dns.resolver.Resolver:
    resolver = dns.resolver.Resolver(configure=not settings.DNS)
    for host, port in map(_place, settings.DNS):
        resolver.nameservers = [*resolver.nameservers, host]
        resolver.nameserver_ports = {**resolver.nameserver_ports, host: port}
    return resolver


def _place(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":") if text.count(":") == 1 else (text, "", "")
    return host, int(port) if colon else 53
