"""The stand-in networks by name. What each answers has the shapes of its provider's public documentation, as far as the
network's own client reads them."""

import functools
from collections.abc import Mapping
from dataclasses import replace

from dispatch.local.networks import (
    apprise,
    bluesky,
    facebook,
    instagram,
    linkedin,
    mastodon,
    signing_in,
    telegram,
    threads,
    x,
)
from dispatch.local.networks.server import Speaker

_SPEAKERS: Mapping[str, Speaker] = {
    "x": x.SPEAKER,
    "mastodon": mastodon.SPEAKER,
    "bluesky": bluesky.SPEAKER,
    "telegram": telegram.SPEAKER,
    "facebook": facebook.SPEAKER,
    "instagram": instagram.SPEAKER,
    "threads": threads.SPEAKER,
    "linkedin": linkedin.SPEAKER,
    "apprise": apprise.SPEAKER,
}
SPEAKERS: Mapping[str, Speaker] = {
    name: replace(one, signs_in=functools.partial(signing_in.answer, name, one.credentials))
    for name, one in _SPEAKERS.items()
}
