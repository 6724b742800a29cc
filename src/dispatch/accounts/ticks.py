"""What the clock repeats for people's accounts."""

from dispatch import clock
from dispatch.accounts import presence, signing_in


@clock.tick("forget old signs of signing in", every=3600)
def forget_traces() -> None:
    """Links, sessions and failed attempts whose time is over."""
    signing_in.forget_traces()


@clock.tick("forget who had a page open", every=60)
def forget_presence() -> None:
    """Those who fell silent."""
    presence.forget_old()
