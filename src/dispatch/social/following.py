"""What is out follows its story by itself only where the newsroom said so (DISPATCH_FOLLOW_CHANGES: edit, delete)."""

from django.conf import settings

from dispatch.articles.models import Article
from dispatch.social import acts, channels, composing, networks
from dispatch.social.models import Change, Post
from dispatch.social.networks.base import Unsupported

WHY = "the newsroom lets posts follow their story"
Act = Change.Act


def follow(article: Article) -> list[int]:
    """Edit what the template wrote, or delete what says what is taken back. Which posts. Doing it again does nothing more."""
    is_gone = article.state == Article.State.WITHDRAWN
    if (Act.DELETE if is_gone else Act.EDIT) not in settings.FOLLOW_CHANGES:
        return []
    states = acts.MAYBE_OUT if is_gone else (Post.State.SENT,)  # what is being posted now is deleted once it is out
    out = Post.objects.filter(article=article, state__in=states).select_related("channel", "article__current")
    return [post.pk for post in out if (_delete(post) if is_gone else _edit(post))]


def _delete(post: Post) -> bool:
    if post.changes.filter(act=Act.DELETE).exists():
        return False
    return isinstance(acts.take_back(post.pk, None, WHY), Change)


def _edit(post: Post) -> bool:
    """Only words that were the template's; what someone wrote or edited is for a person."""
    if post.edited or post.place or not networks.of(post.channel.network).limits(channels.unopened(post.channel)).edits:
        return False
    text = composing.compose(post.channel.network, post.article, channels.unopened(post.channel))
    if text == post.text or post.changes.filter(act=Act.EDIT, text=text).exists():
        return False
    made = acts.edit(post.pk, None, WHY, text=text, content_warning=post.content_warning)
    return made is not None and not isinstance(made, Unsupported)
