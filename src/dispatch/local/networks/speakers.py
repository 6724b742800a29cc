"""The stand-in networks by name. What each answers has the shapes of its provider's public documentation, as far as the
network's own client reads them."""

from collections.abc import Mapping

from dispatch.local.networks import apprise, bluesky, facebook, instagram, linkedin, mastodon, telegram, threads, x
from dispatch.local.networks.server import Speaker

SPEAKERS: Mapping[str, Speaker] = {
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
