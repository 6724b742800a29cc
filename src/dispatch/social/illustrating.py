"""Pictures of a post that is not out: added, put in order, taken out; the article's own, kept once."""

import hashlib

from django.core.cache import cache
from django.db.models import Max

from dispatch.articles.models import Article
from dispatch.social import drafting, media
from dispatch.social.models import Media, Post, PostMedia

KNOWN = 24 * 3600
"""Seconds for which an article's picture is not fetched again."""
FAILED = 300
"""Likewise one that cannot be had."""
MOST = 20
"""Pictures of one post: as many as any network takes."""


def add(post: Post, picture: Media, alt: str = "") -> None:
    """Put a picture at the end of a locked post's. Raises media.Unfit for one that it has, or one too many."""
    shown = PostMedia.objects.filter(post=post)
    if shown.filter(media=picture).exists():
        raise media.Unfit("it is in this post already")
    if shown.count() >= MOST:
        raise media.Unfit(f"a post has {MOST} at most")
    last = shown.aggregate(last=Max("position"))["last"]
    position = 0 if last is None else last + 1
    PostMedia.objects.create(post=post, media=picture, alt=alt, position=position)
    drafting.changed(post)


def remove(post: Post, number: int) -> None:
    """Take one of its pictures out of a locked post."""
    if PostMedia.objects.filter(post=post, pk=number).delete()[0]:
        drafting.changed(post)


def move(post: Post, number: int, by: int) -> None:
    """Put a picture of a locked post earlier (-1) or later (1)."""
    order = list(PostMedia.objects.filter(post=post).order_by("position", "pk").values_list("pk", flat=True))
    if number not in order:
        return
    place = order.index(number)
    other = min(max(place + by, 0), len(order) - 1)
    order.insert(other, order.pop(place))
    for position, one in enumerate(order):
        PostMedia.objects.filter(pk=one).update(position=position)
    drafting.changed(post)


def of_article(article: Article) -> Media:
    """The picture that its CMS names, fetched once and kept here: no page asks another host for it. Raises media.Unfit."""
    address = article.current.picture_url if article.current else ""
    if not address:
        raise media.Unfit("the article has no picture")
    key = f"picture:{hashlib.sha256(address.encode()).hexdigest()}"
    known = cache.get(key)
    if isinstance(known, str):
        raise media.Unfit(known)
    kept = Media.objects.filter(pk=known).first() if known else None
    return kept or _fetched(address, key)


def _fetched(address: str, key: str) -> Media:
    try:
        kept = media.bring(address)
    except media.Unfit as error:
        cache.set(key, str(error), FAILED)
        raise
    cache.set(key, kept.pk, KNOWN)
    return kept
