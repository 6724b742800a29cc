"""Networks that publish nothing without a picture: a post takes its article's, or else the one its channel keeps for that."""

import logging

from dispatch.articles.models import Article
from dispatch.social import channels, media, networks
from dispatch.social.models import Channel, Media, Post, PostMedia

log = logging.getLogger(__name__)
STANDING, STANDING_ALT = "picture", "picture_alt"
"""A channel's settings: the picture that stands in, and what is said of it."""


def wanted(channel: Channel, article: Article) -> tuple[Media, str] | None:
    """The picture, with what is said of it, that a story's own post here cannot go without and does not have. None:
    it needs none, or there is none to be had; then its check says so."""
    limits = networks.of(channel.network).limits(channels.unopened(channel))
    shown = PostMedia.objects.filter(post__channel=channel, post__story=article.story_id, post__turn=0, post__place=0)
    if not limits.pictures_needed or shown.exists():
        return None
    found = _own(article) or kept_by(channel)
    return (found[0], found[1][: limits.alt_longest]) if found else None


def give(post: Post, found: tuple[Media, str] | None) -> None:
    """Put it into the post, once."""
    if found:
        PostMedia.objects.get_or_create(post=post, media=found[0], defaults={"alt": found[1]})


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


def _own(article: Article) -> tuple[Media, str] | None:
    current = article.current
    if current is None or not current.picture_url:
        return None
    try:
        return media.bring(current.picture_url), current.picture_alt
    except media.Unfit as error:
        log.info("a post goes without its article's picture", extra={"article": article.pk, "reason": str(error)})
        return None
