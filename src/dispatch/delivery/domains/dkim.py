"""Whether the keys that sign our letters stand in the DNS (RFC 6376, RFC 8463)."""

from collections.abc import Iterator

from dispatch.delivery import signing_keys
from dispatch.delivery.domains import asking
from dispatch.delivery.domains.records import Paste, Record, Standing, tags
from dispatch.delivery.reputation import DkimKey


def look(domain: str) -> Iterator[Record]:
    """A line for each key that signs, and for those that wait for their record. Raises asking.Silent."""
    keys = list(DkimKey.objects.filter(domain=domain.lower()).order_by("pk"))
    if not any(key.active for key in keys):
        todo = f"dispatch dkim make {domain}, unless your relay signs."
        said = f"Dispatch has no key for {domain}: only the relay could sign."
        if keys:
            said, todo = f"No key of {domain} signs yet.", "dispatch dkim check says what they wait for."
        yield Record("DKIM", Standing.LOOK, said, todo, domain)
    yield from (_signing(key) for key in keys if key.active)
    yield from (_waiting(key) for key in keys if key.wanted_at)


def stands(key: DkimKey) -> bool:
    """Whether its own public half, and no other, is to be found. Raises asking.Silent."""
    shown = [tags(text).get("p") for text in asking.texts(key.host)]
    return [one for one in shown if one is not None] == [tags(paste(key).value)["p"]]


def is_there(key: DkimKey) -> bool:
    """Whether anything is still published for it. Raises asking.Silent."""
    return any(tags(text).get("p") for text in asking.texts(key.host))


def paste(key: DkimKey) -> Paste:
    """Its record."""
    return Paste(key.host, signing_keys.record(key).replace('" "', "").strip('"'))


def _signing(key: DkimKey) -> Record:
    todo = "Publish this record, or turn the pair off."
    if not is_there(key):
        return Record(
            "DKIM", Standing.WRONG, f"There is no key at {key.host}: each signature fails.", todo, key.host, paste(key)
        )
    if not stands(key):
        said = f"The key at {key.host} is not the one that signs, or not the only one."
        return Record("DKIM", Standing.WRONG, said, todo, key.host, paste(key))
    return Record("DKIM", Standing.WELL, f"{key.host} holds the key that signs.", host=key.host)


def _waiting(key: DkimKey) -> Record:
    if stands(key):
        return Record("DKIM", Standing.WELL, f"{key.host} is published; it signs soon.", host=key.host)
    said = f"{key.host} waits to be published; the older pair signs meanwhile."
    return Record("DKIM", Standing.LOOK, said, "Publish this record.", key.host, paste(key))
