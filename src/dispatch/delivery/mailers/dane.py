"""DANE for SMTP (RFC 7672), to a relay that is connected to by its name: what the DNS demands of its certificate.

Asked when a connection is made, never for a letter, and remembered for as long as the DNS says. What the DNS does not
answer, or answers wrongly, is never taken for “nothing is demanded” (section 2.1).
"""

import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings

from dispatch.delivery.mailers.base import Trouble

if TYPE_CHECKING:
    from dispatch.delivery.domains.asking import Proof
    from dispatch.delivery.mailers.tlsa import Record

WISHES = ("no", "yes", "must")
LONGEST = 3600.0
"""Seconds that an answer is remembered at most, whatever the DNS says."""
TLSA = "_{}._tcp.{}"
DER = 2
"""What `ssl` calls it inside."""


@dataclass(frozen=True)
class Demand:
    """One of these records must be met; then nobody else is asked whether the certificate is good."""

    name: str  # where they stand: _587._tcp.mail.example.org
    host: str  # whose certificate is asked for in the handshake
    hosts: tuple[str, ...]  # of which one must stand in a certificate that an authority of the records issued
    records: tuple["Record", ...]


@dataclass(frozen=True)
class Nothing:
    """Nothing is demanded, or nothing that can be relied upon."""

    why: str


class NotAsNamed(OSError):
    """The server's certificate is none that the DNS names; the text says where it names them."""


def of(host: str, port: int, wish: str) -> Demand | Nothing | Trouble:
    """What the DNS demands of a relay, whose address says dane=`wish`. Trouble: without knowing more it is not used."""
    if wish == "no":
        return Nothing("its address does not ask for it")
    from dispatch.delivery.domains import asking

    try:
        found = look(host, port)
    except asking.Silent as silent:
        return Trouble(f"the DNS does not say what the relay's certificate must be (DANE): no answer for {silent}")
    if wish == "must" and isinstance(found, Nothing):
        return Trouble(f"the relay is used only with DANE (dane=must), and {found.why}")
    return found


def look(host: str, port: int) -> Demand | Nothing:
    """The same of any host, from memory where that is fresh. Raises asking.Silent."""
    asked = (host, port, tuple(settings.DNS))
    until, found = _known.get(asked, (0.0, Nothing("")))
    if time.monotonic() >= until:
        found, seconds = _look(host, port)
        _known[asked] = time.monotonic() + min(seconds, LONGEST), found
    return found


def forget(host: str, port: int) -> None:
    """The next connection asks anew: a certificate that is not met may have been changed together with its record."""
    _known.pop((host, port, tuple(settings.DNS)), None)


def context(demand: Demand) -> ssl.SSLContext:
    """Whatever is wrapped in it is held to the demand before a byte of ours leaves; raises NotAsNamed then."""
    made = _Held(ssl.PROTOCOL_TLS_CLIENT)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE  # the records are what it is verified by
    made.demand = demand
    return made


def is_met(demand: Demand, secured: ssl.SSLSocket) -> bool:
    """Whether the other side of a connection is whom it asks for."""
    from dispatch.delivery.mailers import tlsa

    return tlsa.is_met(demand.records, _shown(secured), demand.hosts)


_known: dict[tuple[str, int, tuple[str, ...]], tuple[float, Demand | Nothing]] = {}
"""By host, port and resolvers: until when on the monotonic clock, and what."""


def _look(host: str, port: int) -> tuple[Demand | Nothing, float]:
    """Also for how many seconds. Addresses first: a name server that knows no TLSA may not answer at all for it, and where
    addresses are not proven nothing else is (section 2.2.2)."""
    from dispatch.delivery.domains import asking

    addresses = asking.proven(host, "A")
    if not addresses.records:
        addresses = asking.proven(host, "AAAA")
    if not addresses.records:
        return Nothing(f"the DNS knows no address of {host}"), addresses.seconds
    bases, seconds = _bases(host, addresses), addresses.seconds
    why = "" if bases else addresses.doubt
    for base in bases:
        name = TLSA.format(port, base)
        told = asking.proven(name, "TLSA")
        seconds = min(seconds, told.seconds)
        if told.records and not told.doubt:
            return _demand(name, base, bases, told.records), seconds
        why = why or (told.doubt if told.records else f"the DNS has no TLSA records at {name}")
    return Nothing(why), seconds


def _bases(host: str, addresses: "Proof") -> tuple[str, ...]:
    """Names whose records count, the preferred first: where aliases lead to, if all of them are proven (section 2.2.2)."""
    from dispatch.delivery.domains import asking

    if not addresses.doubt:
        return tuple(dict.fromkeys((addresses.name, host)))
    is_alias = addresses.name != host
    return (host,) if is_alias and not asking.proven(host, "CNAME").doubt else ()


def _demand(name: str, base: str, bases: tuple[str, ...], found: Sequence[Any]) -> Demand | Nothing:
    """Of records that all say nothing to us only encryption is left, and our relays' certificates are verified anyhow."""
    from dispatch.delivery.mailers import tlsa

    records = [tlsa.Record(one.usage, one.selector, one.mtype, one.cert) for one in found]
    usable = tuple(record for record in records if record.is_usable)
    if not usable:
        return Nothing(f"none of the TLSA records at {name} is of usage 3 or 2")
    return Demand(name, base, bases, usable)


class _Held(ssl.SSLContext):
    demand: Demand

    def wrap_socket(self, *args: Any, **options: Any) -> ssl.SSLSocket:
        secured = super().wrap_socket(*args, **{**options, "server_hostname": self.demand.host})
        if is_met(self.demand, secured):
            return secured
        secured.close()
        raise NotAsNamed(self.demand.name)


def _shown(secured: ssl.SSLSocket) -> list[bytes]:
    """The server's certificate and those that it showed with it, DER. Public from Python 3.13; before, as pip reads them."""
    inner: Any = secured if hasattr(secured, "get_unverified_chain") else secured._sslobj  # type: ignore[attr-defined]  # noqa: SLF001
    return [one if isinstance(one, bytes) else one.public_bytes(DER) for one in inner.get_unverified_chain() or ()]
