"""What in a calendar wants a second look: posts too close to each other, said twice, too early, late or in quiet hours; and
long silence. Pure."""

import itertools
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from operator import itemgetter

from dispatch import saying
from dispatch.desk.calendar.entries import Entry, Mark
from dispatch.editions import moving
from dispatch.social import timing
from dispatch.social.models import Channel

CLOSE = timedelta(minutes=5)
AGAIN = timedelta(days=7)
"""A story that comes round again on its channel sooner than this is told twice."""
SILENT = 3
"""Days without a post after which a channel that has slots is said to be silent."""
LATE = timedelta(minutes=1)
LATE_MAIL = timedelta(minutes=10)
"""A digest that has not begun to be rendered by then."""
TO_LEAVE = frozenset({("edition", "gathering"), ("edition", "due"), ("send", "ready"), ("send", "sending")})
HELD = "a STOP holds it until somebody lifts that"
OVER = frozenset({"dropped", "withdrawn", "gone"})
GATHERS = ("edition", "gathering")
UNMAILED = frozenset(moving.UNMAILED)


@dataclass(frozen=True)
class Silence:
    """A channel with slots that has no post for some days."""

    channel: Channel
    first: date
    last: date

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1


def marked(
    entries: Sequence[Entry], channels: Mapping[int, Channel], stopped: Iterable[int], now: datetime
) -> list[Entry]:
    """Each with what is to be said of it. `stopped`: channels that a STOP holds."""
    found, held = _near(entries), frozenset(stopped)
    return [one.marked(*found[one.key], *_alone(one, channels.get(one.channel), held, now)) for one in entries]


def mailings(entries: Iterable[Entry], stopped: Container[int], now: datetime) -> list[Entry]:
    """The same of mailings. `stopped`: newsletters that a STOP holds."""
    entries = list(entries)
    found = _near_mail(entries)
    return [one.marked(*found[one.key], *_of_mail(one, stopped, now)) for one in entries]


def silences(entries: Iterable[Entry], channels: Iterable[Channel], days: Sequence[date]) -> list[Silence]:
    """Long runs of these days on which a channel with slots has nothing."""
    zones = {channel.pk: timing.zone(channel) for channel in channels}
    busy = {
        (one.channel, one.at.astimezone(zones[one.channel]).date()) for one in _kept(entries) if one.channel in zones
    }
    found = []
    for channel in (each for each in channels if each.slots.all()):
        silent = [(day, (channel.pk, day) not in busy) for day in days]
        for is_silent, run in itertools.groupby(silent, itemgetter(1)):
            quiet = [day for day, _ in run]
            if is_silent and len(quiet) >= SILENT:
                found.append(Silence(channel, quiet[0], quiet[-1]))
    return found


def _kept(entries: Iterable[Entry]) -> list[Entry]:
    return [one for one in entries if one.kind == "post" and one.state[1] not in OVER]


def _near(entries: Iterable[Entry]) -> defaultdict[str, list[Mark]]:
    """Marks that come of two posts of one channel. One of them at least must be to come: what is out is out."""
    found: defaultdict[str, list[Mark]] = defaultdict(list)
    by_channel, by_story = defaultdict(list), defaultdict(list)
    for one in sorted(_kept(entries), key=lambda each: each.at):
        by_channel[one.channel].append(one)
        by_story[one.channel, one.story].append(one)
    for same in by_channel.values():
        for one, other in _pairs(same, CLOSE):
            minutes = saying.span(other.at - one.at) if other.at > one.at else "no time"
            for each, beside in ((one, other), (other, one)):
                found[each.key].append(
                    Mark("unsure", "close", f"{minutes} between it and “{beside.title}” on {one.where}")
                )
    for same in by_story.values():
        for one, other in _pairs(same, AGAIN):
            for each in (one, other):
                found[each.key].append(Mark("unsure", "twice", f"the same story twice on {one.where} within a week"))
    return found


def _pairs(same: Sequence[Entry], within: timedelta) -> list[tuple[Entry, Entry]]:
    pairs = itertools.pairwise(same)
    return [(one, other) for one, other in pairs if other.at - one.at < within and (one.waits or other.waits)]


def _near_mail(entries: Iterable[Entry]) -> defaultdict[str, list[Mark]]:
    """Marks of a digest that gathers, and of what its newsletter mails beside it. What is mailed by article is not marked."""
    found: defaultdict[str, list[Mark]] = defaultdict(list)
    by_newsletter = defaultdict(list)
    for one in sorted(entries, key=lambda each: each.at):
        if one.state[1] not in UNMAILED:
            by_newsletter[one.newsletter].append(one)
    for same in by_newsletter.values():
        for one, other in itertools.pairwise(same):
            if other.at - one.at < moving.NEAR and GATHERS in {one.state, other.state}:
                apart = saying.span(other.at - one.at) if other.at > one.at else "no time"
                for each in (one, other):
                    found[each.key].append(Mark("unsure", "close", f"{apart} between two mailings of {one.where}"))
    return found


def _of_mail(one: Entry, stopped: Container[int], now: datetime) -> Iterator[Mark]:
    if one.state not in TO_LEAVE:
        return
    if one.newsletter in stopped:
        yield Mark("held", "STOP", HELD)
    if one.state[0] == "edition" and one.at < now - LATE_MAIL:
        yield Mark("bad", "late", f"it was to leave {saying.ago(one.at, now)}")


def _alone(one: Entry, channel: Channel | None, stopped: frozenset[int], now: datetime) -> list[Mark]:
    """Marks that a post has by itself."""
    if not one.waits:
        return []
    found = []
    if one.channel in stopped:
        found.append(Mark("held", "STOP", HELD))
    if one.embargo and one.at < one.embargo:
        found.append(Mark("held", "embargo", f"its story may not leave before {saying.moment(one.embargo)}"))
    if channel and timing.is_quiet(channel, one.at):
        found.append(Mark("later", "quiet", f"{one.where} is quiet then, and it goes out all the same"))
    if one.at < now - LATE:
        found.append(Mark("bad", "late", f"it was due {saying.ago(one.at, now)}"))
    if one.risk:
        found.append(Mark("bad", "at risk", f"it will not go out: {one.risk}"))
    return found
