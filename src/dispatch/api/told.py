"""What calls answer with: ids, states and numbers as the desk has them. Never a reader's address."""

from datetime import datetime

from ninja import Schema

from dispatch.articles import embargo
from dispatch.articles.models import Article, Story
from dispatch.desk import naming
from dispatch.social import drafting, repeats
from dispatch.social.models import Change, Media, Post


class Version(Schema):
    """A language of a story."""

    id: int
    language: str
    state: str
    visibility: str
    title: str
    summary: str
    url: str
    topics: list[str]
    published_at: datetime
    updated_at: datetime | None

    @classmethod
    def of(cls, article: Article) -> "Version":
        """As it stands."""
        now = article.current
        return cls(
            id=article.pk,
            language=article.language,
            state=article.state,
            visibility=article.visibility,
            title=now.title if now else "",
            summary=now.summary if now else "",
            url=article.url,
            topics=list(now.topics) if now else [],
            published_at=article.published_at,
            updated_at=now.updated_at if now else None,
        )


class StoryOut(Schema):
    """One event, in its languages."""

    id: int
    key: str
    title: str
    created_at: datetime
    embargo_until: datetime | None
    under_embargo: bool
    versions: list[Version]
    posts: list[int]
    editions: list[int]

    @classmethod
    def of(cls, story: Story) -> "StoryOut":
        """As it stands; reads articles, posts and editions."""
        articles = list(story.articles.all())
        return cls(
            id=story.pk,
            key=story.key,
            title=naming.title(articles),
            created_at=story.created_at,
            embargo_until=story.embargo_until,
            under_embargo=embargo.holds(story),
            versions=[Version.of(article) for article in articles],
            posts=[post.pk for post in story.posts.all()],
            editions=[place.edition_id for place in story.editions.all()],
        )


class ShownOut(Schema):
    """A picture of a post."""

    id: int
    alt: str
    focus_x: float
    focus_y: float


class Picture(Schema):
    """A picture that can be shown."""

    id: int
    kind: str
    width: int
    height: int

    @classmethod
    def of(cls, media: Media) -> "Picture":
        """Without its content."""
        return cls(id=media.pk, kind=media.kind, width=media.width, height=media.height)


class PostOut(Schema):
    """One text for one channel. `version` is what an edit has to name."""

    id: int
    version: int
    story: int
    channel: str
    network: str
    state: str
    language: str
    text: str
    link: str
    content_warning: str
    media: list[ShownOut]
    due_at: datetime
    sent_at: datetime | None
    place: int
    follows: int | None
    public_url: str
    trouble: str
    risk: str

    @classmethod
    def of(cls, post: Post) -> "PostOut":
        """As it stands; reads channel, follows and media."""
        return cls(
            id=post.pk,
            version=post.version,
            story=post.story_id,
            channel=post.channel.slug,
            network=post.channel.network,
            state=post.state,
            language=post.language,
            text=post.text,
            link=post.link,
            content_warning=post.content_warning,
            media=[
                ShownOut(id=one.media_id, alt=one.alt, focus_x=one.focus_x, focus_y=one.focus_y)
                for one in post.media.all()
            ],
            due_at=post.due_at,
            sent_at=post.sent_at,
            place=post.place,
            follows=post.follows_id,
            public_url=post.remote_url,
            trouble=post.trouble,
            risk=post.risk,
        )


class PostInFull(PostOut):
    """With what its network would have against it."""

    problems: list[str]
    alike: int | None  # a post of its channel that says nearly the same within a week of it
    changes: list["ChangeOut"]

    @classmethod
    def of(cls, post: Post) -> "PostInFull":
        """As it stands."""
        changes = [ChangeOut.of(change) for change in post.changes.order_by("pk")]
        is_unsent = post.state in Post.UNSENT
        problems, same = (drafting.problems(post), repeats.beside(post)) if is_unsent else ([], None)
        alike = same.pk if same else None
        return cls(**PostOut.of(post).dict(), problems=problems, alike=alike, changes=changes)


class ChangeOut(Schema):
    """An edit or a deletion of what is out; a worker does it."""

    id: int
    act: str
    state: str
    asked_at: datetime
    trouble: str

    @classmethod
    def of(cls, change: Change) -> "ChangeOut":
        """As it stands."""
        return cls(id=change.pk, act=change.act, state=change.state, asked_at=change.asked_at, trouble=change.trouble)


class TakenBackOut(Schema):
    """What became of a story's posts; `by_hand` are out where Dispatch cannot delete."""

    dropped: int
    deleting: int
    doubtful: int
    by_hand: list[int]
