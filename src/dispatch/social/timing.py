"""When a post goes out: at a moment, in its channel's next free slot, or now. By the wall clock of the channel's zone.

Whatever moment a post had before is forgotten with the new one: a doorbell of the old one comes in vain, since the claim asks
for the moment that the row has.
"""

import enum
import heapq
import itertools
import zoneinfo
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from dispatch import queue, timetable
from dispatch.accounts import audit
from dispatch.accounts.models import User
from dispatch.articles.models import Story
from dispatch.social import slots as parsing
from dispatch.social.models import Channel, Post, Slot

AHEAD = timedelta(days=366)
"""As far as anything is planned."""
WEEKS = 12
"""As far as a free slot is looked for."""
STALE = timedelta(minutes=1)
"""A moment that passed while the form was filled in still means now."""
MINUTE = timedelta(minutes=1)
HOLDING = (*Post.WAITING, Post.State.CLAIMED, Post.State.SENT, Post.State.UNKNOWN)
"""States in which a post has its slot."""


class Placed(enum.Enum):
    """What became of the wish to post at a moment."""

    DONE = "done"
    PAST = "past"  # that moment is over
    FAR = "far"  # it is more than a year away
    FULL = "full"  # no slot is free in the next weeks, or the channel has none
    EMBARGO = "embargo"  # its story may not leave yet then
    TOO_LATE = "too late"  # it is going out, is out, or somebody decided against it


def at(post_id: int, moment: datetime, by: User | None, reason: str = "") -> Placed:
    """Plan an unsent post for a moment, and the further parts of its thread with it."""
    now = timezone.now()
    if (placed := in_time(moment, now)) is not Placed.DONE:
        return placed
    with transaction.atomic():
        return _place(post_id, max(moment, now), by, reason)


def in_time(moment: datetime, now: datetime) -> Placed:
    """Whether anything may be planned for a moment: DONE, PAST or FAR."""
    if moment < now - STALE:
        return Placed.PAST
    return Placed.FAR if moment > now + AHEAD else Placed.DONE


def in_next_slot(post_id: int, by: User | None, reason: str = "") -> tuple[Placed, datetime | None]:
    """Plan it for the next slot of its channel that no other post has; two people at once get one each."""
    with transaction.atomic():
        post = Post.objects.filter(pk=post_id).first()
        if post is None:
            return Placed.TOO_LATE, None
        channel = Channel.objects.select_for_update().get(pk=post.channel_id)
        moment = next_free(channel, earliest(channel, post.story), besides=post_id)
        return (_place(post_id, moment, by, reason), moment) if moment else (Placed.FULL, None)


def next_free(channel: Channel, after: datetime, *, besides: int = 0) -> datetime | None:
    """The first slot strictly after a moment that no other post of the channel has, by the minute; None: there is none."""
    end = after + timedelta(weeks=WEEKS)
    having = taken(channel, after, end + MINUTE, besides=besides)
    return next((moment for moment in moments(channel, after, end) if minute(moment) not in having), None)


def is_free(channel: Channel, moment: datetime, *, besides: int = 0) -> bool:
    """Whether it is a slot of the channel, to the minute, that no other post has."""
    before = minute(moment) - timedelta(seconds=1)
    found = next(moments(channel, before, before + timedelta(minutes=1)), None)
    return found is not None and not taken(channel, minute(found), minute(found) + MINUTE, besides=besides)


def taken(channel: Channel, after: datetime, end: datetime, *, besides: int = 0) -> set[datetime]:
    """The minutes that posts of the channel have, out or to come."""
    others = Post.objects.filter(channel=channel, place=0, state__in=HOLDING, due_at__gte=after, due_at__lt=end)
    return {minute(moment) for moment in others.exclude(pk=besides).values_list("due_at", flat=True)}


def moments(channel: Channel, after: datetime, end: datetime) -> Iterator[datetime]:
    """The channel's slots as moments in UTC, strictly after `after` and up to `end`, in their order. An hour that the clocks
    skip is put off by the jump; of a doubled hour it is the first: each slot comes once in each of its weeks."""
    place = zone(channel).key
    weekly = [_each_week(slot, place, after, end) for slot in channel.slots.all()]
    for moment, _ in itertools.groupby(heapq.merge(*weekly)):  # two slots may be one moment where the clocks change
        yield moment


