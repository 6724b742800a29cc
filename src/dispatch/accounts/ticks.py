"""What the clock repeats for people's accounts."""

from dispatch import clock
from dispatch.accounts import signing_in


@clock.tick("forget old signs of signing in", every=3600)
def forget_traces() -> None:
    """Links, sessions and failed attempts whose time is over."""
    signing_in.forget_traces()
