"""What the clock repeats for people's accounts."""

from dispatch import clock, queue
from dispatch.accounts import losing, presence, signing_in


@clock.tick("forget old signs of signing in", every=3600)
def forget_traces() -> None:
    """Links, sessions and failed attempts whose time is over."""
    signing_in.forget_traces()
    losing.forget()


@clock.tick("forget who had a page open", every=60)
def forget_presence() -> None:
    """Those who fell silent."""
    presence.forget_old()


@clock.tick("see to lost second factors", every=30)
def see_to_lost_factors() -> None:
    """Those that were asked for and not looked at, and those that have waited long enough."""
    for number in losing.unread():
        queue.enqueue("upkeep.read_lost_factor", number)
    losing.carry_out()
