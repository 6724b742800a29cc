"""A post that somebody wants on a channel: begun as a draft, planned for a moment, or one of many from a file.

The one place where people make posts; a channel has one of each story.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from dispatch.accounts import audit
from dispatch.accounts.models import User
from dispatch.articles.models import Article, Story
from dispatch.social import channels, composing, drafting, dropping, planning, timing
from dispatch.social.drafting import Shown
from dispatch.social.models import Channel, Post
from dispatch.social.timing import Placed

BEGAN = "post.begin"
OVER = (Post.State.DROPPED, Post.State.WITHDRAWN)


@dataclass(frozen=True)
class Wish:
    """What is wanted. Left out: the template's text, the article's own link and language, no picture, no moment."""

    channel: Channel
    article: Article
    moment: datetime | None = None
    text: str | None = None
    link: str = ""
    language: str = ""
    content_warning: str = ""
    pictures: tuple[Shown, ...] = ()


@dataclass(frozen=True)
class Stands:
    """The channel has a post of that story, whatever became of it."""

    post: Post


def draft(wish: Wish, by: User | None) -> Post | Stands:
    """It waits for somebody to plan it."""
    try:
        with transaction.atomic():
            post = unsaved(wish)
            post.save(force_insert=True)
            drafting.show(post, wish.pictures)
            audit.record(by, BEGAN, f"post:{post.pk}")
    except IntegrityError:
        return Stands(Post.objects.get(channel=wish.channel, story=wish.article.story_id, turn=0, place=0))
    return post


def begin(channel: Channel, article: Article, by: User | None = None) -> Post:
    """A draft with the template's text. One that somebody dropped, or whose article was taken back, is a draft again. The one
    there is already, where somebody was faster."""
    made = draft(Wish(channel, article), by)
    return _again(made.post.pk, article, by) if isinstance(made, Stands) else made


def add(wish: Wish, by: User | None, reason: str = "") -> Post | Stands | Placed:
    """Plan it for its moment: the new post, or why there is none. Nothing is half done."""
    assert wish.moment is not None
    with transaction.atomic():
        post = draft(wish, by)
        if isinstance(post, Stands):
            return post
        placed = timing.at(post.pk, wish.moment, by, reason)
        if placed is not Placed.DONE:
            transaction.set_rollback(True)
            return placed
    post.refresh_from_db()
    return post


def unsaved(wish: Wish) -> Post:
    """Its post, as a draft. Words of one's own are an editor's, as is a version that the channel would not get by itself."""
    channel, article = wish.channel, wish.article
    is_chosen = planning.choose(channel, _versions(article.story)) != article
    return Post(
        channel=channel,
        story=article.story,
        article=article,
        edited=wish.text is not None or is_chosen,
        state=Post.State.DRAFT,
        due_at=wish.moment or timing.earliest(channel, article.story),
        **said(wish),
    )


def said(wish: Wish) -> dict[str, str]:
    """What its post says."""
    text = wish.text
    if text is None:
        text = composing.compose(wish.channel.network, wish.article, channels.unopened(wish.channel))
    return {
        "text": text,
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
    there = _versions(story)
    wanted = [language] if language else channel.languages
    if not wanted:
        return there[0] if there else None
    return next((one for code in wanted for one in there if one.language == code), None)


def _versions(story: Story) -> list[Article]:
    """As planning.standing; of a story whose articles are at hand nothing is asked."""
    return sorted(filter(may_be_posted, story.articles.all()), key=lambda each: each.pk)


def _again(post_id: int, article: Article, by: User | None) -> Post:
    """What somebody decided against is a draft, as it was; if its version does not stand any more, as the template has it."""
    with transaction.atomic():
        post = drafting.locked(post_id)
        if post.state in OVER and not post.attempts.filter(outcome="unknown").exists():
            post.state, post.trouble = Post.State.DRAFT, ""
            drafting.changed(post, "state", "trouble")
            dropping.bring_back(post)
            audit.record(by, BEGAN, f"post:{post.pk}")
            if post.article not in planning.standing(post.story):
                drafting.follow_template(post, article)
        return post
