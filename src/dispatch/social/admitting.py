"""An account becomes a channel, or a channel's credentials are replaced: when its network has said that it can post."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.utils import timezone
from django.utils.text import slugify

from dispatch.accounts import audit, desks
from dispatch.accounts.models import User
from dispatch.social import channels, doors, networks
from dispatch.social.doors.base import Identity, No
from dispatch.social.models import Channel, Post
from dispatch.social.networks.base import Account, Health

if TYPE_CHECKING:
    from dispatch.social.connecting import Wish

LOCK = 0x63686E6C  # "chnl": new channels are made one at a time


def keep(network: str, found: Identity, wish: "Wish", by: User) -> Channel:
    """Raises No: nothing was connected, or changed."""
    health = _ask(network, found)
    with transaction.atomic():
        channel = _again(found, wish.channel, by) if wish.channel else _new(network, found, wish, health, by)
        channel.credentials = channels.sealed(
            channel.slug, _whole(channel, found) if wish.channel else found.credentials
        )
        channel.server, channel.identity = found.server, found.key or channel.identity
        channel.account = found.account or health.account or channel.account
        channel.limits = dict(health.known) or channel.limits
        channel.expires_at = health.expires_at or found.expires_at
        channel.trouble, channel.refused_at, channel.probed_at = "", None, timezone.now()
        channel.save()
        channels.see_anew(channel)
        act = "channel.reconnect" if wish.channel else "channel.connect"
        audit.record(by, act, f"channel:{channel.slug}", f"an account on {doors.label(network)}")
        Post.objects.filter(channel=channel, state__in=Post.WAITING).update(
            rung_at=None, checked_at=None, warning="", asked_at=timezone.now()
        )
    return channel


def is_of(channel_id: int, found: Identity) -> bool:
    """Whether it is the account that this channel posts to, as far as anybody knows."""
    channel = Channel.objects.filter(pk=channel_id).first()
    return channel is not None and _is_same(channel, found)


def _ask(network: str, found: Identity) -> Health:
    known = Account(server=found.server, name=found.account, credentials=found.credentials)
    health = networks.get(network).probe(known)
    if not health.ok:
        raise No(
            f"{doors.label(network)} lets nothing be posted with that: {health.words.rstrip('.')}. Nothing was connected."
        )
    return health


def _again(found: Identity, channel_id: int, by: User) -> Channel:
    """Locked: a worker that renews its token meanwhile is waited for, and does not write over this one."""
    channel = Channel.objects.select_for_update().filter(pk=channel_id, removed_at=None).first()
    if channel is None:
        raise No("That channel was removed meanwhile. Nothing was connected.")
    if not desks.may_touch(by, channel):
        raise No("That channel belongs to another desk. Nothing was connected.")
    if not _is_same(channel, found):
        theirs, ours = found.account or found.key, channel.account or channel.identity
        raise No(
            f"You signed in as {theirs}, and this channel posts to {ours}. "
            "Nothing was changed. Sign in there as the right account, or connect the other one as a channel of its own."
        )
    return channel


def _new(network: str, found: Identity, wish: "Wish", health: Health, by: User) -> Channel:
    """Of the desk of whoever connects it, where they are limited to one; else everybody's."""
    with connection.cursor() as cursor:  # of two tabs that connect the same account at once, one is told
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    same = Channel.objects.filter(network=network, removed_at=None)
    twin = next((one for one in same if one.server == found.server and _is_surely(one, found)), None)
    if twin:
        raise No(f"That account is connected already, as {twin.name}. Nothing was connected; reconnect it on its page.")
    name = wish.name or f"{doors.label(network)} {found.account or health.account}".strip()
    languages, topics = list(wish.languages), list(wish.topics)
    theirs = desks.of(by)
    desk = next(iter(theirs)) if len(theirs) == 1 else None
    rules = {"languages": languages, "topics": topics, "desk_id": desk}
    return Channel(slug=_free_slug(name), name=name[:120], network=network, **rules)


def _whole(channel: Channel, found: Identity) -> Mapping[str, str]:
    """With the refresh token that was there, where the network gave no other with the new one."""
    if "refresh_token" in found.credentials or "expires_at" not in found.credentials:
        return found.credentials
    before = channels.opened(channel)
    if before.get("client_id") != found.credentials.get("client_id") or not before.get("refresh_token"):
        return found.credentials
    return {**found.credentials, "refresh_token": before["refresh_token"]}


def _is_same(channel: Channel, found: Identity) -> bool:
    """Where the network's own name of it was never kept, by what people call it, as far as both are known."""
    if channel.identity and found.key:
        return channel.identity == found.key
    ours, theirs = _plain(channel.account), _plain(found.account)
    return not ours or not theirs or ours == theirs or f"{ours}@" in f"{theirs}@"[: len(ours) + 1]


def _is_surely(channel: Channel, found: Identity) -> bool:
    known = (channel.identity and found.key) or (channel.account and found.account)
    return bool(known) and _is_same(channel, found)


def _plain(account: str) -> str:
    return re.sub(r"\s", "", account).removeprefix("@").casefold()


def _free_slug(name: str) -> str:
    base = slugify(name)[:40] or "channel"
    taken = set(Channel.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    return next(
        slug for number in range(1, len(taken) + 3) if (slug := f"{base}-{number}" if number > 1 else base) not in taken
    )
