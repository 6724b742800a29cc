"""Upkeep: what must be done some time, and waits for nobody."""

from dispatch import queue
from dispatch.audience import leaving


@queue.task("upkeep.forget_who_left")
def forget_who_left() -> None:
    """Erase readers whose day of undoing is over."""
    leaving.forget_who_left()
