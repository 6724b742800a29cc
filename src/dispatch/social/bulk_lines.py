"""What would become of each line of a file of posts: planned, standing already, or a problem in one of its columns."""

import enum
import itertools
import zoneinfo
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Prefetch, Q
from django.utils import timezone

from dispatch import saying
from dispatch.accounts import desks
from dispatch.accounts.models import User
from dispatch.articles import canonical
from dispatch.articles.models import Article, Story
from dispatch.social import adding, bulk_repeats, channels, moments, networks, slots, timing
from dispatch.social.adding import Wish
from dispatch.social.bulk_pictures import Pictures
from dispatch.social.drafting import Shown
from dispatch.social.models import Channel, Post
from dispatch.social.networks.base import Draft, Picture
from dispatch.social.sheets import Line
from dispatch.social.timing import Placed

NEXT = "next"
CLOSE = timedelta(minutes=5)
WHY_NOT = {
    Placed.PAST: "that moment is over; choose a later one",
    Placed.FAR: "that is more than a year away; choose an earlier one",
}


class Outcome(enum.Enum):
    """Of one line."""

    PLAN = "would be planned"
    STANDS = "stands already"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Row:
    """One line, and what would become of it. `notes`: what to look at before it is planned all the same."""

    line: Line
    outcome: Outcome
    words: str
    column: str = ""  # where the problem is
    wish: Wish | None = None
    text: str = ""  # that would be posted
    post: int = 0  # that stands already
    notes: tuple[str, ...] = ()


class _Problem(Exception):
    def __init__(self, column: str, words: str) -> None:
        super().__init__(words)
        self.column = column


def judge(lines: Sequence[Line], pictures: Pictures, by: User | None) -> Iterator[Row]:
    """In their order. Moments that are named come first, so that “next” finds what they leave free."""
    table = _Table(lines, pictures, desks.of(by))
    order = sorted(lines, key=lambda line: (line["moment"].lower() == NEXT, line.number))
    found = {line.number: table.judged(line) for line in order}
    planned = [row for row in found.values() if row.wish]
    near, alike = table.near(planned), bulk_repeats.alike(planned)
    for line in lines:
        row = found[line.number]
        yield replace(row, notes=(*row.notes, *near[line.number], *alike.get(line.number, ())))


