"""Which channels get a post of a story. Every act may be doubled: a channel has one post a story, by constraint."""

from django.db import transaction
from django.utils import timezone

from dispatch import queue
from dispatch.articles.models import Article
from dispatch.social import channels, composing
from dispatch.social.models import Channel, Post

UNSENT = (Post.State.DRAFT, Post.State.SCHEDULED, Post.State.DEFERRED)


def plan(article: Article) -> None:
    """One post for each active channel of this language and these topics; what is not out yet follows a revision."""
    if article.visibility != Article.Visibility.PUBLIC or article.current is None:
        return
    for channel in Channel.objects.filter(active=True).order_by("pk"):
        if _wants(channel, article):
            _plan_post(channel, article)


def withdraw(article: Article) -> None:
    """Posts of this language version that are not out yet stay in."""
    Post.objects.filter(article=article, state__in=UNSENT).update(
        state=Post.State.WITHDRAWN, trouble="the article was taken back before this went out"
    )


def _wants(channel: Channel, article: Article) -> bool:
    assert article.current is not None
    languages = not channel.languages or article.language in channel.languages
    return languages and (not channel.topics or bool(set(channel.topics) & set(article.current.topics)))


def _plan_post(channel: Channel, article: Article) -> None:
    text = composing.compose(channel.network, article, channels.account(channel))
    with transaction.atomic():
        values = {"article": article, "text": text, "link": article.url, "language": article.language}
        post, made = Post.objects.select_for_update().get_or_create(
            channel=channel, story=article.story, defaults=values | {"due_at": timezone.now()}
        )
        if not made:
            _follow(post, article, text)
    if made:
        queue.enqueue("social.publish_post", post.pk)


def _follow(post: Post, article: Article, text: str) -> None:
    """A revision, or an article that came back: what is not out says what is true now, unless an editor wrote it."""
    back = post.state == Post.State.WITHDRAWN
    if post.article_id != article.pk or not (back or post.state in UNSENT):
        return
    if not post.edited:
        post.text, post.link = text, article.url
    if back:
        post.state, post.trouble, post.due_at = Post.State.SCHEDULED, "", timezone.now()
    post.save(update_fields=["text", "link", "state", "trouble", "due_at"])
