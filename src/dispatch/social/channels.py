"""Channels: connected accounts, their sealed credentials, and whether they can publish."""

import json
from collections.abc import Mapping

from django.utils import timezone

from dispatch import vault
from dispatch.social import networks
from dispatch.social.models import Channel
from dispatch.social.networks.base import Account, Health


def connect(
    slug: str,
    *,
    name: str,
    network: str,
    credentials: Mapping[str, str],
    server: str = "",
    account: str = "",
    **rules: object,
) -> Channel:
    """Add a channel, or replace the credentials of one. `rules`: languages, topics. Raises KeyError for no such network."""
    networks.get(network)
    sealed = vault.seal(json.dumps(dict(credentials)), f"channel:{slug}:credentials")
    values = {"name": name, "network": network, "server": server, "account": account, "credentials": sealed, **rules}
    channel, _ = Channel.objects.update_or_create(slug=slug, defaults=values)
    return channel


def account(channel: Channel) -> Account:
    """The channel as its network sees it, credentials opened."""
    credentials = json.loads(vault.unseal(bytes(channel.credentials), f"channel:{channel.slug}:credentials"))
    return Account(
        server=channel.server,
        name=channel.account,
        credentials=credentials,
        known=channel.limits,
        settings=channel.settings,
    )


def probe(channel: Channel) -> Health:
    """Ask the network whether all is well, and keep what it says of its limits."""
    health = _ask(channel)
    channel.trouble = "" if health.ok else health.words[:300]
    channel.probed_at = timezone.now()
    if health.known:
        channel.limits = dict(health.known)
    if health.expires_at:
        channel.expires_at = health.expires_at
    channel.save(update_fields=["trouble", "probed_at", "limits", "expires_at"])
    return health


def _ask(channel: Channel) -> Health:
    try:
        known = account(channel)
    except vault.Unreadable as error:
        return Health(ok=False, words=str(error))
    return networks.get(channel.network).probe(known)
