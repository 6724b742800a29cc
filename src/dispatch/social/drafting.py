"""What an editor does to a post that is not out: write it, show pictures, take the template's text back. The one place that
saves what a post says, and counts its versions.

Whoever writes names the version they saw; one that is older than the post changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from dispatch.accounts import audit
from dispatch.accounts.models import User
from dispatch.social import channels, freezing, networks, planning, preferences
from dispatch.social.models import Media, Post, PostMedia

if TYPE_CHECKING:
    from dispatch.articles.models import Article

LONGEST = 20_000
"""Characters that are kept: more than any network takes, and little enough to be counted while somebody types."""
WROTE, SITTING = "post.write", timedelta(hours=1)
CLOSED = {
    Post.State.CLAIMED: "It is being posted now.",
    Post.State.SENT: "It is out.",
    Post.State.UNKNOWN: "It may or may not be out; someone has to look first.",
    Post.State.DROPPED: "Somebody decided against it.",
    Post.State.WITHDRAWN: "Its article was taken back.",
    Post.State.GONE: "It was out, and was taken back.",
}
MAY_BE_OUT = "An attempt may have put it out already; its text stays until that is known."


@dataclass(frozen=True)
class Described:
    """A picture of a post as the editor has it: what is said of it, and the point that a crop keeps."""

    number: int  # of its PostMedia
    alt: str
    x: float = 0.5
    y: float = 0.5


@dataclass(frozen=True, kw_only=True)
class Typed:
    """All that an editor may write of a post, as they have it. `pictures` are in their order."""

    text: str
    link: str
    language: str
    content_warning: str = ""
    settings: Mapping[str, bool] = field(default_factory=dict)
    pictures: tuple[Described, ...] = ()


@dataclass(frozen=True)
class Shown:
    """A picture that a post is to show: which, what is said of it, and the point that a crop keeps."""

    picture: Media
    alt: str = ""
    x: float = 0.5
    y: float = 0.5


@dataclass(frozen=True, kw_only=True)
class Partly:
    """What is to change of a post; None keeps what stands there. Another version of its story brings the template's text."""

    text: str | None = None
    link: str | None = None
    content_warning: str | None = None
    settings: Mapping[str, bool] | None = None
    article: "Article | None" = None
    pictures: Sequence[Shown] | None = None

    @property
    def texts(self) -> dict[str, Any]:
        """Those that are to change, by name."""
        said = {"text": self.text, "link": self.link, "content_warning": self.content_warning}
        return {name: value for name, value in said.items() if value is not None}


@dataclass(frozen=True)
class Saved:
    """It says that now."""

    post: Post


@dataclass(frozen=True)
class Stale:
    """Somebody else wrote it since; nothing was changed. The post as they left it; `by` is None where nobody knows who."""

    post: Post
    by: User | None


@dataclass(frozen=True)
class Closed:
    """Nothing can be written any more, and why."""

    post: Post
    why: str


Written = Saved | Stale | Closed


def write(post_id: int, seen: int, typed: Typed, by: User | None) -> Written:
    """Let a post say what was typed by someone who saw this version of it. Raises Post.DoesNotExist.

    What changes nothing is Saved, however old the version is, and leaves the version as it is."""
    with transaction.atomic():
        post = locked(post_id)
        if why := closed(post):
            return Closed(post, why)
        before = as_typed(post)
        typed = replace(typed, pictures=_those_there(typed.pictures, before.pictures))
        if typed == before:
            return Saved(post)
        if seen != post.version:
            return Stale(post, _writer(post))
        _say(post, typed, before)
        _sign(post, by)
        return Saved(post)


def rewrite(post_id: int, seen: int, said: Partly, by: User | None) -> Written:
    """Change a part of what a post says, of which somebody saw this version. Raises Post.DoesNotExist."""
    with transaction.atomic():
        post = locked(post_id)
        if why := closed(post):
            return Closed(post, why)
        if seen != post.version:
            return Stale(post, _writer(post))
        if said.article is not None:
            _turn(post, said.article)
        if said.pictures is not None:
            show(post, said.pictures)
        before = as_typed(post)
        typed = replace(before, **said.texts, settings={**before.settings, **(said.settings or {})})
        if typed != before or said.article is not None or said.pictures is not None:
            _say(post, typed, before)
            _sign(post, by)
        return Saved(post)


