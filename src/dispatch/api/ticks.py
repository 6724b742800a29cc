"""What the clock repeats for programs."""

from dispatch import clock, queue
from dispatch.api import delivering, once


@clock.tick("tell endpoints", every=1)
def ring_deliveries() -> None:
    """Events that nobody was told of yet, and those that are due again."""
    for number in delivering.due():
        queue.enqueue("upkeep.tell_endpoint", number)


@clock.tick("forget old answers and events", every=3600)
def forget() -> None:
    """Answers to programs after a day, events after a month."""
    once.forget_old()
    delivering.forget_old()
