"""An address that mail leaves from has a name, and the name leads back to it: Gmail and others refuse it otherwise."""

from collections.abc import Iterator

from dispatch.delivery.domains import asking
from dispatch.delivery.domains.records import Paste, Record, Standing


def look(address: str) -> Iterator[Record]:
    """One line. Raises asking.Silent."""
    names = asking.pointers(address)
    confirmed = [name for name in names if address in asking.addresses(name)]
    reverse = f"{asking.reversed_labels(address)}.{'ip6' if ':' in address else 'in-addr'}.arpa"
    if not names:
        todo = "Whoever gave you the address sets its PTR record; name the host that is in the relay's greeting."
        paste = Paste(reverse, "mail.example.org.", "PTR")
        yield Record("PTR", Standing.WRONG, f"{address} has no name.", todo, address, paste)
    elif not confirmed:
        kind = "AAAA" if ":" in address else "A"
        said = f"{address} goes by {names[0]}, which does not lead back to it."
        paste = Paste(names[0], address, kind)
        yield Record("PTR", Standing.WRONG, said, "Publish this record.", address, paste)
    else:
        yield Record("PTR", Standing.WELL, f"{address} is {confirmed[0]}, and back.", host=address)
