"""Proof of life: channels are asked each night and before a post's moment, so that trouble is known in time to mend it."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db.models import F, Q
from django.utils import timezone

from dispatch import saying
from dispatch.social import channels, drafting
from dispatch.social.models import Channel, Post

NIGHT = time(4)
"""By the newsroom's clock: before the first editor comes in."""
AGAIN = timedelta(hours=1)
"""After trouble a channel is asked sooner, so that what was only away is not called broken for a day."""
AHEAD = timedelta(minutes=10)
"""Before a post's moment; what was asked within it is not asked again for the next post."""
RING_AGAIN = timedelta(minutes=1)
"""A doorbell that nobody answered in this time was lost."""
NAMED = 3


@dataclass(frozen=True)
class Risk:
    """Posts of one channel that will not go out at their moment as things stand, and why."""

    channel: Channel
    why: str
    posts: tuple[Post, ...]  # the soonest first; at least one

    @property
    def words(self) -> str:
        """Which posts, the soonest by name: "A reading room opens" at 14:30, and 2 more."""
        return named(self.posts)


def due_channels() -> list[int]:
    """Channels that were not asked since last night, or an hour after trouble. Marks them as rung."""
    now = timezone.now()
    stale = Q(probed_at=None) | Q(probed_at__lt=last_night(now)) | (~Q(trouble="") & Q(probed_at__lt=now - AGAIN))
    numbers = list(Channel.objects.filter(stale & _unheard(now), active=True).values_list("pk", flat=True))
    Channel.objects.filter(pk__in=numbers).update(rung_at=now)
    return numbers


def probe(channel_id: int) -> None:
    """Ask its network, unless that was done since the doorbell rang for it."""
    channel = Channel.objects.filter(pk=channel_id, active=True).first()
    if channel and not (channel.probed_at and channel.rung_at and channel.probed_at >= channel.rung_at):
        channels.probe(channel)


def posts_ahead() -> list[int]:
    """Posts whose moment is near and that were not looked at. Marks them as rung."""
    now = timezone.now()
    near = Post.objects.filter(_unseen() & _unheard(now), due_at__gt=now, due_at__lte=now + AHEAD)
    numbers = list(near.filter(state__in=Post.WAITING).values_list("pk", flat=True)[:100])
    Post.objects.filter(pk__in=numbers).update(rung_at=now)
    return numbers


def check(post_id: int) -> None:
    """Look whether a post can go out at its moment: its channel is asked, and its text measured anew."""
    now = timezone.now()
    post = Post.objects.select_related("channel").filter(_unseen(), pk=post_id, state__in=Post.WAITING).first()
    if post is None:
        return
    channel = post.channel
    if channel.active and (channel.probed_at is None or channel.probed_at < now - AHEAD):
        channels.probe(channel)
    problems = [] if channel.trouble else drafting.problems(post)
    Post.objects.filter(pk=post.pk, text=post.text).update(checked_at=now, warning="; ".join(problems)[:300])


def risks() -> list[Risk]:
    """Posts that will not go out at their moment as things stand, by channel and reason; the most urgent first."""
    doubtful = ~Q(channel__trouble="") | Q(channel__active=False) | ~Q(warning="")
    stuck = Q(follows__state__in=Post.STUCK) | Q(follows__state=Post.State.SENT, follows__remote_id="")
    rows = Post.objects.filter(doubtful | stuck, state__in=Post.WAITING)
    rows = rows.select_related("channel", "follows", "article__current")
    rows = rows.defer("article__current__html", "article__current__text")
    by_reason = sorted(rows, key=lambda post: (post.channel_id, post.risk, post.due_at))
    groups = [list(same) for _, same in itertools.groupby(by_reason, lambda post: (post.channel_id, post.risk))]
    found = [Risk(same[0].channel, same[0].risk, tuple(same)) for same in groups]
    return sorted(found, key=lambda risk: risk.posts[0].due_at)


def named(posts: Sequence[Post]) -> str:
    """The first few by title and moment, the others by their number."""
    said = [f"“{_title(post)}” ({saying.moment(post.due_at)})" for post in posts[:NAMED]]
    more = len(posts) - len(said)
    return ", ".join(said) + (f", and {saying.number(more)} more" if more else "")


def last_night(now: datetime) -> datetime:
    """The latest moment at which it was NIGHT by the newsroom's clock."""
    local = timezone.localtime(now)
    days_ago = 0 if local.time() >= NIGHT else 1
    return datetime.combine(local.date() - timedelta(days=days_ago), NIGHT, timezone.get_current_timezone())


def _unseen() -> Q:
    """Also one whose moment was put off after it was looked at."""
    return Q(checked_at=None) | Q(checked_at__lt=F("due_at") - AHEAD)


def _unheard(now: datetime) -> Q:
    return Q(rung_at=None) | Q(rung_at__lt=now - RING_AGAIN)


def _title(post: Post) -> str:
    return post.article.current.title if post.article.current else post.text[:60]
