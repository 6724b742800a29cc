"""Networks that publish nothing without a picture: a post takes its article's, or else the one its channel keeps for that."""

import logging

from dispatch.social import channels, media, networks
from dispatch.social.models import Channel, Media, Post, PostMedia

log = logging.getLogger(__name__)
STANDING, STANDING_ALT = "picture", "picture_alt"
"""A channel's settings: the picture that stands in, and what is said of it."""


def illustrate(post: Post) -> None:
    """Give a post the picture it cannot go without. Where there is none to be had it stays without, and its check says so."""
    limits = networks.of(post.channel.network).limits(channels.unopened(post.channel))
    if limits.pictures_needed and not post.media.exists():
        kept, alt = _own(post) or kept_by(post.channel) or (None, "")
        if kept:
            PostMedia.objects.get_or_create(post=post, media=kept, defaults={"alt": alt[: limits.alt_longest]})


def keep(channel: Channel, content: bytes, alt: str) -> None:
    """Keep a picture that stands in where an article brings none. Raises media.Unfit."""
    kept = media.take(content)
    channel.settings = {**channel.settings, STANDING: kept.pk, STANDING_ALT: alt}
    channel.save(update_fields=["settings"])


def describe(channel: Channel, alt: str) -> bool:
    """Say something else of the one that is kept. False: there is none."""
    if kept_by(channel) is None:
        return False
    channel.settings = {**channel.settings, STANDING_ALT: alt}
    channel.save(update_fields=["settings"])
    return True


def kept_by(channel: Channel) -> tuple[Media, str] | None:
    """A channel's picture without its content, and what is said of it."""
    kept = Media.objects.defer("content").filter(pk=channel.settings.get(STANDING)).first()
    return (kept, str(channel.settings.get(STANDING_ALT, ""))) if kept else None


def _own(post: Post) -> tuple[Media, str] | None:
    current = post.article.current
    if current is None or not current.picture_url:
        return None
    try:
        return media.bring(current.picture_url), current.picture_alt
    except media.Unfit as error:
        log.info("a post goes without its article's picture", extra={"post": post.pk, "reason": str(error)})
        return None