def locked(post_id: int) -> Post:
    """A post that nobody else changes or claims until the transaction ends."""
    found = Post.objects.select_for_update(of=("self",)).select_related("channel", "story", "article__current")
    return found.defer("article__current__html", "article__current__text").get(pk=post_id)


def closed(post: Post, *, is_doubtful: bool | None = None) -> str:
    """Why nobody may write it; empty: they may. `is_doubtful`: whether an attempt of it is unknown, where that is known."""
    if post.state in Post.WAITING:
        doubtful = post.attempts.filter(outcome="unknown").exists() if is_doubtful is None else is_doubtful
        if doubtful:
            return MAY_BE_OUT
    return CLOSED.get(Post.State(post.state), "")


def as_typed(post: Post) -> Typed:
    """What a post says, as if somebody had typed it."""
    offered, said = preferences.KEEPERS.get(post.channel.network, {}), preferences.of_post(post)
    return Typed(
        text=post.text,
        link=post.link,
        language=post.language,
        content_warning=post.content_warning,
        settings={name: bool(said.get(name)) for name in offered},
        pictures=tuple(Described(one.pk, one.alt, one.focus_x, one.focus_y) for one in post.media.all()),
    )


def follow_template(post: Post, article: "Article") -> None:
    """Let a locked post say what the template makes of one of its story's versions, and follow that from now on."""
    _turn(post, article)
    changed(post, "text", "link", "language", "article", "edited")


def show(post: Post, pictures: Sequence[Shown]) -> None:
    """These pictures and no others, in this order, for a locked post that is saved then."""
    post.media.all().delete()
    PostMedia.objects.bulk_create(shown(post, pictures))


def shown(post: Post, pictures: Sequence[Shown]) -> list[PostMedia]:
    """Rows of pictures for a post that has none, yet to be saved."""
    return [
        PostMedia(post=post, media=one.picture, position=place, alt=one.alt, focus_x=one.x, focus_y=one.y)
        for place, one in enumerate(pictures)
    ]


def problems(post: Post) -> list[str]:
    """What its network has against it as it stands, in words."""
    network = networks.of(post.channel.network)
    return network.check(freezing.as_it_stands(post), channels.unopened(post.channel))


def changed(post: Post, *names: str) -> None:
    """Save these fields of a locked post as another version, which is looked at anew before its moment."""
    post.version += 1
    post.checked_at, post.warning = None, ""
    post.save(update_fields=[*names, "version", "checked_at", "warning"])


def _writer(post: Post) -> User | None:
    entry = audit.last(f"post:{post.pk}", (WROTE,))
    return entry.who if entry else None


def _sign(post: Post, by: User | None) -> None:
    """Who wrote stands in the audit log once for each sitting, not once for each word."""
    entry = audit.last(f"post:{post.pk}", (WROTE,))
    is_same = entry is not None and (entry.who, entry.via) == (by, audit.program())
    if entry is None or not is_same or entry.at < timezone.now() - SITTING:
        audit.record(by, WROTE, f"post:{post.pk}")


def _turn(post: Post, article: "Article") -> None:
    """To one of its story's versions, in the template's words; yet to be saved."""
    for name, value in planning.template(post.channel, article).items():
        setattr(post, name, value)
    post.article = article
    post.edited = planning.best(post.channel, post.story) != article  # somebody's choice: no other takes its place


def _those_there(typed: tuple[Described, ...], there: tuple[Described, ...]) -> tuple[Described, ...]:
    """Of the pictures that were typed those that the post has, and at their end those that came meanwhile."""
    known, named = {one.number for one in there}, {one.number for one in typed}
    return (*(one for one in typed if one.number in known), *(one for one in there if one.number not in named))


def _say(post: Post, typed: Typed, before: Typed) -> None:
    named = ("text", "link", "language", "content_warning")
    post.edited = post.edited or any(getattr(typed, name) != getattr(before, name) for name in named)
    for name in named:
        setattr(post, name, getattr(typed, name))
    post.settings = {**post.settings, **typed.settings}
    _describe(post, typed.pictures)
    changed(post, *named, "settings", "edited", "article")


def _describe(post: Post, pictures: tuple[Described, ...]) -> None:
    for position, one in enumerate(pictures):
        PostMedia.objects.filter(pk=one.number, post=post).update(
            position=position, alt=one.alt, focus_x=one.x, focus_y=one.y
        )
