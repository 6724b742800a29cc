"""One text as several posts that follow each other, and as one again; a first comment.

What is out, or may be, keeps its place: only unsent parts that were never tried are moved, joined or taken out.
"""

import re
from collections.abc import Sequence

from django.db.models import QuerySet

from dispatch.social import channels, composing, drafting, networks, splitting
from dispatch.social.models import Post
from dispatch.social.networks.base import Limits

MOVABLE = (*Post.UNSENT, Post.State.DROPPED, Post.State.WITHDRAWN)
MOST = 25
"""Parts of one thread. Nobody reads on for longer, and each costs a call."""
NUMBER = re.compile(r" \((\d+)/(\d+)\)$")
TRIED = "A part after it is out, or was tried already. Nothing was changed."
COMMENT = "is_comment"


class Undoable(ValueError):
    """It cannot be done to this thread; why, in words. Nothing was changed."""


def cuts(post: Post, text: str, *, numbered: bool = False) -> tuple[str, ...]:
    """The parts that a text would become on a post's network, for everybody to see before it is done."""
    network, account = networks.of(post.channel.network), channels.unopened(post.channel)
    return splitting.split(text, lambda part: composing.fits(network, part, account), numbered=numbered)


def split(post: Post, *, numbered: bool = False) -> None:
    """Let a locked post say the first part of its text, and new posts after it the others. Raises Undoable."""
    parts = cuts(post, post.text, numbered=numbered)
    if not limits(post).threads:
        raise Undoable("This network takes no threads. Nothing was changed.")
    if len(parts) < 2:
        raise Undoable("It fits into one post. Nothing was changed.")
    if len(parts) > MOST:
        raise Undoable(f"That would be {len(parts)} posts; a thread has {MOST} at most. Nothing was changed.")
    first, *others = parts
    _insert(post, others)
    post.text, post.edited = first, True
    drafting.changed(post, "text", "edited")


def add(post: Post) -> None:
    """An empty part after this one. Raises Undoable."""
    if not limits(post).threads:
        raise Undoable("This network takes no threads. Nothing was changed.")
    _insert(post, [""])


def comment(post: Post) -> None:
    """An empty first comment, at the end of what there is. Raises Undoable."""
    if not limits(post).comments:
        raise Undoable("This channel takes no comments. Nothing was changed.")
    family = list(of(post))
    if any(is_comment(one) for one in family):
        raise Undoable("It has a first comment already. Nothing was changed.")
    _create(family[-1], _next_place(post), "", {COMMENT: True})


def join(post: Post) -> None:
    """Everything that the parts after this locked one say, in this one; what somebody dropped goes. Raises Undoable."""
    parts = [one for one in _after(post) if not is_comment(one)]
    if not parts:
        raise Undoable("There is nothing to join. Nothing was changed.")
    _untried(parts)
    texts = [post.text, *(one.text for one in parts if one.state in Post.UNSENT)]
    post.text, post.edited = "\n\n".join(filter(None, _unnumbered(texts))), True
    drafting.changed(post, "text", "edited")
    for one in parts:
        _take_out(one)


def remove(post: Post) -> None:
    """Take a further part, or the comment, out; what follows it follows the one before it. Raises Undoable."""
    if not post.follows_id:
        raise Undoable("The first part stays. To post nothing here, drop it. Nothing was changed.")
    _untried([post])
    _take_out(post)


def of(post: Post) -> QuerySet[Post]:
    """All posts of one thread in their order, the comment among them."""
    every = Post.objects.filter(channel=post.channel_id, story=post.story_id, turn=post.turn)
    return every.order_by("place").select_related("channel")


def is_comment(post: Post) -> bool:
    """Whether it is a first comment, rather than a part of a thread."""
    return bool(post.settings.get(COMMENT))


def limits(post: Post) -> Limits:
    """Of its channel."""
    return networks.of(post.channel.network).limits(channels.unopened(post.channel))


def _insert(post: Post, texts: Sequence[str]) -> None:
    """After this one, and before what follows it."""
    later = _after(post)
    _untried(later)
    if len(later) + len(texts) > MOST:
        raise Undoable(f"A thread has {MOST} parts at most. Nothing was changed.")
    for one in reversed(later):
        Post.objects.filter(pk=one.pk).update(place=one.place + len(texts))
    before = post
    for number, text in enumerate(texts, start=1):
        before = _create(before, post.place + number, text, {})
    if later:
        Post.objects.filter(pk=later[0].pk).update(follows=before)


def _create(before: Post, place: int, text: str, settings: dict[str, bool]) -> Post:
    state = Post.State.SCHEDULED if before.state in Post.WAITING else Post.State.DRAFT
    return Post.objects.create(
        channel_id=before.channel_id,
        story_id=before.story_id,
        article_id=before.article_id,
        turn=before.turn,
        place=place,
        follows=before,
        text=text,
        language=before.language,
        settings=settings,
        edited=True,
        state=state,
        due_at=before.due_at,
    )


def _take_out(post: Post) -> None:
    Post.objects.filter(follows=post).update(follows=post.follows_id)
    post.delete()


def _after(post: Post) -> list[Post]:
    return list(of(post).select_for_update(of=("self",)).filter(place__gt=post.place))


def _next_place(post: Post) -> int:
    last = of(post).last()
    return (last.place if last else post.place) + 1


def _untried(posts: Sequence[Post]) -> None:
    if any(one.state not in MOVABLE or one.attempts.exists() for one in posts):
        raise Undoable(TRIED)


def _unnumbered(texts: list[str]) -> list[str]:
    """Without the numbers that splitting gave them, where each part still has its own."""
    found = [NUMBER.search(text) for text in texts]
    are_numbered = all(
        one and one.groups() == (str(place), str(len(texts))) for place, one in enumerate(found, start=1)
    )
    return [NUMBER.sub("", text) for text in texts] if are_numbered else texts
