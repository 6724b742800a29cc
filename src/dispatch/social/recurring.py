"""Posts that come round again: by the wall clock of their zone, one turn at a time, and never in a burst.

A turn is a post of its own, planned when the one before it is settled. One whose moment passes, under a STOP, an embargo or
an outage, is skipped; nothing is made up for.
"""

import calendar
import itertools
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q
from django.utils import timezone

from dispatch import timetable
from dispatch.accounts import audit
from dispatch.accounts.models import User
from dispatch.articles.models import Article
from dispatch.social import acts, drafting, timing
from dispatch.social.models import Change, Post, PostMedia, Recurrence

State, Unit = Recurrence.State, Recurrence.Unit
SAME = timedelta(days=7)
"""The same text does not come again on a channel before that, counted in days of the rule's zone."""
MOST_EVERY = {Unit.WEEK: 52, Unit.MONTH: 24}
LOOKS = 60
"""Moments looked at for one whose text was not there lately."""
SETTLED = (Post.State.SENT, Post.State.GONE, Post.State.DROPPED, Post.State.WITHDRAWN)
NEAR = (*Post.WAITING, Post.State.CLAIMED, Post.State.SENT, Post.State.UNKNOWN, Post.State.LATE)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """How a post is to come again."""

    every: int
    unit: str
    first: date
    at: time
    until: date | None = None  # inclusive
    most: int | None = None
    texts: tuple[str, ...] = ()  # other words, one after another
    soon: bool = False


def begin(post_id: int, wish: Wish, by: User, reason: str) -> list[str]:
    """Let it come again from now on, instead of however it did before. What stands against it, in words; empty: it is set."""
    assert 1 <= wish.every <= MOST_EVERY[Unit(wish.unit)]
    with transaction.atomic():
        post = Post.objects.select_for_update(of=("self",)).select_related("channel", "article__current", "follows")
        one = post.filter(pk=post_id, place=0, turn=0, state__in=(*Post.UNSENT, Post.State.SENT)).first()
        if one is None:
            return ["only a post that is out, or to go out, can come again"]
        if problems := _problems(one, wish.texts):
            return problems
        for earlier in Recurrence.objects.filter(post=one, state=State.GOING):
            stop(earlier.pk, by, reason)
        texts = [_with_link(one, text) for text in wish.texts]
        values = {"every": wish.every, "unit": wish.unit, "first": wish.first, "at": wish.at, "until": wish.until}
        more = {"most": wish.most, "soon": wish.soon, "zone": timing.zone(one.channel).key, "texts": texts}
        rule = Recurrence.objects.create(post=one, **values, **more)
        audit.record(by, "post.again", f"post:{post_id}", f"{described(rule)}. {reason}"[:300])
    plan_turn(rule.pk)
    return []


def stop(rule_id: int, by: User | None, reason: str) -> bool:
    """It does not come again; the turn that is planned stays in. False: it was over."""
    with transaction.atomic():
        stopped = Recurrence.objects.filter(pk=rule_id, state=State.GOING).update(state=State.STOPPED)
        if stopped:
            audit.record(by, "post.again_stop", f"recurrence:{rule_id}", reason)
            for number in Post.objects.filter(again=rule_id, state__in=Post.UNSENT).values_list("pk", flat=True):
                acts.drop(number, by, reason, states=Post.UNSENT)
    return bool(stopped)


def plan_turns() -> None:
    """The next turn of each rule that has none under way."""
    under_way = Post.objects.filter(again=OuterRef("pk")).exclude(state__in=SETTLED)
    going = Recurrence.objects.filter(~Exists(under_way) | Q(post__state=Post.State.GONE), state=State.GOING)
    for number in going.values_list("pk", flat=True):
        plan_turn(number)


@transaction.atomic
def plan_turn(rule_id: int) -> None:
    """The next turn, once the one before is settled. Doubled calls plan it once: the rule is locked, and a turn is unique."""
    going = Recurrence.objects.select_for_update(skip_locked=True, of=("self",)).filter(state=State.GOING)
    rule = going.select_related("post__channel", "post__story", "post__article").filter(pk=rule_id).first()
    if rule is None:
        return
    latest = rule.turns.order_by("-turn").first() or rule.post
    if rule.post.state == Post.State.DROPPED or Post.State.GONE in {rule.post.state, latest.state}:
        stop(rule.pk, None, "its post was dropped or taken back")
    elif latest.state in SETTLED and _may_be_said(rule.post):
        _plan_after(rule, latest.due_at)


def moments(rule: Recurrence | Wish, zone: str, after: datetime) -> Iterator[datetime]:
    """When it comes, strictly after a moment: on its day of each cycle, on the last of a month that has fewer days, at its
    wall-clock time, which is put off by the jump where the clocks skip it."""
    place = zoneinfo.ZoneInfo(zone)
    for cycle in itertools.count(_cycles_before(rule, after.astimezone(place).date())):
        day = _day(rule, cycle)
        if day is None or (rule.until and day > rule.until):
            return
        moment = timetable.moment(day, rule.at, place)
        if moment > after:
            yield moment


