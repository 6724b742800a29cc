"""What the DNS says of a sending domain, and what to publish where it says too little.

Nobody's reader is asked about: only the newsletters' own addresses, and those that their mail leaves from.
"""

from collections.abc import Callable, Iterator
from typing import Any

from dispatch.delivery import verp
from dispatch.delivery.domains import (
    alignment,
    asking,
    bimi,
    blocklists,
    dkim,
    dmarc,
    pointers,
    sources,
    spf,
    transport,
)
from dispatch.delivery.domains.records import Paste, Record, Standing

__all__ = ["Paste", "Record", "Standing", "as_json", "as_text", "look", "look_at_keys", "look_at_sources", "survey"]


def look(domain: str) -> list[Record]:
    """SPF, DKIM and DMARC of a domain that letters come from: without them letters may not arrive."""
    return [
        *_sure("SPF", domain, spf.look),
        *_sure("DKIM", domain, dkim.look),
        *_sure("DMARC", domain, dmarc.look),
    ]


def survey(domain: str) -> list[Record]:
    """All that there is to say of a domain; of one that letters only come back to, who sends for it and takes its mail."""
    if domain in verp.domains():
        return [*_sure("SPF", domain, spf.look), *_sure("MX", domain, transport.mail), *_transport(domain)]
    return [
        *look(domain),
        *_sure("Alignment", domain, alignment.look),
        *_sure("BIMI", domain, bimi.look),
        *_transport(domain),
    ]


def look_at_sources() -> list[Record]:
    """The addresses that mail leaves from: their names, and whether a blocklist has them."""
    try:
        known = sources.known()
    except asking.Silent as silent:
        return [_unsure("PTR", str(silent))]
    found: list[Record] = []
    for address in known.addresses:
        found += [*_sure("PTR", address, pointers.look), *_sure("Blocklists", address, blocklists.look)]
    return found


def look_at_keys(domain: str) -> list[Record]:
    """Its DKIM keys alone."""
    return _sure("DKIM", domain, dkim.look)


def as_json(record: Record) -> dict[str, Any]:
    """For programs; `paste` is a line of a zone file."""
    said = {"what": record.what, "host": record.host, "standing": record.standing.value, "words": record.words}
    return {**said, "todo": record.todo, "paste": record.paste.line() if record.paste else None}


def as_text(record: Record) -> str:
    """For a terminal, the line to paste below it."""
    said = f"{record.standing.value:<6}{record.what}: {record.words}"
    told = f"{said} {record.todo}".rstrip()
    return f"{told}\n\n{record.paste.line()}\n" if record.paste else told


def _transport(domain: str) -> list[Record]:
    return [*_sure("TLS-RPT", domain, transport.reports), *_sure("MTA-STS", domain, transport.policy)]


def _sure(what: str, about: str, ask: Callable[[str], Iterator[Record]]) -> list[Record]:
    try:
        return list(ask(about))
    except asking.Silent as silent:
        return [_unsure(what, str(silent))]


def _unsure(what: str, name: str) -> Record:
    said = f"The DNS did not answer for {name}."
    return Record(what, Standing.LOOK, said, "Look again later; DISPATCH_DNS names resolvers.", name, is_known=False)