class _Table:
    """What the lines are about, read once for all of them; and what those before a line took."""

    def __init__(self, lines: Sequence[Line], pictures: Pictures, theirs: frozenset[int]) -> None:
        self.now, self.pictures, self.theirs = timezone.now(), pictures, theirs
        self.newsroom = zoneinfo.ZoneInfo(settings.TIME_ZONE)
        wanted = Channel.objects.filter(slug__in={line["channel"] for line in lines}).defer("credentials")
        self.channels = {channel.slug: channel for channel in wanted.prefetch_related("slots")}
        self.stories, self.articles = _stories({line["story"] for line in lines})
        held = Post.objects.filter(channel__in=self.channels.values(), story__in=self._all(), turn=0, place=0)
        self.standing = {(post.channel_id, post.story_id): post for post in held.defer("text")}
        self.said: dict[tuple[int, int], int] = {}  # channel and story: the line that wants it
        self.taken: dict[int, set[datetime]] = {}

    def judged(self, line: Line) -> Row:
        try:
            return self._row(line)
        except _Problem as problem:
            return Row(line, Outcome.PROBLEM, str(problem), problem.column)

    def near(self, rows: Sequence[Row]) -> "defaultdict[int, list[str]]":
        """What would go out less than five minutes from each."""
        found: defaultdict[int, list[str]] = defaultdict(list)
        by_channel: defaultdict[int, list[tuple[datetime, int]]] = defaultdict(list)
        for row in rows:
            assert row.wish
            assert row.wish.moment
            by_channel[row.wish.channel.pk].append((row.wish.moment, row.line.number))
        begin, end = self.now - CLOSE, self.now + timing.AHEAD + CLOSE
        there = Post.objects.filter(
            channel__in=by_channel, place=0, state__in=timing.HOLDING, due_at__range=(begin, end)
        )
        for channel, moment in there.values_list("channel_id", "due_at"):
            by_channel[channel].append((moment, 0))
        for same in by_channel.values():
            for (before, one), (after, other) in itertools.pairwise(sorted(same)):
                if after - before < CLOSE:
                    _tell(found, one, other)
                    _tell(found, other, one)
        return found

    def _row(self, line: Line) -> Row:
        if line.is_too_long:
            raise _Problem("", "the line has more fields than the header; is a quotation mark missing?")
        channel, story = self._channel(line), self._story(line)
        article = self._version(line, channel, story)
        article.story = story  # with its versions at hand, so that a thousand lines ask for none
        if (post := self.standing.get((channel.pk, story.pk))) is not None:
            words = (
                f"{channel.name} has a post of this story: {post.state}, {saying.moment(post.sent_at or post.due_at)}"
            )
            return Row(line, Outcome.STANDS, words, post=post.pk)
        first = self.said.setdefault((channel.pk, story.pk), line.number)
        if first != line.number:
            raise _Problem("story", f"line {first} has the same story for the same channel; keep one of them")
        moment, notes = self._moment(line, channel, story)
        wish = replace(self._wish(line, channel, article), moment=moment)
        text = self._fitting(wish)
        self._taken(channel).add(timing.minute(moment))
        if timing.is_quiet(channel, moment):
            notes = [*notes, f"{channel.name} is quiet then, and it goes out all the same"]
        words = f"{saying.moment(moment)} on {channel.name}"
        return Row(line, Outcome.PLAN, words, wish=wish, text=text, notes=tuple(notes))

    def _channel(self, line: Line) -> Channel:
        channel = self.channels.get(line["channel"])
        if channel is None:
            raise _Problem("channel", f"there is no channel “{line['channel'][:60]}”; Health lists them")
        if self.theirs and channel.desk_id and channel.desk_id not in self.theirs:
            raise _Problem("channel", f"{channel.name} belongs to another desk; ask someone there")
        if not channel.active:
            raise _Problem("channel", f"{channel.name} is switched off")
        return channel

    def _story(self, line: Line) -> Story:
        said = line["story"]
        story = self.stories.get(said)
        if story is None:
            raise _Problem("story", f"there is no story “{said[:60]}”; write its key, or the address of its article")
        return story

    def _version(self, line: Line, channel: Channel, story: Story) -> Article:
        named = self.articles.get(line["story"])
        if named and adding.may_be_posted(named) and line["language"] in {"", named.language}:
            return named
        article = adding.version(story, channel, line["language"])
        if article is None:
            spoken = line["language"] or ", ".join(channel.languages) or "any language"
            raise _Problem("language", f"the story has no public version in {spoken}")
        return article

    def _moment(self, line: Line, channel: Channel, story: Story) -> tuple[datetime, list[str]]:
        if line["moment"].lower() == NEXT:
            return self._next(channel, story), []
        zone = self._zone(line)
        try:
            moment = moments.read(line["moment"], zone, self.newsroom)
        except moments.Unclear as problem:
            raise _Problem("moment", str(problem)) from problem
        if (placed := timing.in_time(moment, self.now)) is not Placed.DONE:
            raise _Problem("moment", WHY_NOT[placed])
        if story.embargo_until and moment < story.embargo_until:
            raise _Problem("moment", f"the story is under embargo until {saying.moment(story.embargo_until)}")
        clock = zone or self.newsroom
        skipped = moments.is_put_off(line["moment"], moment, clock)
        return moment, [f"the clocks skip that hour; it is {moments.written(moment, clock)}"] if skipped else []

    def _next(self, channel: Channel, story: Story) -> datetime:
        after = timing.earliest(channel, story)
        taken = self._taken(channel)
        free = timing.moments(channel, after, after + timedelta(weeks=timing.WEEKS))
        found = next((moment for moment in free if timing.minute(moment) not in taken), None)
        if found is None:
            raise _Problem("moment", f"{channel.name} has no free slot in the next {timing.WEEKS} weeks; name a moment")
        return found

    def _zone(self, line: Line) -> zoneinfo.ZoneInfo | None:
        try:
            return zoneinfo.ZoneInfo(slots.parse_zone(line["zone"])) if line["zone"] else None
        except slots.Unclear as problem:
            raise _Problem("zone", str(problem)) from problem

    def _wish(self, line: Line, channel: Channel, article: Article) -> Wish:
        if line["link"] and not line["link"].startswith(("https://", "http://")):
            raise _Problem("link", "an address begins with https://")
        picture = self.pictures.get(line["picture"])
        if isinstance(picture, str):
            raise _Problem("picture", picture)
        if line["alt"] and picture is None:
            raise _Problem("alt", "it describes a picture, and there is none")
        return Wish(
            channel,
            article,
            text=line["text"] or None,
            link=line["link"],
            language=line["language"],
            content_warning=line["content_warning"],
            pictures=(Shown(picture, line["alt"]),) if picture else (),
        )

    def _fitting(self, wish: Wish) -> str:
        """The text that would be posted, if its network takes it."""
        longest = {"link": 1000, "content_warning": 300}
        said = adding.said(wish)
        for column, most in longest.items():
            if len(said[column]) > most:
                raise _Problem(column, f"{len(said[column])} characters, {most} fit")
        account = channels.unopened(wish.channel)
        told: dict[str, Any] = {**said}
        draft = Draft(**told, media=tuple(map(_pictured, wish.pictures)))
        if problems := networks.of(wish.channel.network).check(draft, account):
            raise _Problem("picture" if wish.pictures else "text", "; ".join(problems))
        return said["text"]

    def _taken(self, channel: Channel) -> set[datetime]:
        if channel.pk not in self.taken:
            self.taken[channel.pk] = timing.taken(channel, self.now - CLOSE, self.now + timing.AHEAD + CLOSE)
        return self.taken[channel.pk]

    def _all(self) -> set[Story]:
        return set(self.stories.values())


def _stories(said: set[str]) -> tuple[dict[str, Story], dict[str, Article]]:
    """Stories by what names them, a key or an address; and by an address the version that has it."""
    versions = Article.objects.select_related("current", "story").defer("current__html", "current__text").order_by("pk")
    having = Prefetch("articles", versions)
    stories = {story.key: story for story in Story.objects.filter(key__in=said).prefetch_related(having)}
    urls = {text: canonical.canonical(text) for text in said if text.startswith(("https://", "http://"))}
    by_url = Q(url__in=urls) | Q(address__in=set(filter(None, urls.values())))
    articles: dict[str, Article] = {}
    for article in versions.filter(by_url).prefetch_related(Prefetch("story__articles", versions)) if urls else []:
        names = [
            text for text, address in urls.items() if text == article.url or (address and address == article.address)
        ]
        articles |= {name: article for name in names if name not in articles}
    return stories | {name: article.story for name, article in articles.items()}, articles


def _pictured(shown: Shown) -> Picture:
    picture = shown.picture
    return Picture(kind=picture.kind, width=picture.width, height=picture.height, alt=shown.alt)


def _tell(found: "defaultdict[int, list[str]]", line: int, beside: int) -> None:
    if line:
        what = f"line {beside}" if beside else "a post that stands already"
        found[line].append(f"less than five minutes from {what} on the same channel")
