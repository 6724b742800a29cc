"""Writing a post that is not out: a fresh one for a story and a channel, and what an editor changes of one.

Whoever saves names the version they saw, so that nobody overwrites what they have not read.
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import IntegrityError, transaction
from django.db.models import F

from dispatch.accounts import audit
from dispatch.accounts.models import User
from dispatch.articles.models import Article, Story
from dispatch.social import channels, composing, freezing, networks, timing
from dispatch.social.models import Channel, Media, Post, PostMedia


class NotWritten(enum.Enum):
    """Why nothing was changed."""

    EXISTS = "exists"  # the channel has its post of this story
    NO_VERSION = "no version"  # the story is not told publicly in that language, or in none
    NO_PICTURE = "no picture"  # one that is named was never brought
    STALE = "stale"  # somebody changed it meanwhile
    TOO_LATE = "too late"  # it is going out, is out, may be, or somebody decided against it


@dataclass(frozen=True)
class Shown:
    """A picture of a post: which, what is said of it, and the point that a crop keeps."""

    media: int
    alt: str = ""
    focus: tuple[float, float] = (0.5, 0.5)


@dataclass(frozen=True, kw_only=True)
class Said:
    """What is to stand in a post; None keeps what stands there."""

    text: str | None = None
    language: str | None = None
    content_warning: str | None = None
    media: Sequence[Shown] | None = field(default=None)


def create(story: Story, channel: Channel, said: Said, by: User | None) -> Post | NotWritten:
    """A draft, by the channel's template where no text is given. It goes out when somebody plans it."""
    article = _version(story, said.language or next(iter(channel.languages), ""), exactly=said.language is not None)
    if article is None:
        return NotWritten.NO_VERSION
    text = said.text
    if text is None:
        text = composing.compose(channel.network, article, channels.unopened(channel))
    try:
        with transaction.atomic():
            post = Post.objects.create(
                channel=channel,
                story=story,
                article=article,
                text=text,
                link=article.url,
                language=article.language,
                content_warning=said.content_warning or "",
                edited=said.text is not None,
                state=Post.State.DRAFT,
                due_at=timing.earliest(channel, story),
            )
            if not _show(post, said.media):
                transaction.set_rollback(True)
                return NotWritten.NO_PICTURE
            audit.record(by, "post.write", f"post:{post.pk}", "a draft")
    except IntegrityError:
        return NotWritten.EXISTS
    return post


def edit(post_id: int, version: int, said: Said, by: User | None) -> Post | NotWritten:
    """Change what is not out. Another language takes that version's link and, where no text is given, the template's."""
    with transaction.atomic():
        post = Post.objects.select_for_update(of=("self",)).select_related("channel", "story").get(pk=post_id)
        if post.version != version:
            return NotWritten.STALE
        if post.state not in Post.UNSENT or post.attempts.filter(outcome="unknown").exists():
            return NotWritten.TOO_LATE
        if said.language is not None and said.language != post.language and not _turn(post, said):
            return NotWritten.NO_VERSION
        if not _show(post, said.media):
            transaction.set_rollback(True)
            return NotWritten.NO_PICTURE
        _put(post, said)
        audit.record(by, "post.write", f"post:{post_id}", f"version {version + 1}")
    post.refresh_from_db()
    return post


def problems(post: Post) -> list[str]:
    """What its network has against it as it stands, in words; nothing for one that is out."""
    if post.state not in Post.UNSENT:
        return []
    network = networks.of(post.channel.network)
    return network.check(freezing.as_it_stands(post), channels.unopened(post.channel))


def _put(post: Post, said: Said) -> None:
    if said.text is not None:
        post.text, post.edited = said.text, True
    if said.content_warning is not None:
        post.content_warning = said.content_warning
    post.version, post.checked_at, post.warning = F("version") + 1, None, ""
    kept = ["text", "edited", "content_warning", "version", "checked_at", "warning", "article", "language", "link"]
    post.save(update_fields=kept)


def _turn(post: Post, said: Said) -> bool:
    """To another language version of its story."""
    article = _version(post.story, said.language or "", exactly=True)
    if article is None:
        return False
    post.article, post.language, post.link = article, article.language, article.url
    if said.text is None:
        post.text = composing.compose(post.channel.network, article, channels.unopened(post.channel))
        post.edited = False
    return True


def _version(story: Story, language: str, *, exactly: bool) -> Article | None:
    """The public version of a language; where it need not be that one, else the first."""
    stands = {"state": Article.State.PUBLISHED, "visibility": Article.Visibility.PUBLIC, "current__isnull": False}
    versions = list(story.articles.filter(**stands).select_related("current").order_by("pk"))
    found = next((one for one in versions if one.language == language), None)
    return found or (None if exactly else next(iter(versions), None))


def _show(post: Post, wanted: Sequence[Shown] | None) -> bool:
    """These pictures and no others. False: one of them is not here."""
    if wanted is None:
        return True
    numbers = [one.media for one in wanted]
    if len(set(numbers)) != len(numbers) or Media.objects.filter(pk__in=numbers).count() != len(numbers):
        return False
    post.media.all().delete()
    PostMedia.objects.bulk_create(
        PostMedia(
            post=post, media_id=one.media, position=place, alt=one.alt, focus_x=one.focus[0], focus_y=one.focus[1]
        )
        for place, one in enumerate(wanted)
    )
    return True
