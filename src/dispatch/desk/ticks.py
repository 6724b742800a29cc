"""What the clock repeats for the desk."""

from dispatch import clock, queue
from dispatch.desk import outbox, telling
from dispatch.operations import backups, pinging


@clock.tick("look what people are to be told", every=10)
def look() -> None:
    """New things, and those that have waited for others long enough."""
    telling.look()


@clock.tick("tell a watchman that all flows", every=60)
def ping() -> None:
    """Outside: whoever hears nothing for some minutes raises the alarm."""
    pinging.ping()


@clock.tick("keep a backup each night", every=300)
def back_up() -> None:
    """Where a folder for it is named."""
    if backups.is_due():
        queue.enqueue("upkeep.back_up")


@clock.tick("ring what people are told", every=5)
def ring_notices() -> None:
    """Messages whose doorbell was lost, or that are due again."""
    for number in outbox.due():
        queue.enqueue("upkeep.send_notice", number)


@clock.tick("send what no worker takes to people", every=15)
def send_forsaken() -> None:
    """That the broker or the workers are away is told, too."""
    outbox.send_forsaken()


@clock.tick("forget what people were told", every=3600)
def forget() -> None:
    """After three months."""
    telling.forget()
