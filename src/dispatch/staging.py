"""A rehearsal on real data (DISPATCH_STAGING_ONLY): mail leaves for these mailboxes only, and nothing is posted anywhere.

It is asked when an audience is frozen, and again by every message as it is made: whatever else goes wrong, there is none for
anybody else that a mailer could be given.
"""

from collections.abc import Iterable

from django.conf import settings

from dispatch import env

WHY = "this is a rehearsal (DISPATCH_STAGING_ONLY): nothing is posted"


def mailboxes(words: Iterable[str]) -> frozenset[str]:
    """What the setting names: whole addresses, and "@domain" for everyone there. Raises Misconfigured."""
    named = frozenset(word.lower() for word in words)
    for word in named:
        if word.count("@") != 1 or word.endswith("@"):
            raise env.Misconfigured(
                "DISPATCH_STAGING_ONLY names what is no address and no @domain: say alice@example.org, or @example.org."
            )
    return named


def is_on() -> bool:
    """Whether this is a rehearsal."""
    return bool(settings.STAGING_ONLY)


def allows(address: str) -> bool:
    """Whether mail may leave for it. A domain's subdomains are others."""
    only = settings.STAGING_ONLY
    if not only:
        return True
    mailbox = address.lower()
    return mailbox in only or f"@{mailbox.rpartition('@')[2]}" in only
