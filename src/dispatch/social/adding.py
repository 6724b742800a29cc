"""A post that somebody wants on a channel, of a story that has none there yet."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from dispatch.accounts.models import User
from dispatch.articles.models import Article, Story
from dispatch.social import channels, composing, timing
from dispatch.social.models import Channel, Media, Post, PostMedia
from dispatch.social.timing import Placed


@dataclass(frozen=True)
class Wish:
    """What is wanted. Empty: the template's text, the article's own link and language, no picture."""

    channel: Channel
    article: Article
    moment: datetime
    text: str = ""
    link: str = ""
    language: str = ""
    content_warning: str = ""
    picture: Media | None = None
    alt: str = ""


@dataclass(frozen=True)
class Stands:
    """The channel has a post of that story, whatever became of it."""

    post: Post


def add(wish: Wish, by: User | None, reason: str = "") -> Post | Stands | Placed:
    """Plan it: the new post, or why there is none. Nothing is half done."""
    fresh = {**said(wish), "article": wish.article, "edited": bool(wish.text)}
    with transaction.atomic():
        post, made = Post.objects.get_or_create(
            channel=wish.channel,
            story=wish.article.story,
            turn=0,
            place=0,
            defaults={**fresh, "state": Post.State.DRAFT, "due_at": wish.moment},
        )
        if not made:
            return Stands(post)
        if wish.picture:
            PostMedia.objects.create(post=post, media=wish.picture, alt=wish.alt)
        placed = timing.at(post.pk, wish.moment, by, reason)
        if placed is not Placed.DONE:
            transaction.set_rollback(True)
            return placed
    post.refresh_from_db()
    return post


def said(wish: Wish) -> dict[str, str]:
    """What its post says."""
    return {
        "text": wish.text or composing.compose(wish.channel.network, wish.article, channels.unopened(wish.channel)),
        "link": wish.link or wish.article.url,
        "language": wish.language or wish.article.language,
        "content_warning": wish.content_warning,
    }


def may_be_posted(article: Article) -> bool:
    """Whether it is published, for everybody, and here."""
    is_public = article.visibility == Article.Visibility.PUBLIC
    return article.state == Article.State.PUBLISHED and is_public and article.current_id is not None


def version(story: Story, channel: Channel, language: str = "") -> Article | None:
    """The version of a story that the channel would say: in this language, else in the one it puts first. None: there is
    none that may be posted."""
    there = sorted(filter(may_be_posted, story.articles.all()), key=lambda each: each.pk)
    wanted = [language] if language else channel.languages
    if not wanted:
        return there[0] if there else None
    return next((one for code in wanted for one in there if one.language == code), None)
