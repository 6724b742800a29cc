"""What stands in the calendar: posts, editions, digests that have no row yet, and embargoes; each kind in a fixed number of
queries, however many there are."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q
from django.db.models.functions import Coalesce, Left
from django.urls import reverse

from dispatch import timetable
from dispatch.articles.models import Story
from dispatch.audience.models import Newsletter
from dispatch.desk import naming, overview, states
from dispatch.desk.calendar.asking import Asked
from dispatch.editions import moving
from dispatch.editions.models import OWN, Edition
from dispatch.social.models import Channel, Post

NONE = "-"
"""What a filter says that takes no channel, or no newsletter, at all."""
MOVABLE = frozenset(Post.UNSENT)
FIXED = {
    "sent": "It is out.",
    "gone": "It was out.",
    "claimed": "It is being posted this moment.",
    "unknown": "It may be out already. Look, and say so.",
    "dropped": "Somebody decided against it.",
    "withdrawn": "Its article was taken back.",
}
ELSEWHERE = "It belongs to another desk."
GATHERS = "It leaves by its newsletter's own times. An approver may move it, or let it leave before."
EMPTY = "It leaves by its newsletter's own times, and can be moved once it has a story."
LEAVES = "It left, or leaves, as it was planned."


@dataclass(frozen=True, slots=True)
class Mark:
    """Something about an entry that an editor should see. `shape` as in states.Shown."""

    shape: str
    word: str
    why: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing at one moment. `fixed`: why it cannot be moved here; empty where it can."""

    key: str  # "post-12", "edition-3", "digest-week-2026-11-30"
    at: datetime
    kind: str  # "post", "edition"
    number: int  # the post's, the edition's; 0: it has no row yet
    title: str
    where: str  # the channel's or newsletter's name
    tag: str  # that in two or three letters
    state: tuple[str, str]  # as states.of takes it
    fixed: str
    language: str = ""
    channel: int = 0
    newsletter: int = 0
    story: int = 0
    parts: int = 0  # of its thread, besides the first
    due_at: datetime | None = None
    embargo: datetime | None = None
    risk: str = ""
    marks: tuple[Mark, ...] = ()

    @property
    def shape(self) -> str:
        """Of its state."""
        return states.of(*self.state).shape

    @property
    def path(self) -> str:
        """The page that tells all of it."""
        if self.kind == "post":
            return post_path(self.story, self.number)
        return reverse("edition_page", args=[self.number]) if self.number else ""

    @property
    def moved_at(self) -> str:
        """Where calendar.js says that it was dropped elsewhere; empty where it cannot be."""
        if self.fixed:
            return ""
        return reverse("calendar_move" if self.kind == "post" else "edition_put_off", args=[self.number])

    @property
    def form(self) -> str:
        """The page that moves it without a script; of a post that is fixed, says why."""
        if self.kind == "post":
            return reverse("calendar_post", args=[self.number])
        return "" if self.fixed else f"{self.path}#move"

    @property
    def waits(self) -> bool:
        """Whether it is a post that is to go out."""
        return self.kind == "post" and self.state[1] in Post.WAITING

    def marked(self, *marks: Mark) -> "Entry":
        """With these besides, one of a word."""
        if not marks:
            return self
        by_word = {mark.word: mark for mark in reversed((*self.marks, *marks))}
        return replace(self, marks=tuple(reversed(by_word.values())))


@dataclass(frozen=True, slots=True)
class Held:
    """A story under embargo."""

    story: int
    title: str
    until: datetime


def channels(asked: Asked) -> list[Channel]:
    """Those asked for that are on, with their slots."""
    if asked.channel == NONE:
        return []
    wanted = Q(slug=asked.channel) if asked.channel else Q()
    return list(
        Channel.objects.filter(wanted, active=True).defer("credentials").prefetch_related("slots").order_by("name")
    )


def posts(asked: Asked, start: datetime, end: datetime, theirs: frozenset[int] = frozenset()) -> list[Entry]:
    """Posts between two moments: where they went out, else where they are due. Further parts count with the first.

    `theirs`: the desks that whoever looks is limited to; none: they are not."""
    if asked.channel == NONE:
        return []
    wanted = Q(channel__slug=asked.channel) if asked.channel else Q()
    wanted &= Q(language=asked.language) if asked.language else Q()
    found = Post.objects.annotate(moment=Coalesce("sent_at", "due_at")).filter(
        wanted, moment__gte=start, moment__lt=end
    )
    parts = Counter(found.filter(place__gt=0).values_list("channel_id", "story_id", "turn"))
    rows = found.filter(place=0).annotate(
        title=F("article__current__title"),
        beginning=Left("text", 80),
        name=F("channel__name"),
        desk=F("channel__desk"),
        is_on=F("channel__active"),
        broken=F("channel__trouble"),
        embargo=F("story__embargo_until"),
    )
    fields = (
        "pk", "moment", "title", "beginning", "name", "state", "language", "channel_id", "story_id", "turn", "due_at",
        "embargo", "desk", "is_on", "broken", "warning",
    )  # fmt: skip
    return [_post(row, parts, theirs) for row in rows.order_by("moment", "pk").values_list(*fields, named=True)]


