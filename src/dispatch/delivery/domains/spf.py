"""SPF (RFC 7208) of a domain that an envelope's sender is of: one record, within its limits, with our relays in it."""

from collections.abc import Iterator

from dispatch.delivery.domains import ours, sources
from dispatch.delivery.domains.records import Paste, Record, Standing
from dispatch.delivery.domains.sources import Sources
from dispatch.delivery.domains.spf_walk import MOST, Broken, Walk, record_of

NOWHERE = "192.0.2.255"
"""An address of nobody (RFC 5737): with it a record is read to its end, as for mail that is refused."""
STRANGERS = {"+all", "all"}


def look(domain: str) -> Iterator[Record]:
    """One line. Raises asking.Silent."""
    known = sources.known()
    try:
        record, whole = record_of(domain), Walk(NOWHERE, domain)
        if record is None:
            yield _none(domain, known)
            return
        if record.lower().split()[-1] in STRANGERS:
            said = f"{domain} lets everybody send in its name (+all)."
            yield Record(
                "SPF", Standing.LOOK, said, "End the record with -all.", domain, _mended(domain, record, known, [])
            )
            return
        whole.result(domain)
        passed = {one: Walk(one, domain).result(domain) == "pass" for one in known.addresses}
    except Broken as problem:
        paste = Paste(domain, _record(known))
        said = f"The SPF record of {domain} is broken: {problem}."
        yield Record("SPF", Standing.WRONG, said, _remedy(problem), domain, paste)
        return
    yield _judged(domain, record, known, whole, [one for one, passes in passed.items() if not passes])


def _judged(domain: str, record: str, known: Sources, whole: Walk, outside: list[str]) -> Record:
    if outside:
        return _outside(domain, outside, known, _mended(domain, record, known, outside))
    if missing := [one for one in known.includes if one not in whole.names]:
        said = f"{domain} does not include {', '.join(missing)}."
        todo = "Only where the provider sends with your domain as its return path; most use their own."
        return Record("SPF", Standing.WELL, said, todo, domain, _mended(domain, record, known, []))
    asked = f"{whole.lookups} of {MOST} look-ups" if whole.lookups else "no look-ups"
    ours = ", our addresses among them" if known.addresses else ""
    return Record("SPF", Standing.WELL, f"{domain} says who sends in its name{ours} ({asked}).", host=domain)


def _outside(domain: str, outside: list[str], known: Sources, paste: Paste) -> Record:
    """Wrong only where we surely know, and where receivers surely look: at the envelope's sender."""
    said = f"{domain} does not let {', '.join(outside)} send in its name, and our mail leaves from there."
    back = ours.return_path(domain) or domain
    if back != domain:
        todo = f"The record of {back} counts, where letters come back to; a few receivers look here, too."
        return Record("SPF", Standing.LOOK, said, todo, domain, paste)
    if not known.are_said:
        todo = "Publish this record, or set DISPATCH_SENDING_ADDRESSES if mail leaves from elsewhere."
        return Record("SPF", Standing.LOOK, said, todo, domain, paste)
    return Record("SPF", Standing.WRONG, said, "Publish this record.", domain, paste)


def _none(domain: str, known: Sources) -> Record:
    todo = "Publish this record" + ("." if known.mechanisms else "; your relay says what belongs there.")
    return Record("SPF", Standing.LOOK, f"{domain} has no SPF record.", todo, domain, Paste(domain, _record(known)))


def _record(known: Sources) -> str:
    return " ".join(["v=spf1", *(known.mechanisms or ["include:your-relay.example"]), "-all"])


def _mended(domain: str, record: str, known: Sources, outside: list[str]) -> Paste:
    """What there is, with what is missing in front of its end."""
    words = [word for word in record.split() if word.lower() not in STRANGERS]
    wanted = known.mechanisms if not outside else [f"ip{6 if ':' in one else 4}:{one}" for one in outside]
    fresh = [one for one in wanted if one not in words]
    is_end = words[-1].lower().endswith("all") or words[-1].lower().startswith("redirect=")
    end = [words.pop()] if is_end and len(words) > 1 else ["-all"]
    return Paste(domain, " ".join([*words, *fresh, *end]))


def _remedy(problem: Broken) -> str:
    if "SPF records" in str(problem):
        return "Make one record of them."
    if "more than 10" in str(problem):
        return "Name addresses (ip4:, ip6:) in place of includes, and leave out what sends no mail of yours."
    return "Mend or leave out that part."
