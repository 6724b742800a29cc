"""A test message: the only proof of life of a network that cannot be asked anything."""

from dispatch.accounts import audit, stopping
from dispatch.accounts.models import Stop, User
from dispatch.outcomes import Outcome, Refused, Sent, Unknown
from dispatch.social import channels, networks
from dispatch.social.models import Channel
from dispatch.social.networks.base import Account, Draft

TEXT = "This is a test message from Dispatch. Nothing has happened."
ONLY_SENDS = frozenset({"apprise"})


def offers(channel: Channel) -> bool:
    """Whether only a message tells that it lives."""
    return channel.network in ONLY_SENDS


def send(channel: Channel, by: User, reason: str) -> Outcome:
    """Send one, now and once; nothing of it is repeated. What came of it stands in the audit log."""
    outcome = _send(channel)
    if channels.is_locked_out(outcome) and isinstance(outcome, Refused):
        channels.lock_out(channel, outcome.reason)
    audit.record(by, "channel.test", f"channel:{channel.slug}", f"{reason}: {type(outcome).__name__.lower()}")
    return outcome


def words(outcome: Outcome) -> str:
    """What came of it, for a page."""
    if isinstance(outcome, Sent):
        return "Sent, and the service took it."
    said = "Nobody knows whether it arrived" if isinstance(outcome, Unknown) else "Not sent"
    return f"{said}: {outcome.reason.rstrip('.')}."


def _send(channel: Channel) -> Outcome:
    if not channel.active or _is_stopped(channel):
        return Refused(reason="the channel is stopped or switched off")
    account = channels.ready(channel)
    if not isinstance(account, Account):
        return account
    return networks.of(channel.network).publish(Draft(text=TEXT, link="", language="en"), account)


def _is_stopped(channel: Channel) -> bool:
    held = stopping.in_force()
    everything = held.filter(scope=Stop.Scope.EVERYTHING).exists()
    return everything or held.filter(scope=Stop.Scope.CHANNEL, target=channel.pk).exists()
