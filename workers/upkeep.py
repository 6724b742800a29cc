"""Upkeep: what must be done some time, and waits for nobody."""

from dispatch import hands, queue
from dispatch.accounts import losing
from dispatch.api import delivering
from dispatch.audience import keys, leaving, moving, signing_up
from dispatch.delivery import holding_to_dane, preflighting, rotating, watching
from dispatch.delivery.bounces import mailboxes
from dispatch.desk import outbox
from dispatch.local import nightly


@queue.task("upkeep.forget_who_left")
def forget_who_left() -> None:
    """Erase readers whose day of undoing is over."""
    leaving.forget_who_left()


@queue.task("upkeep.take_sign_ups")
def take_sign_ups() -> None:
    """Look at what forms brought, a batch at a time."""
    while signing_up.take() and not queue.is_stopping():
        hands.advance()


@queue.task("upkeep.tell_the_held")
def tell_the_held() -> None:
    """Write to those who had to wait for it."""
    signing_up.tell_the_held()


@queue.task("upkeep.tell_both")
def tell_both(change_id: int) -> None:
    """Write to the mailboxes that a change of address needs."""
    moving.tell_both(change_id)


@queue.task("upkeep.look_at_keys")
def look_at_keys() -> None:
    """Write to readers whose key runs out."""
    keys.tell_owners()


@queue.task("upkeep.send_notice")
def send_notice(number: int) -> None:
    """Tell someone of the newsroom what happened."""
    outbox.send(number)


@queue.task("upkeep.read_lost_factor")
def read_lost_factor(number: int) -> None:
    """See who it is that lost their second factor, if anybody."""
    losing.read(number)


@queue.task("upkeep.preflight")
def preflight(edition_id: int) -> None:
    """Look at an edition's links, domain and spam score."""
    preflighting.run(edition_id)


@queue.task("upkeep.tell_endpoint")
def tell_endpoint(delivery_id: int) -> None:
    """Tell an endpoint of an event that is due."""
    delivering.deliver(delivery_id)


@queue.task("upkeep.back_up")
def back_up() -> None:
    """Keep tonight's backup, where none was kept yet."""
    nightly.make()


@queue.task("upkeep.ask_mailbox")
def ask_mailbox(number: int) -> None:
    """Take what came back to a mailbox."""
    mailboxes.ask(number)


@queue.task("upkeep.look_at_domains")
def look_at_domains() -> None:
    """See how sending domains' records stand."""
    watching.look_at_all()


@queue.task("upkeep.look_at_relays")
def look_at_relays() -> None:
    """See whether relays that ask for DANE can be held to it."""
    holding_to_dane.look_at_all()


@queue.task("upkeep.rotate_keys")
def rotate_keys() -> None:
    """Take DKIM keys that wait as far as the DNS and their time allow."""
    rotating.advance()
