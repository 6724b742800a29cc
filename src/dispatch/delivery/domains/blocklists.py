"""Whether a blocklist has an address that mail leaves from (RFC 5782). A list is asked for the address alone."""

import ipaddress
from collections.abc import Iterator

from django.conf import settings

from dispatch.delivery.domains import asking
from dispatch.delivery.domains.records import Record, Standing

LISTED = ipaddress.ip_network("127.0.0.0/8")
REFUSED = ipaddress.ip_network("127.255.255.0/24")
"""No listing: the list turns this resolver away, a public one mostly, or one that asks too much."""
NOBODY = ipaddress.ip_address("127.0.0.1")
"""Never a listing (section 5): a list that says so answers everything."""


def look(address: str) -> Iterator[Record]:
    """A line for each list."""
    for zone in settings.BLOCKLISTS:
        try:
            yield _said(address, zone)
        except asking.Silent:
            said = f"{zone} did not answer."
            yield Record(zone, Standing.LOOK, said, "Look again later.", address, is_known=False)


def _said(address: str, zone: str) -> Record:
    name = f"{asking.reversed_labels(address)}.{zone}"
    answers = [ipaddress.ip_address(one) for one in asking.fours(name)]
    if any(one in REFUSED for one in answers):
        said = f"{zone} does not answer this resolver (it says {answers[0]}): that is no listing."
        todo = "Ask through a resolver of your own (DISPATCH_DNS), or leave the list out of DISPATCH_BLOCKLISTS."
        return Record(zone, Standing.MAY, said, todo, address, is_known=False)
    if any(one not in LISTED or one == NOBODY for one in answers):
        todo = "Leave it out of DISPATCH_BLOCKLISTS."
        words = f"{zone} is no blocklist any more: it answers {answers[0]}."
        return Record(zone, Standing.LOOK, words, todo, address)
    if not answers:
        return Record(zone, Standing.WELL, f"{address} is not on {zone}.", host=address)
    why = next(iter(asking.texts(name)), "")
    todo = f"It says: {why[:200]}" if why else "Its page says why, and how to come off it."
    return Record(zone, Standing.WRONG, f"{zone} lists {address} ({answers[0]}).", todo, address)