def earliest(channel: Channel, story: Story) -> datetime:
    """When a post that nobody placed goes out: now, or when the story's embargo is over, and not in quiet hours."""
    now = timezone.now()
    return end_of_quiet(channel, max(now, story.embargo_until or now))


def end_of_quiet(channel: Channel, moment: datetime) -> datetime:
    """The moment itself, or where the channel is quiet then, the end of its quiet hours."""
    end = channel.quiet_to
    if end is None or not is_quiet(channel, moment):
        return moment
    return timetable.next_departure(moment, end, zone(channel).key).at


def is_quiet(channel: Channel, moment: datetime) -> bool:
    """Whether what can wait does not go out then."""
    begin, end = channel.quiet_from, channel.quiet_to
    if begin is None or end is None or begin == end:
        return False
    clock = moment.astimezone(zone(channel)).time()
    return begin <= clock < end if begin < end else (clock >= begin or clock < end)


def not_in_quiet(post: Post, moment: datetime) -> datetime:
    """The moment itself, or the end of the channel's quiet hours where it is in them; what somebody put there stays."""
    was_put_there = post.placed and end_of_quiet(post.channel, post.due_at) > post.due_at
    return moment if was_put_there else end_of_quiet(post.channel, moment)


def set_times(channel: Channel, *, slots: str | None, quiet: str | None, zone: str | None) -> None:
    """Slots, quiet hours and zone, as people write them; None keeps them. Raises slots.Unclear: nothing was changed."""
    wanted = None if slots is None else parsing.parse(slots)
    if quiet is not None:
        channel.quiet_from, channel.quiet_to = parsing.parse_hours(quiet)
    if zone is not None:
        channel.zone = parsing.parse_zone(zone)
    with transaction.atomic():
        channel.save(update_fields=["quiet_from", "quiet_to", "zone"])
        if wanted is not None:
            parsing.replace(channel, wanted)


def described(channel: Channel) -> str:
    """All of that in a line."""
    written = parsing.written((slot.weekday, slot.at) for slot in channel.slots.all())
    quiet = (
        f"{channel.quiet_from:%H:%M}-{channel.quiet_to:%H:%M}" if channel.quiet_from and channel.quiet_to else "never"
    )
    return f"{channel.slug}: {written or 'no slots'}; quiet: {quiet}; by the clock of {zone(channel).key}"


def zone(channel: Channel) -> zoneinfo.ZoneInfo:
    """Its own, or the newsroom's."""
    return zoneinfo.ZoneInfo(channel.zone or settings.TIME_ZONE)


def _place(post_id: int, moment: datetime, by: User | None, reason: str) -> Placed:
    post = (
        Post.objects.select_for_update(of=("self",))
        .select_related("story")
        .filter(pk=post_id, state__in=Post.UNSENT)
        .first()
    )
    if post is None:
        return Placed.TOO_LATE
    if post.story.embargo_until and moment < post.story.embargo_until:
        return Placed.EMBARGO
    thread = Post.objects.filter(
        channel=post.channel_id, story=post.story_id, turn=post.turn, place__gt=post.place, state__in=Post.UNSENT
    )
    fresh = {"due_at": moment, "placed": True, "rung_at": None, "checked_at": None, "warning": "", "trouble": ""}
    # a person decided: it may be tried as often, and for as long, as one that was never tried
    fresh |= {"attempts_made": 0, "asked_at": timezone.now()}
    Post.objects.filter(pk=post.pk).update(state=Post.State.SCHEDULED, **fresh)
    thread.update(state=Post.State.SCHEDULED, **fresh)
    audit.record(by, "post.schedule", f"post:{post_id}", f"for {moment:%Y-%m-%d %H:%M} UTC. {reason}".strip()[:300])
    if moment <= timezone.now():
        queue.enqueue("social.publish_post", post_id)
    return Placed.DONE


def _each_week(slot: Slot, place: str, after: datetime, end: datetime) -> Iterator[datetime]:
    while (found := timetable.next_departure(after, slot.at, place, weekday=slot.weekday).at) <= end:
        yield found
        after = found


def minute(moment: datetime) -> datetime:
    """Its beginning: what two posts of a channel should not share."""
    return moment.replace(second=0, microsecond=0)
