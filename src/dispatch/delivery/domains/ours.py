"""Which domains are ours: those that letters come from, and those that they come back to."""

from dispatch.audience.models import Newsletter
from dispatch.delivery import signing_keys, verp


def sending() -> list[str]:
    """Of newsletters in use, openly and discreetly; as the DNS has them."""
    rows = Newsletter.objects.filter(active=True).values_list("from_address", "discreet_address").order_by("slug")
    found = (address.rpartition("@")[2] for row in rows for address in row if address)
    return list(dict.fromkeys(filter(None, map(_in_dns, found))))


def all_of_them() -> list[str]:
    """Those, and where undeliverable mail comes back to."""
    return list(dict.fromkeys([*sending(), *verp.domains()]))


def _in_dns(domain: str) -> str:
    try:
        return signing_keys.a_labels(domain)
    except signing_keys.Unusable:  # a literal or a name inside: the DNS says nothing of it
        return ""
