"""Which domains are ours: those that letters come from, and those that they come back to."""

from django.conf import settings

from dispatch.audience.models import Newsletter
from dispatch.delivery import signing_keys, verp


def sending() -> list[str]:
    """Of newsletters in use, openly and discreetly; as the DNS has them."""
    return list(dict.fromkeys([*_of("from_address"), *_of("discreet_address")]))


def return_path(domain: str) -> str:
    """Where letters from a domain come back to; empty: to the domain itself. Of one that is discreet only it is never the
    open one: what is to be published there must not tell whose it is.
    """
    if domain in verp.domains():
        return domain
    is_hidden = domain in _of("discreet_address") and domain not in _of("from_address")
    return str(settings.BOUNCES["discreet_domain" if is_hidden else "domain"])


def all_of_them() -> list[str]:
    """Those, and where undeliverable mail comes back to."""
    return list(dict.fromkeys([*sending(), *verp.domains()]))


def _of(field: str) -> list[str]:
    addresses = Newsletter.objects.filter(active=True).order_by("slug").values_list(field, flat=True)
    return list(filter(None, (_in_dns(address.rpartition("@")[2]) for address in addresses if address)))


def _in_dns(domain: str) -> str:
    try:
        return signing_keys.a_labels(domain)
    except signing_keys.Unusable:  # a literal or a name inside: the DNS says nothing of it
        return ""
