"""Mailbox providers' classes and relays, in words."""

from dispatch.audience.addresses import ProviderClass

NAMES = {int(one): "others" if one == ProviderClass.OTHER else one.name.lower() for one in ProviderClass}
NUMBERS = {name: number for number, name in NAMES.items()}


def way(provider: int, relay: str) -> str:
    """ "gmail by main"."""
    return f"{NAMES.get(provider, 'others')} by {relay}" if relay else NAMES.get(provider, "others")
