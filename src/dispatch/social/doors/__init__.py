"""The doors to networks, in the order in which they are offered: signing in before keys."""

from collections.abc import Iterator

from dispatch.social import networks
from dispatch.social.doors import bluesky, bluesky_oauth, linkedin, links, mastodon, meta, telegram, x
from dispatch.social.doors.base import Door

LABELS = {
    "mastodon": "Mastodon",
    "bluesky": "Bluesky",
    "telegram": "Telegram",
    "x": "X",
    "facebook": "Facebook",
    "instagram": "Instagram",
    "threads": "Threads",
    "linkedin": "LinkedIn",
    "apprise": "Anything else",
    "fake": "Nowhere (a trial)",
}
DOORS: tuple[Door, ...] = (
    mastodon.Mastodon(),
    bluesky_oauth.SignInThere(),
    bluesky.Password(),
    telegram.Telegram(),
    x.X(),
    x.Keys(),
    meta.Facebook(),
    meta.Instagram(),
    meta.Threads(),
    linkedin.Page(),
    linkedin.Person(),
    links.Apprise(),
)


def offered() -> Iterator[Door]:
    """Those of networks that this Dispatch can post to."""
    return (door for door in DOORS if door.way.network in networks.registry)


def get(network: str, name: str) -> Door | None:
    """One of them."""
    return next((door for door in offered() if (door.way.network, door.way.name) == (network, name)), None)


def to(network: str) -> list[Door]:
    """Those of one network."""
    return [door for door in offered() if door.way.network == network]


def label(network: str) -> str:
    """Its name for people."""
    return LABELS.get(network) or networks.told(network)