def described(rule: Recurrence) -> str:
    """In a line: "every 2 weeks on Wednesday at 09:30 (Europe/Vilnius), until 2027-03-01, 3 times at most"."""
    often = f"every {rule.unit}" if rule.every == 1 else f"every {rule.every} {rule.unit}s"
    day = f"on {calendar.day_name[rule.first.weekday()]}" if rule.unit == Unit.WEEK else f"on day {rule.first.day}"
    ends = [f"until {rule.until}"] if rule.until else []
    ends += [f"{rule.most} times at most"] if rule.most else []
    return ", ".join([f"{often} {day} at {rule.at:%H:%M} ({rule.zone})", *ends])


def _plan_after(rule: Recurrence, latest: datetime) -> None:
    embargo = rule.post.story.embargo_until
    after = max(timezone.now(), latest, *([embargo] if embargo else []))
    sent = rule.turns.filter(state=Post.State.SENT).count()
    found = None if rule.most and sent >= rule.most else _next(rule, after)
    if found is None:
        Recurrence.objects.filter(pk=rule.pk).update(state=State.OVER)
        return
    _make(rule, *found)


def _next(rule: Recurrence, after: datetime) -> tuple[datetime, str] | None:
    """The first moment for which one of its texts was not on the channel lately, and is not planned; the texts take turns."""
    texts = [rule.post.text, *rule.texts]
    begin = (rule.turns.count() + 1) % len(texts)
    in_turn = texts[begin:] + texts[:begin]
    for moment in itertools.islice(moments(rule, rule.zone, after), LOOKS):
        for text in in_turn:
            if rule.soon or not _is_near(rule, text, moment):
                return moment, text
    return None


def _is_near(rule: Recurrence, text: str, moment: datetime) -> bool:
    around = (moment - SAME - timedelta(days=1), moment + SAME + timedelta(days=1))
    same = Post.objects.filter(channel=rule.post.channel_id, text=text, state__in=NEAR, due_at__range=around)
    place = zoneinfo.ZoneInfo(rule.zone)
    day = moment.astimezone(place).date()
    others = same.values_list("due_at", flat=True)
    return any(abs(day - other.astimezone(place).date()) < SAME for other in others)


def _make(rule: Recurrence, moment: datetime, text: str) -> None:
    post = rule.post
    turns = Post.objects.filter(channel=post.channel_id, story=post.story_id).aggregate(latest=Max("turn"))
    said = {"link": post.link, "language": post.language, "content_warning": post.content_warning, "edited": True}
    about = {"channel": post.channel, "story": post.story, "article": post.article, "settings": post.settings}
    timed = {"turn": turns["latest"] + 1, "due_at": moment, "placed": True, "again": rule}
    turn = Post.objects.create(text=text, **about, **said, **timed)
    for shown in post.media.all():
        kept = {"media_id": shown.media_id, "position": shown.position, "alt": shown.alt}
        PostMedia.objects.create(post=turn, focus_x=shown.focus_x, focus_y=shown.focus_y, **kept)


def _may_be_said(post: Post) -> bool:
    """Its article stands and is public, and nobody wants it taken back, though it could not be."""
    article = post.article
    stands = article.state == Article.State.PUBLISHED and article.visibility == Article.Visibility.PUBLIC
    settled = (Change.State.DONE, Change.State.VOID)
    unwanted = Change.objects.filter(post=post, act=Change.Act.DELETE).exclude(state__in=settled)
    return stands and not unwanted.exists()


def _cycles_before(rule: Recurrence | Wish, day: date) -> int:
    """A cycle that surely begins before the day; none before the first."""
    if rule.unit == Unit.WEEK:
        return max(0, (day - rule.first).days // (7 * rule.every) - 1)
    return max(0, (12 * (day.year - rule.first.year) + day.month - rule.first.month) // rule.every - 1)


def _day(rule: Recurrence | Wish, cycle: int) -> date | None:
    """None: beyond what a calendar holds."""
    try:
        if rule.unit == Unit.WEEK:
            return rule.first + timedelta(weeks=rule.every * cycle)
        years, month = divmod(rule.first.month - 1 + rule.every * cycle, 12)
        year = rule.first.year + years
        return date(year, month + 1, min(rule.first.day, calendar.monthrange(year, month + 1)[1]))
    except (OverflowError, ValueError):
        return None


def _problems(post: Post, texts: tuple[str, ...]) -> list[str]:
    own, found = post.text, []
    for text in texts:
        post.text = _with_link(post, text)
        found += [f"“{text[:40]}”: {problem}" for problem in drafting.problems(post)]
    post.text = own
    return found


def _with_link(post: Post, text: str) -> str:
    """Other words lead to the same article."""
    return text if not post.link or post.link in text else f"{text}\n\n{post.link}"
