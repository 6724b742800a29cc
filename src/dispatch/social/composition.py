"""What the composer's page reads: each channel of a story with its thread, and what can be said of each part as it stands
or as it is being typed. Nothing is changed here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import regex
from django.db.models import Exists, OuterRef, Prefetch

from dispatch.articles.models import Article, Story
from dispatch.social import (
    channels,
    counting,
    drafting,
    networks,
    planning,
    preferences,
    previewing,
    repeats,
    splitting,
    threads,
)
from dispatch.social.drafting import Typed
from dispatch.social.models import Attempt, Change, Channel, Post, PostMedia
from dispatch.social.networks.base import Account, Draft, Limits, Network, Picture

Mine = Mapping[int, Typed]
"""What somebody typed and did not get saved, by post."""


@dataclass(frozen=True)
class Room:
    """How much of what fits is used."""

    length: int
    longest: int
    unit: str
    counting: str = ""  # how the network counts, where people count otherwise

    @property
    def is_over(self) -> bool:
        """Whether it is too long."""
        return self.length > self.longest


@dataclass(frozen=True)
class Image:
    """A picture of a post as it is drawn: `ratio` is the frame's width / height, cropped around a point."""

    shown: PostMedia
    alt: str
    x: float
    y: float
    ratio: float

    @property
    def is_cropped(self) -> bool:
        """Whether the network cuts something off."""
        own = self.shown.media.width / self.shown.media.height
        return abs(own - self.ratio) > 0.01


@dataclass(frozen=True)
class Card:
    """A link's preview."""

    title: str
    summary: str
    domain: str
    picture_of: int | None  # the article whose picture it shows


@dataclass(frozen=True, kw_only=True)
class Look:
    """A part as it stands in the editor's hands: how it is counted, what stands against it, how it will be seen."""

    post: Post
    typed: Typed
    room: Room
    limits: Limits
    style: previewing.Style
    drawn: previewing.Drawn
    images: tuple[Image, ...]
    card: Card | None
    problems: tuple[str, ...]
    cuts: tuple[str, ...]  # of a text that is too long, where threads are taken
    is_numbered: bool
    price: float
    cheaper: float  # what it would cost without a link; 0: no less
    same: Post | None  # which said nearly the same within a week


@dataclass(frozen=True)
class Part:
    """One post of a thread."""

    post: Post
    look: Look
    why_closed: str
    is_comment: bool
    changes: tuple[Change, ...]
    keepers: dict[str, tuple[str, bool]]  # settings to choose: what they say, whether they are on


@dataclass(frozen=True)
class Line:
    """A channel with its thread; without parts nothing is posted there."""

    channel: Channel
    limits: Limits
    parts: tuple[Part, ...]
    versions: tuple[Article, ...]  # those that may be posted, the channel's own choice first

    @property
    def is_open(self) -> bool:
        """Whether something of it can be written."""
        return any(not part.why_closed for part in self.parts)

    @property
    def problems(self) -> int:
        """How much stands against what is not out."""
        return sum(len(part.look.problems) for part in self.parts if not part.why_closed)

    @property
    def price(self) -> float:
        """Dollars that the network takes for all of it that is not out."""
        return sum(part.look.price for part in self.parts if not part.why_closed)

    @property
    def joins(self) -> bool:
        """Whether there are further parts that can be one text with the first."""
        first = bool(self.parts) and not self.parts[0].why_closed
        return first and any(part.post.place and not part.is_comment for part in self.parts)

    @property
    def takes_comment(self) -> bool:
        """Whether a first comment can be added."""
        return self.limits.comments and self.is_open and not any(part.is_comment for part in self.parts)


def lines(story: Story, mine: Mine | None = None) -> list[Line]:
    """Every channel that is on, or has a post of the story, by name; those with posts first. `mine` is shown instead of what
    posts say."""
    posts = list(_posts().filter(story=story, turn=0))
    having = {post.channel_id for post in posts}
    found = [one for one in Channel.objects.order_by("name", "pk") if one.active or one.pk in having]
    said, versions = repeats.near(having, map(repeats.when, posts)), planning.standing(story)
    every = [_line(one, [post for post in posts if post.channel_id == one.pk], versions, said, mine) for one in found]
    return sorted(every, key=lambda line: not line.parts)


def line_of(post: Post) -> Line:
    """The one that a post is of."""
    posts = list(_posts().filter(story=post.story_id, turn=post.turn, channel=post.channel_id))
    return _line(
        post.channel, posts, planning.standing(post.story), repeats.near([post.channel_id], map(repeats.when, posts))
    )


def stands(story: Story) -> dict[int, dict[str, object]]:
    """Of each of its posts the channel, the version, and why nobody may write it."""
    posts = _posts().filter(story=story, turn=0)
    return {
        post.pk: {"channel": post.channel_id, "version": post.version, "closed": _why_closed(post)} for post in posts
    }


def one(post_id: int) -> Post:
    """A post with all that a look reads. Raises Post.DoesNotExist."""
    found: Post = _posts().get(pk=post_id)
    return found


def first(post: Post) -> Post:
    """The first of its thread, which is there when a part has been taken out."""
    every = _posts().filter(story=post.story_id, turn=post.turn, channel=post.channel_id)
    found: Post = every.get(place=0)
    return found


