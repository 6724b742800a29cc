"""What a person decides about late posts: send them now, one a minute, put them into free slots, or drop them."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from dispatch.accounts.models import User
from dispatch.social import acts, timing
from dispatch.social.models import Channel, Post
from dispatch.social.timing import Placed

APART = timedelta(minutes=1)
"""Between two late posts of one channel that are let go together: a channel that says ten things at once is muted."""


@dataclass(frozen=True)
class Decided:
    """What came of it. `left` are late still: no slot was free, or their story is under embargo; or somebody was faster."""

    done: int
    left: int


def send_now(posts: Sequence[int], by: User, reason: str) -> Decided:
    """The one that waits the longest now, each further one of its channel a minute later, where no other is planned."""
    done = 0
    for number, late in _by_channel(posts):
        with transaction.atomic():
            channel = Channel.objects.select_for_update().get(pk=number)
            for post, moment in zip(late, _minutes(channel, len(late)), strict=True):
                done += timing.at(post, moment, by, f"late: {reason}") is Placed.DONE
    return Decided(done, len(posts) - done)


def move(posts: Sequence[int], by: User, reason: str) -> Decided:
    """Each into the next free slot of its channel, in the order in which they were due."""
    return _each(posts, lambda post: timing.in_next_slot(post, by, f"late: {reason}")[0] is Placed.DONE)


def drop(posts: Sequence[int], by: User, reason: str) -> Decided:
    """They stay in."""
    return _each(posts, lambda post: acts.drop(post, by, f"late: {reason}"[:300], states=[Post.State.LATE]))


def _each(posts: Sequence[int], act: Callable[[int], bool]) -> Decided:
    done = sum(act(post) for _, late in _by_channel(posts) for post in late)
    return Decided(done, len(posts) - done)


def _by_channel(posts: Sequence[int]) -> list[tuple[int, list[int]]]:
    """Those that are late still, the longest first."""
    late = Post.objects.filter(pk__in=posts, state=Post.State.LATE).order_by("channel_id", "due_at", "pk")
    rows = list(late.values_list("channel_id", "pk"))
    return [(channel, [pk for _, pk in same]) for channel, same in itertools.groupby(rows, lambda row: row[0])]


def _minutes(channel: Channel, count: int) -> list[datetime]:
    """This minute and the next ones that no waiting post of the channel has."""
    now = timezone.now()
    waiting = Post.objects.filter(channel=channel, place=0, state__in=Post.WAITING, due_at__gte=now - APART)
    taken = {timing.minute(moment) for moment in waiting.values_list("due_at", flat=True)}
    later = (now + APART * number for number in itertools.count())
    return list(itertools.islice((moment for moment in later if timing.minute(moment) not in taken), count))
