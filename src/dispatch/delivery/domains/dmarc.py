"""DMARC (RFC 7489, RFC 9989): what a domain says becomes of forgeries, and who is told."""

import re
from collections.abc import Iterator

from dispatch.delivery.domains import asking, ours
from dispatch.delivery.domains.records import Paste, Record, Standing, tags

POLICIES = {"none", "quarantine", "reject"}
DEEPEST = 8
"""Labels of the longest name that is asked for while going up (RFC 9989 section 4.10)."""
MAILTO = re.compile(r"mailto:[^@,!]+@([^,!?]+)", re.IGNORECASE)


def look(domain: str) -> Iterator[Record]:
    """One line, and one for each outside address that reports may not go to. Raises asking.Silent."""
    name, found = _nearest(domain)
    if not found:
        said = f"{domain} has no DMARC record."
        todo = "Publish this record. Gmail and Yahoo ask large senders for one."
        yield Record(
            "DMARC", Standing.LOOK, said, todo, domain, Paste(f"_dmarc.{domain}", f"v=DMARC1; p=none{_rua(domain)}")
        )
        return
    if len(found) > 1:
        said = f"{name} has {len(found)} DMARC records, so that receivers heed none."
        yield Record("DMARC", Standing.WRONG, said, "Leave one of them.", domain)
        return
    published = tags(found[0])
    yield _judged(domain, name, found[0], published)
    yield from _permissions(domain, published.get("rua", ""))


def policy(domain: str) -> str:
    """none, quarantine or reject, as it is for this domain; empty: none is published. Raises asking.Silent."""
    name, found = _nearest(domain)
    said = tags(found[0]) if len(found) == 1 else {}
    own = said.get("p", "none" if said.get("rua") else "").lower()
    return own if name == f"_dmarc.{domain}" else said.get("sp", own).lower()


def modes(domain: str) -> tuple[bool, bool]:
    """Whether SPF and DKIM must be of this very domain (strict), not of its organisation. Raises asking.Silent."""
    _, found = _nearest(domain)
    said = tags(found[0]) if len(found) == 1 else {}
    return said.get("aspf") == "s", said.get("adkim") == "s"


def organisation(domain: str) -> str:
    """The domain that speaks for all below it, found by going up (RFC 9989 section 4.10.2). Raises asking.Silent."""
    highest = domain
    for one in upwards(domain):
        found = _records(f"_dmarc.{one}")
        if len(found) == 1:
            psd = tags(found[0]).get("psd", "u").lower()
            if psd == "n":
                return one
            if psd == "y":
                return domain if one == domain else domain[: -len(one) - 1].rpartition(".")[2] + f".{one}"
            highest = one
    return highest


def upwards(domain: str) -> list[str]:
    """The domain and those above it, down to two labels; of a very deep one the first, then the last seven labels on."""
    labels = domain.split(".")
    steps = [".".join(labels[at:]) for at in range(max(len(labels) - 1, 1))]
    return steps if len(labels) < DEEPEST else [steps[0], *steps[2 - DEEPEST :]]


def _nearest(domain: str) -> tuple[str, list[str]]:
    for name in (f"_dmarc.{one}" for one in upwards(domain)):
        if found := _records(name):
            return name, found
    return "", []


def _records(name: str) -> list[str]:
    return [text for text in asking.texts(name) if re.match(r"v\s*=\s*DMARC1\s*(;|$)", text, re.IGNORECASE)]


def _judged(domain: str, name: str, record: str, said: dict[str, str]) -> Record:
    if said.get("p", "none" if said.get("rua") else "").lower() not in POLICIES:
        todo = "p is none, quarantine or reject."
        return Record(
            "DMARC",
            Standing.WRONG,
            f"{name} says no policy that receivers know.",
            todo,
            domain,
            _with(name, record, "p", "none"),
        )
    told = f"{name} says what becomes of forgeries: {policy(domain)}."
    if "rua" not in said and (rua := _rua(domain)):
        todo = "With rua= receivers tell daily who sends in your name; Dispatch reads it."
        paste = Paste(name, f"{record.rstrip().rstrip(';')}{rua}")
        return Record("DMARC", Standing.WELL, told, todo, domain, paste)
    later = "Once reports show nobody unknown: p=quarantine, then p=reject." if policy(domain) == "none" else ""
    return Record("DMARC", Standing.WELL, told, later, domain)


def _permissions(domain: str, rua: str) -> Iterator[Record]:
    """Somebody else's mailbox gets reports only where its domain says that it wants them (RFC 7489 section 7.1)."""
    for place in dict.fromkeys(one.lower() for one in MAILTO.findall(rua)):
        name = f"{domain}._report._dmarc.{place}"
        if organisation(place) == organisation(domain):
            continue
        if _records(name):
            yield Record("DMARC", Standing.WELL, f"{place} takes reports about {domain}.", host=name)
            continue
        said = f"Reports about {domain} may not go to {place}: it does not say that it wants them."
        yield Record("DMARC", Standing.LOOK, said, "Publish this record there.", name, Paste(name, "v=DMARC1"))


def _rua(domain: str) -> str:
    return f"; rua=mailto:reports@{place}" if (place := ours.return_path(domain)) else ""


def _with(name: str, record: str, tag: str, value: str) -> Paste:
    kept = [
        part.strip() for part in record.split(";") if part.strip() and not part.strip().lower().startswith(f"{tag}=")
    ]
    return Paste(name, "; ".join([kept[0], f"{tag}={value}", *kept[1:]]))
