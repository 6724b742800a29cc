"""Which channels get a post of a story. Every act may be doubled: a channel has one post a story, by constraint."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from dispatch import queue
from dispatch.articles import aging
from dispatch.articles.models import Article, Story
from dispatch.social import channels, composing, following, standing_in, timing, withdrawing
from dispatch.social.models import Channel, Post


def plan(article: Article) -> None:
    """One post for each active channel of these languages and topics, in the language that the channel puts first; of a story
    that is no news any more, none by itself.

    What is not out yet follows a revision, or moves to a better language that came later. It stays in while its version may
    not be posted, and comes back as it was."""
    versions = standing(article.story)
    with transaction.atomic():
        withdrawing.follow(article.story, versions)
    _plan_versions(versions)
    following.follow(article)


def withdraw(article: Article) -> None:
    """Posts of this language version that are not out yet stay in, or say it in another language that still stands."""
    withdrawing.of_article(article)
    _plan_versions([each for each in standing(article.story) if each.pk != article.pk])
    following.follow(article)


def _plan_versions(versions: list[Article]) -> None:
    for channel in Channel.objects.filter(active=True).order_by("pk"):
        best = choose(channel, versions)
        if best is not None:
            _plan_post(channel, best)


def standing(story: Story) -> list[Article]:
    """Its versions that may be posted: published, public, and with a text."""
    stands = {"state": Article.State.PUBLISHED, "visibility": Article.Visibility.PUBLIC, "current__isnull": False}
    found = story.articles.filter(**stands).select_related("current", "story").order_by("pk")
    return list(found.defer("current__html", "current__text"))


def best(channel: Channel, story: Story) -> Article | None:
    """The version that a channel gets by itself; None: none of those that stand is for it."""
    return choose(channel, standing(story))


def choose(channel: Channel, versions: list[Article]) -> Article | None:
    """The version that the channel would rather have; where it names no languages, the one that came first."""
    wanted = [each for each in versions if _wants(channel, each)]
    order = {language: place for place, language in enumerate(channel.languages)}
    return min(wanted, key=lambda each: (order.get(each.language, 0), each.pk), default=None)


def template(channel: Channel, article: Article) -> dict[str, object]:
    """Text, link and language of an article as the newsroom's template has them for a channel's network."""
    text = composing.compose(channel.network, article, channels.unopened(channel))
    return {"text": text, "link": article.url, "language": article.language}


def _wants(channel: Channel, article: Article) -> bool:
    assert article.current is not None
    languages = not channel.languages or article.language in channel.languages
    return languages and (not channel.topics or bool(set(channel.topics) & set(article.current.topics)))


def _plan_post(channel: Channel, article: Article) -> None:
    said = {"article": article, **template(channel, article)}
    if aging.is_old(article) and not _has_post(channel, article.story):
        return
    moment = timing.earliest(channel, article.story)
    picture = standing_in.wanted(channel, article)  # before there is a post: any worker may take that at once
    with transaction.atomic():
        post, made = Post.objects.select_for_update().get_or_create(
            channel=channel, story=article.story, turn=0, place=0, defaults={**said, "due_at": moment}
        )
        if not made:
            _follow(post, article, said)
            _hold_back(post, moment)
        standing_in.give(post, picture)
    if made:
        queue.enqueue("social.publish_post", post.pk)


def _has_post(channel: Channel, story: Story) -> bool:
    return Post.objects.filter(channel=channel, story=story, turn=0, place=0).exists()


def _hold_back(post: Post, moment: datetime) -> None:
    """What waited for an earlier moment than its story's embargo waits for that one."""
    until = post.story.embargo_until
    if until is not None and post.state in Post.WAITING and post.due_at < until:
        Post.objects.filter(pk=post.pk).update(due_at=max(until, moment), asked_at=timezone.now())


def _follow(post: Post, article: Article, said: dict[str, object]) -> None:
    """What is not out says what is true now, unless an editor wrote it or an attempt may have put it out already."""
    is_back, moved = post.state == Post.State.WITHDRAWN, post.article_id != article.pk
    if not (is_back or post.state in Post.UNSENT) or post.attempts.filter(outcome="unknown").exists():
        return
    if post.edited:
        if is_back and moved:  # its words are of a version that does not stand: kept for a person
            Post.objects.filter(pk=post.pk).update(trouble=withdrawing.KEPT)
        return
    for name, value in (*said.items(), *(withdrawing.as_it_was(post).items() if is_back else ())):
        post.version += name in said and getattr(post, name) != value  # whoever has the old one open learns of it
        setattr(post, name, value)
    post.checked_at = None
    post.save(
        update_fields=[*said, "version", "checked_at", "state", "trouble", "due_at", "before", "asked_at", "rung_at"]
    )
    if moved:
        _leave_behind(post)


def _leave_behind(post: Post) -> None:
    """The further parts of another language's thread stay in."""
    parts = Post.objects.filter(channel=post.channel, story=post.story, turn=post.turn, place__gt=0)
    unsent = parts.filter(state__in=(*Post.UNSENT, Post.State.WITHDRAWN))
    unsent.update(state=Post.State.DROPPED, trouble="the post before it is in another language now")
