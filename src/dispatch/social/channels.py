"""Channels: connected accounts, their sealed credentials, and whether they can publish."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from dispatch import vault
from dispatch.outcomes import Deferred, Refused
from dispatch.social import networks
from dispatch.social.models import Channel, Counted
from dispatch.social.networks.base import Account, Health, Renewed, Renewing, ends

ENOUGH = timedelta(minutes=15)
"""Before a token's end its renewal is worth waiting for."""

OF_CREDENTIALS = {"401", "190"}
"""Codes of refusals: RFC 9110 section 15.5.2; Meta's, by developers.facebook.com/docs/graph-api/guides/error-handling."""


@dataclass(frozen=True, kw_only=True)
class LockedOut(Refused):
    """No key opens the credentials, or they cannot be renewed: a person has to connect the channel again."""


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
    """Add a channel, or replace the credentials of one. `rules`: languages, topics. Raises KeyError for no such network.

    When the new credentials end is known once the network was asked: what was known is of the old ones."""
    networks.get(network)
    kept: dict[str, object] = {"server": server, "account": account, "credentials": sealed(slug, credentials)}
    kept |= {"identity": "", "refused_at": None, "expires_at": None}
    values = {"name": name, "network": network, **kept, **rules}
    channel, _ = Channel.objects.update_or_create(slug=slug, defaults=values)
    see_anew(channel)
    return channel


def account(channel: Channel) -> Account:
    """The channel as its network sees it, credentials opened. Raises vault.Unreadable."""
    text = vault.unseal(bytes(channel.credentials), f"channel:{channel.slug}:credentials")
    return replace(unopened(channel), credentials=json.loads(text))


def opened(channel: Channel) -> Mapping[str, str]:
    """Its credentials; none where no key opens them."""
    try:
        return account(channel).credentials
    except vault.Unreadable:
        return {}


def unopened(channel: Channel) -> Account:
    """The same without credentials: enough to count, to check and to ask what fits."""
    return Account(
        server=channel.server, name=channel.account, credentials={}, known=channel.limits, settings=channel.settings
    )


def ready(channel: Channel) -> Account | Deferred | Refused:
    """The same with credentials that are good for a while yet: renewed first where they wear out, by one worker at a time."""
    try:
        known = account(channel)
        network = networks.of(channel.network)
        if not isinstance(network, Renewing) or not _is_worn(network, known):
            return known
        return _renewed(channel, network)
    except vault.Unreadable as error:
        return LockedOut(reason=str(error))


def _renewed(channel: Channel, network: Renewing) -> Account | Deferred | Refused:
    """The new refresh token is stored in the same breath: the old one is worth nothing from now on."""
    with transaction.atomic():
        fresh = Channel.objects.select_for_update().get(pk=channel.pk)
        known = account(fresh)
        if not _is_worn(network, known):
            return known
        answer = network.renew(known)
        if isinstance(answer, Refused):
            return known if _lives(known) else LockedOut(reason=answer.reason, code=answer.code)
        if not isinstance(answer, Renewed):
            return known if _lives(known) else answer
        fresh.credentials = sealed(fresh.slug, answer.credentials)
        fresh.expires_at = None if answer.credentials.get("refresh_token") else answer.expires_at
        fresh.save(update_fields=["credentials", "expires_at"])
    return account(fresh)


def _lives(known: Account) -> bool:
    """Whether the old token serves a while yet: one of sixty days is renewed days before its end."""
    end = ends(known.credentials)
    return end is not None and end - ENOUGH > timezone.now()


def _is_worn(network: Renewing, known: Account) -> bool:
    moment = network.renews_at(known)
    return moment is not None and moment <= timezone.now()


def probe(channel: Channel) -> Health:
    """Ask the network whether all is well, and keep what it says of its limits."""
    before = bytes(channel.credentials)
    health = _ask(channel)
    if not health.ok and not Channel.objects.filter(pk=channel.pk, credentials=before).exists():
        channel.refresh_from_db()  # they were replaced meanwhile: what was said of the old ones is no news
        health = _ask(channel)
    channel.trouble = "" if health.ok else health.words[:300]
    channel.probed_at = timezone.now()
    if health.ok:
        channel.refused_at = None
    elif health.code in OF_CREDENTIALS:
        channel.refused_at = channel.refused_at or timezone.now()
    if health.known:
        channel.limits = dict(health.known)
    if health.expires_at:
        channel.expires_at = health.expires_at
    channel.save(update_fields=["trouble", "probed_at", "refused_at", "limits", "expires_at"])
    return health


def is_locked_out(outcome: object) -> bool:
    """Whether it is the credentials that were refused, and nothing else."""
    return isinstance(outcome, LockedOut) or (isinstance(outcome, Refused) and outcome.code in OF_CREDENTIALS)


def lock_out(channel: Channel, reason: str) -> None:
    """Its credentials were refused: nothing of it is rung until there are others, or its network takes these again. Others
    that came meanwhile are not meant."""
    now, same = timezone.now(), Channel.objects.filter(pk=channel.pk, credentials=bytes(channel.credentials))
    same.filter(refused_at=None).update(
        refused_at=now, probed_at=now, trouble=(reason or "its credentials are refused")[:300]
    )


def _ask(channel: Channel) -> Health:
    known = ready(channel)
    if not isinstance(known, Account):
        return Health(ok=False, words=known.reason, code="401" if isinstance(known, LockedOut) else "")
    return networks.of(channel.network).probe(known)


def see_anew(channel: Channel) -> None:
    """That its network let it see no numbers of posts is over: it has other credentials, or was told some."""
    Counted.objects.filter(post__channel=channel, refused=True).update(refused=False)


def sealed(slug: str, credentials: Mapping[str, str]) -> bytes:
    """For the channel of this slug and no other."""
    return vault.seal(json.dumps(dict(credentials)), f"channel:{slug}:credentials")
