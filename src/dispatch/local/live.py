"""`dispatch check --live`: asks each relay and each channel itself. Nothing is sent, nothing is posted."""

import contextlib
from collections.abc import Iterator

from django.db import Error

from dispatch import vault
from dispatch.delivery import relays
from dispatch.delivery.mailers import dialling
from dispatch.delivery.mailers.smtp import Smtp
from dispatch.delivery.models import Relay
from dispatch.local.finding import Finding, ok, todo, wrong
from dispatch.social import channels, networks
from dispatch.social.models import Channel

SECURED = {"starttls": "encrypted by STARTTLS", "tls": "encrypted from the first byte", "none": "not encrypted"}


def counterparts() -> Iterator[Finding]:
    """A line for each relay and channel in use; what a channel answers is kept, as after `dispatch channel probe`."""
    try:
        asked = [*Relay.objects.filter(active=True).order_by("name")]
        connected = [*Channel.objects.filter(active=True).order_by("slug")]
    except Error:
        yield todo("Relays and channels are asked once the database answers and is at this version.")
        return
    for relay in asked:
        yield of_relay(relay)
    for channel in connected:
        yield of_channel(channel)


def of_relay(relay: Relay) -> Finding:
    """Connect, greet, secure and sign in as the relay's address says, then QUIT."""
    try:
        mailer = relays.open_for_one(relay)
        if mailer is None:
            return ok(f"Relay {relay.name}: all the connections that it may have are in use.")
        with contextlib.closing(mailer):
            trouble = mailer.knock()
    except vault.Unreadable as error:
        return wrong(f"Relay {relay.name}: {error}")
    if trouble:
        return wrong(f"Relay {relay.name}: {trouble.reason} {trouble.code}".rstrip() + ".")
    if isinstance(mailer, Smtp):
        return ok(f"Relay {relay.name}: {_met(mailer.relay)}.")
    return todo(f"Relay {relay.name}: {relay.get_kind_display()}; its settings are complete, only a mail tells more.")


def of_channel(channel: Channel) -> Finding:
    """Its credentials, and what its network says to them."""
    health, name = channels.probe(channel), networks.told(channel.network)
    if health.ok:
        return ok(f"Channel {channel.slug}: it can post to {name}; {health.words or 'fine'}.")
    again = f"dispatch channel add {channel.network} --slug {channel.slug} … replaces its credentials"
    return wrong(f"Channel {channel.slug}: it cannot post to {name}; {health.words}. {again}.")


def _met(relay: dialling.Relay) -> str:
    signed = "signed in" if relay.user else "no sign-in is set"
    return f"{relay.host}:{relay.port} lets us in, {SECURED[relay.security]}, {signed}"
