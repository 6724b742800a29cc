"""What a report tells, once it is read. Nothing in here names a person."""

import ipaddress
from dataclasses import dataclass
from datetime import date

NETWORKS = {4: 24, 6: 48}
"""What is kept of an address that is not ours, in bits: one who forwards their own mail may stand behind a whole one."""


class Unreadable(ValueError):
    """It is no report that can be read; the text says why, and quotes nothing of it."""


@dataclass(frozen=True)
class Line:
    """So many messages or sessions from one source with one result."""

    source: str
    result: str
    treated: str
    count: int


@dataclass(frozen=True)
class Told:
    """One report. `identity` is its reporter's own name for it."""

    kind: str  # dmarc, tls
    reporter: str
    identity: str
    domain: str
    begins: date
    ends: date
    lines: tuple[Line, ...]


def kept(address: str, ours: frozenset[str]) -> str:
    """An address of ours as it is, another's as its network: "198.51.100.0/24". Raises Unreadable."""
    try:
        one = ipaddress.ip_address(address.strip())
    except ValueError as problem:
        raise Unreadable("a source is no address") from problem
    if str(one) in ours:
        return str(one)
    return str(ipaddress.ip_network(f"{one}/{NETWORKS[one.version]}", strict=False))


def merged(lines: list[Line]) -> tuple[Line, ...]:
    """One line for each source, result and treatment."""
    counts: dict[tuple[str, str, str], int] = {}
    for line in lines:
        key = (line.source, line.result, line.treated)
        counts[key] = counts.get(key, 0) + line.count
    return tuple(Line(*key, count) for key, count in counts.items())
