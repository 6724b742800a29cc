"""What a program that stays needs before it begins: what is wrong once is wrong at each try, and is said at the first."""

from dispatch import env, signs, vault
from dispatch.local import upgrading


def require() -> None:
    """Raises env.Misconfigured. Settings that are read late, by a thread or at the end, are read here once."""
    vault.require()
    signs.silence()
    env.number("DISPATCH_DRAIN_SECONDS", 60)
    upgrading.require()