def editions(
    asked: Asked,
    start: datetime,
    end: datetime,
    now: datetime,
    theirs: frozenset[int] = frozenset(),
    *,
    may_move: bool = False,
) -> list[Entry]:
    """Mailings between two moments, and the digests that will leave then and have no row yet. Not those for readers' own
    rhythms, which leave each hour and are nobody's plan.

    `theirs` as for posts; `may_move`: whether whoever looks moves mailings at all."""
    if asked.newsletter == NONE:
        return []
    wanted = Q(slug=asked.newsletter) if asked.newsletter else Q()
    wanted &= Q(languages__contains=[asked.language]) if asked.language else Q()
    newsletters = list(Newsletter.objects.filter(wanted).order_by("slug"))
    rows = (
        Edition.objects.filter(newsletter__in=newsletters, due_at__gte=start, due_at__lt=end)
        .exclude(slot__startswith=OWN)
        .select_related("newsletter", "send")
        .prefetch_related(naming.titles())
        .order_by("due_at", "pk")
    )
    there = [_edition(row, _why_fixed(row, now, theirs, may_move=may_move)) for row in rows]
    known = {(row.newsletter_id, row.slot) for row in rows}
    return [*there, *(one for each in newsletters for one in _to_come(each, known, max(start, now), end))]


def embargoes(now: datetime, start: datetime, end: datetime) -> list[Held]:
    """Stories that may not leave yet, of those whose embargo reaches into this time."""
    if end <= now:
        return []
    held = Story.objects.filter(embargo_until__gt=max(now, start)).prefetch_related(naming.versions())
    return [
        Held(one.pk, naming.title(one.articles.all()), one.embargo_until)
        for one in held.order_by("embargo_until", "pk")[:50]
        if one.embargo_until
    ]


def post_path(story: int, post: int) -> str:
    """Where a post is worked on: the one place that knows."""
    return f"{reverse('composer', args=[story])}?post={post}"


def is_mine(desk: int | None, theirs: frozenset[int]) -> bool:
    """Whether somebody limited to `theirs` acts on what belongs to `desk`; as desks.may_touch, without asking each time."""
    return desk is None or not theirs or desk in theirs


def tag(name: str) -> str:
    """A name in two or three letters: "Mastodon" is Ma, "Office on Threads" is OTh, and not what "Office on Telegram" is."""
    words = name.split()
    return words[0][0].upper() + words[-1][:2].capitalize() if len(words) > 1 else name[:2].capitalize()


def _post(row: Any, parts: "Counter[tuple[int, int, int]]", theirs: frozenset[int]) -> Entry:
    risk = "the channel is switched off" if not row.is_on else row.broken or row.warning
    return Entry(
        key=f"post-{row.pk}",
        at=row.moment,
        kind="post",
        number=row.pk,
        title=row.title or row.beginning,
        where=row.name,
        tag=tag(row.name),
        state=("post", row.state),
        fixed=FIXED.get(row.state, "" if is_mine(row.desk, theirs) else ELSEWHERE),
        language=row.language,
        channel=row.channel_id,
        story=row.story_id,
        parts=parts[row.channel_id, row.story_id, row.turn],
        due_at=row.due_at,
        embargo=row.embargo,
        risk=risk if row.state in Post.WAITING else "",
    )


def _why_fixed(row: Edition, now: datetime, theirs: frozenset[int], *, may_move: bool) -> str:
    if not moving.may_move(row, now):
        return LEAVES
    if not may_move:
        return GATHERS
    return "" if is_mine(row.newsletter.desk_id, theirs) else ELSEWHERE


def _edition(row: Edition, fixed: str) -> Entry:
    name, state = naming.newsletter(row.newsletter), overview.state_of(row)
    title = naming.brings(row) or "No story yet"
    said = (title, name, tag(name), state, fixed)
    at, of = row.due_at, row.newsletter_id
    return Entry(f"edition-{row.pk}", at, "edition", row.pk, *said, newsletter=of, due_at=at)


def _to_come(one: Newsletter, known: Iterable[tuple[int, str]], after: datetime, end: datetime) -> Iterator[Entry]:
    if not one.active or one.cadence == Newsletter.Cadence.EACH:
        return
    weekday = one.weekday if one.cadence == Newsletter.Cadence.WEEKLY else None
    name = naming.newsletter(one)
    said = ("No story yet", name, tag(name), ("edition", "gathering"), EMPTY)
    after -= timedelta(microseconds=1)
    while (leaves := timetable.next_departure(after, one.at, one.zone, weekday=weekday)).at < end:
        after, slot = leaves.at, leaves.day.isoformat()
        if (one.pk, slot) not in known:
            yield Entry(f"digest-{one.slug}-{slot}", leaves.at, "edition", 0, *said, newsletter=one.pk)
