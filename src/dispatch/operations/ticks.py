"""What the clock repeats for operators."""

from dispatch import clock
from dispatch.operations import flowing, returned, sweeping


@clock.tick("go on with acts upon many readers", every=1)
def sweep() -> None:
    """A part of the oldest."""
    sweeping.go_on()


@clock.tick("write down what flowed", every=10)
def flow() -> None:
    """Of this minute and the last ones."""
    flowing.write()


@clock.tick("sum what came back", every=30)
def sum_returned() -> None:
    """Of three days' letters, by the way they went."""
    returned.sum_up()


@clock.tick("thin out what flowed", every=3600)
def thin() -> None:
    """Minutes become quarters of an hour, and weeks later nothing."""
    flowing.thin()
