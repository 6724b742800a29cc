"""A post is moved to another moment by somebody who sees where it stood: not if that is true no longer, not into a slot that
another post has by now, and into quiet hours only on purpose."""

import enum
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from dispatch.accounts.models import User
from dispatch.social import timing
from dispatch.social.models import Channel, Post
from dispatch.social.timing import Placed


class Kept(enum.Enum):
    """Why it stays where it is, besides what `timing.Placed` knows."""

    CHANGED = "changed"  # somebody moved it, or it went out, since it was looked at
    TAKEN = "taken"  # that slot is another post's, or no slot of the channel any more
    QUIET = "quiet"  # the channel is quiet then; to be confirmed


@dataclass(frozen=True)
class Seen:
    """A post as whoever moves it sees it."""

    state: str
    due_at: datetime


@transaction.atomic
def move(
    post_id: int, moment: datetime, seen: Seen, by: User | None, *, into_slot: bool = False, may_be_quiet: bool = False
) -> Placed | Kept:
    """Plan it for `moment`; a draft stays one, since a move is no decision to publish. `into_slot`: that slot, or nothing."""
    channel = (
        Channel.objects.select_for_update(of=("self",)).filter(posts=post_id).first()
    )  # before the post, as timing.in_next_slot does
    post = Post.objects.select_for_update().filter(pk=post_id).first()
    if channel is None or post is None or (post.state, post.due_at) != (seen.state, seen.due_at):
        return Kept.CHANGED
    if into_slot and not timing.is_free(channel, moment, besides=post_id):
        return Kept.TAKEN
    drafts = list(_thread(post).filter(state=Post.State.DRAFT).values_list("pk", flat=True))
    placed = timing.at(post_id, moment, by, "moved in the calendar")
    if placed is Placed.DONE and not may_be_quiet and timing.is_quiet(channel, moment):
        transaction.set_rollback(True)
        return Kept.QUIET
    if placed is Placed.DONE:
        Post.objects.filter(pk__in=drafts).update(state=Post.State.DRAFT)
    return placed


def _thread(post: Post) -> QuerySet[Post]:
    said = {"channel": post.channel_id, "story": post.story_id, "turn": post.turn}
    return Post.objects.filter(**said, place__gte=post.place)