def look(post: Post, typed: Typed, said: repeats.Near | None = None, *, numbered: bool = False) -> Look:
    """`post` has to come from `one`; what is counted and drawn is what was typed."""
    network, account = networks.of(post.channel.network), channels.unopened(post.channel)
    limits, how = network.limits(account), previewing.style(post.channel.network)
    images = tuple(_images(post, typed, limits))
    draft = _draft(post, typed, images)
    room = _room(network, account, draft, limits)
    over = _overrun(network, account, draft, room) if room.is_over else None
    title = draft.title if post.channel.network == "telegram" else ""
    has_link = previewing.has_link(typed.text)
    said = repeats.near([post.channel_id], [repeats.when(post)]) if said is None else said
    return Look(
        post=post,
        typed=typed,
        room=room,
        limits=limits,
        style=how,
        drawn=previewing.draw(typed.text, how, over=over, title=title),
        images=images,
        card=None if images or not how.card else _card(post, typed, how),
        problems=tuple(network.check(draft, account)),
        cuts=threads.cuts(post, typed.text, numbered=numbered) if room.is_over and limits.threads else (),
        is_numbered=numbered,
        price=limits.price_with_link if has_link else limits.price,
        cheaper=limits.price if has_link and limits.price < limits.price_with_link else 0.0,
        same=repeats.of(post, typed.text, said),
    )


def _line(
    channel: Channel, posts: list[Post], versions: list[Article], said: repeats.Near, mine: Mine | None = None
) -> Line:
    limits = networks.of(channel.network).limits(channels.unopened(channel))
    own = planning.choose(channel, versions)
    ordered = sorted(versions, key=lambda version: version != own)
    return Line(channel, limits, tuple(_part(post, said, mine or {}) for post in posts), tuple(ordered))


def _part(post: Post, said: repeats.Near, mine: Mine) -> Part:
    typed = mine.get(post.pk) or drafting.as_typed(post)
    offered = preferences.KEEPERS.get(post.channel.network, {})
    keepers = {name: (words, typed.settings[name]) for name, words in offered.items()}
    changes = tuple(post.changes.all())
    return Part(post, look(post, typed, said), _why_closed(post), threads.is_comment(post), changes, keepers)


def _why_closed(post: Any) -> str:
    """Of a post that comes from `_posts`, which knows whether it is in doubt."""
    return drafting.closed(post, is_doubtful=post.is_doubtful)


def _posts() -> Any:
    doubts = Attempt.objects.filter(post=OuterRef("pk"), outcome="unknown")
    pictures = PostMedia.objects.select_related("media").defer("media__content")
    found = Post.objects.select_related("channel", "story", "article__current", "follows")
    return (
        found.defer("article__current__html", "article__current__text")
        .annotate(is_doubtful=Exists(doubts))
        .prefetch_related(Prefetch("media", pictures), Prefetch("changes", Change.objects.order_by("-pk")))
        .order_by("place")
    )


def _draft(post: Post, typed: Typed, images: Iterable[Image]) -> Draft:
    current = post.article.current
    return Draft(
        text=typed.text,
        link=typed.link,
        language=typed.language,
        title=current.title if current else "",
        summary=current.summary if current else "",
        content_warning=typed.content_warning,
        settings={**post.settings, **typed.settings},
        reply_to=f"post:{post.follows_id}" if post.follows_id else "",
        media=tuple(_picture(image) for image in images),
    )


def _picture(image: Image) -> Picture:
    kept = image.shown.media
    return Picture(kind=kept.kind, width=kept.width, height=kept.height, alt=image.alt)


def _images(post: Post, typed: Typed, limits: Limits) -> Iterable[Image]:
    kept = {one.pk: one for one in post.media.all()}
    narrowest, widest = limits.frame or (0.0, float("inf"))
    for said in typed.pictures:
        if (one := kept.get(said.number)) is not None:
            ratio = min(max(one.media.width / one.media.height, narrowest), widest)
            yield Image(one, said.alt, said.x, said.y, round(ratio, 4))


def _card(post: Post, typed: Typed, how: previewing.Style) -> Card | None:
    current = post.article.current
    is_found = typed.link in typed.text or not (how.finds_card or post.follows_id)
    if current is None or not typed.link or not is_found:
        return None
    pictured = post.article_id if current.picture_url else None
    return Card(current.title, current.summary, previewing.domain(typed.link), pictured)


def _room(network: Network, account: Account, draft: Draft, limits: Limits) -> Room:
    longest = limits.longest
    if draft.media and limits.longest_caption is not None:
        longest = min(longest, limits.longest_caption)
    length = network.count(draft.text, account)
    if network.name == "mastodon":  # whose warning is a part of the text
        length += counting.graphemes(draft.content_warning)
    return Room(length, longest, limits.unit, limits.counting if length != len(draft.text) else "")


def _overrun(network: Network, account: Account, draft: Draft, room: Room) -> int:
    """Where in the text that begins which does not fit any more."""
    spare = room.longest - (room.length - network.count(draft.text, account))
    ends = [found.end() for found in regex.finditer(r"\X", draft.text)]
    return splitting.longest(draft.text, ends, lambda text: network.count(text, account) <= spare)
