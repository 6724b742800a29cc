"""The networks Dispatch can post to; each module, and its library, is loaded when first asked for."""

import functools
from importlib import import_module

from dispatch import staging
from dispatch.social.networks import rehearsing
from dispatch.social.networks.absent import Absent
from dispatch.social.networks.base import Network

registry = {
    "x": "dispatch.social.networks.x:X",
    "mastodon": "dispatch.social.networks.mastodon:Mastodon",
    "bluesky": "dispatch.social.networks.bluesky:Bluesky",
    "telegram": "dispatch.social.networks.telegram:Telegram",
    "facebook": "dispatch.social.networks.facebook:Facebook",
    "instagram": "dispatch.social.networks.instagram:Instagram",
    "threads": "dispatch.social.networks.threads:Threads",
    "linkedin": "dispatch.social.networks.linkedin:LinkedIn",
    "apprise": "dispatch.social.networks.apprise:Apprise",
    "fake": "dispatch.social.networks.fake:Fake",
}
names = {"x": "X", "linkedin": "LinkedIn"}
"""How people write them, where that is not the name with a capital."""


def told(name: str) -> str:
    """A network's name for people."""
    if name not in registry:
        return f"Unknown network ({name})"
    return names.get(name, name.capitalize())


def get(name: str) -> Network:
    """The network of this name; in a rehearsal one at which nothing is put. Raises KeyError."""
    return _loaded(name, is_rehearsal=staging.is_on() and name != "fake")


@functools.cache
def _loaded(name: str, *, is_rehearsal: bool) -> Network:
    module, _, attribute = registry[name].partition(":")
    kind: type[Network] = getattr(import_module(module), attribute)
    return type(attribute, (rehearsing.Rehearsed, kind), {})() if is_rehearsal else kind()


def of(name: str) -> Network:
    """That of a channel, which may name one that this Dispatch does not know: see absent.py."""
    return get(name) if name in registry else Absent(name)
