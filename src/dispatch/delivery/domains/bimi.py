"""BIMI: the newsroom's mark beside its letters, where a mailbox provider shows one."""

from collections.abc import Iterator

from dispatch.delivery.domains import asking, dmarc
from dispatch.delivery.domains.records import Paste, Record, Standing, tags


def look(domain: str) -> Iterator[Record]:
    """One line. The picture itself is not fetched. Raises asking.Silent."""
    name = f"default._bimi.{domain}"
    found = [text for text in asking.texts(name) if text.lower().replace(" ", "").startswith("v=bimi1")]
    if not found:
        todo = "Publish this record once the picture (SVG Tiny PS) stands there; Gmail also wants a certificate (a=)."
        paste = Paste(name, f"v=BIMI1; l=https://{domain}/mark.svg; a=")
        yield Record("BIMI", Standing.MAY, f"{domain} shows no mark beside its letters.", todo, name, paste)
        return
    said = tags(found[0])
    if len(found) > 1 or any(said.get(tag) and not said[tag].startswith("https://") for tag in ("l", "a")):
        yield Record(
            "BIMI", Standing.LOOK, f"{name} is not understood.", "One record, with l= and a= at https://.", name
        )
    elif dmarc.policy(domain) not in {"quarantine", "reject"}:
        words = f"{name} is there, but shown by nobody while DMARC says less than quarantine."
        yield Record("BIMI", Standing.LOOK, words, "First p=quarantine or p=reject.", name)
    else:
        yield Record("BIMI", Standing.WELL, f"{name} names the mark.", host=name)
