"""What the DNS says of a sending domain: SPF (RFC 7208), our DKIM keys (RFC 6376), DMARC (RFC 7489). Nobody's reader is asked
about: only the newsletters' own addresses."""

from dataclasses import dataclass
from enum import StrEnum

import dns.exception
import dns.resolver
from django.conf import settings

from dispatch.delivery import signing_keys
from dispatch.delivery.models import DkimKey

SECONDS = 4.0
"""For one question, all resolvers together."""


class Standing(StrEnum):
    """How well a record stands."""

    WELL = "well"
    LOOK = "look"
    WRONG = "wrong"


@dataclass(frozen=True)
class Record:
    """One record in words."""

    what: str  # SPF, DKIM, DMARC
    standing: Standing
    words: str
    todo: str = ""


@dataclass(frozen=True)
class _Silent:
    """No answer in time."""


def look(domain: str) -> list[Record]:
    """SPF, DKIM and DMARC of a domain that letters come from."""
    return [_spf(domain), *_dkim(domain), _dmarc(domain)]


def _spf(domain: str) -> Record:
    texts = _texts(domain)
    if isinstance(texts, _Silent):
        return _unsure("SPF", domain)
    records = [text for text in texts if text.lower().split(" ")[0] == "v=spf1"]
    if len(records) > 1:
        said = f"{domain} has {len(records)} SPF records, so that receivers heed none (RFC 7208 section 4.5)."
        return Record("SPF", Standing.WRONG, said, "Make one record of them.")
    if not records:
        todo = f'Publish a TXT record at {domain}, such as "v=spf1 include:your-relay.example -all"; your relay says which.'
        return Record("SPF", Standing.LOOK, f"{domain} has no SPF record.", todo)
    if records[0].lower().split()[-1] in {"+all", "all"}:
        return Record(
            "SPF", Standing.LOOK, f"{domain} lets everybody send in its name (+all).", "End the record with -all."
        )
    return Record("SPF", Standing.WELL, f"{domain} says who sends in its name.")


def _dkim(domain: str) -> list[Record]:
    keys = list(DkimKey.objects.filter(domain=domain.lower(), active=True).order_by("pk"))
    if not keys:
        todo = f"dispatch dkim make {domain}, unless your relay signs."
        return [Record("DKIM", Standing.LOOK, f"Dispatch has no key for {domain}: only the relay could sign.", todo)]
    return [_key(key) for key in keys]


def _key(key: DkimKey) -> Record:
    texts = _texts(key.host)
    if isinstance(texts, _Silent):
        return _unsure("DKIM", key.host)
    todo = f"Publish what dispatch dkim show {key.domain} says, or turn the pair off."
    ours = _tag(signing_keys.record(key).replace('" "', "").strip('"'), "p")
    if not any(_tag(text, "p") for text in texts):
        return Record("DKIM", Standing.WRONG, f"There is no key at {key.host}: each signature fails.", todo)
    if all(_tag(text, "p") != ours for text in texts):
        return Record("DKIM", Standing.WRONG, f"The key at {key.host} is not the one that signs.", todo)
    return Record("DKIM", Standing.WELL, f"{key.host} holds the key that signs.")


def _dmarc(domain: str) -> Record:
    names = [f"_dmarc.{part}" for part in _upwards(domain)]
    for name in names:
        texts = _texts(name)
        if isinstance(texts, _Silent):
            return _unsure("DMARC", name)
        if any(text.lower().startswith("v=dmarc1") for text in texts):
            return Record("DMARC", Standing.WELL, f"{name} says what becomes of forgeries.")
    todo = f'Publish a TXT record at {names[0]}, to begin with "v=DMARC1; p=none". Gmail and Yahoo ask large senders for one.'
    return Record("DMARC", Standing.LOOK, f"{domain} has no DMARC record.", todo)


def _upwards(domain: str) -> list[str]:
    """The domain and those above it, down to two labels."""
    labels = domain.split(".")
    return [".".join(labels[at:]) for at in range(max(len(labels) - 1, 1))]


def _texts(name: str) -> list[str] | _Silent:
    """TXT records, each in one piece; none where the name does not exist."""
    try:
        answer = _resolver().resolve(name, "TXT", lifetime=SECONDS, search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, OSError, ValueError):
        return _Silent()
    return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]


def _resolver() -> dns.resolver.Resolver:
    resolver = dns.resolver.Resolver(configure=not settings.DNS)
    for place in settings.DNS:
        host, colon, port = place.rpartition(":") if place.count(":") == 1 else (place, "", "")
        resolver.nameservers = [*resolver.nameservers, host]
        resolver.nameserver_ports = {**resolver.nameserver_ports, host: int(port) if colon else 53}
    return resolver


def _unsure(what: str, name: str) -> Record:
    return Record(
        what, Standing.LOOK, f"The DNS did not answer for {name}.", "Look again later; DISPATCH_DNS names resolvers."
    )


def _tag(record: str, name: str) -> str:
    tags = dict(part.strip().partition("=")[::2] for part in record.split(";"))
    return "".join(tags.get(name, "").split())
