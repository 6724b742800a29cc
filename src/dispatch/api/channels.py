"""Calls about channels, and the calendar of what is planned for them."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from dispatch.accounts import desks
from dispatch.accounts.models import Role
from dispatch.api import asked, door, seen
from dispatch.api.calling import asks
from dispatch.api.problems import Problem
from dispatch.api.tokens import Scope
from dispatch.desk.channels import written
from dispatch.social import channels, networks, slots, tending, timing
from dispatch.social.models import Channel

router = Router(tags=["Channels and calendar"])
LONGEST = timedelta(days=62)
MOST = 2000


class LimitsOut(Schema):
    """What fits into one post, as the network counts."""

    longest: int
    unit: str
    link_cost: int | None
    longest_bytes: int | None
    longest_caption: int | None
    pictures: int
    alt_longest: int
    threads: bool
    warnings: bool
    edits: bool
    deletes: bool


class ChannelOut(Schema):
    """One connected account."""

    slug: str
    name: str
    network: str
    active: bool
    trouble: str
    languages: list[str]
    topics: list[str]
    zone: str
    slots: str
    quiet: str
    next_free: datetime | None
    limits: LimitsOut

    @classmethod
    def of(cls, channel: Channel) -> "ChannelOut":
        """As it stands."""
        rules = written(channel)
        limits = networks.of(channel.network).limits(channels.unopened(channel))
        return cls(
            slug=channel.slug,
            name=channel.name,
            network=channel.network,
            active=channel.active,
            trouble=channel.trouble,
            languages=channel.languages,
            topics=channel.topics,
            zone=timing.zone(channel).key,
            slots=rules.slots,
            quiet=rules.quiet,
            next_free=timing.next_free(channel, timezone.now()),
            limits=LimitsOut(**{name: getattr(limits, name) for name in LimitsOut.model_fields}),
        )


class ChannelList(Schema):
    """All of them."""

    items: list[ChannelOut]


class Entry(Schema):
    """Something planned, or done."""

    at: datetime
    kind: Literal["post", "edition"]
    id: int
    state: str
    where: str  # the channel's or newsletter's slug
    story: int | None


class Times(asked.Strict):
    """As an operator writes them at the desk; what is left out stays."""

    slots: Annotated[asked.Text, Field(max_length=2000, description="Such as: mon-fri 09:00 17:30")] | None = None
    quiet: Annotated[asked.Text, Field(max_length=20, description="Such as 22:00-07:00; empty: never.")] | None = None
    zone: (
        Annotated[asked.Text, Field(max_length=64, description="Such as Europe/Vilnius; empty: the newsroom’s.")] | None
    ) = None


class Switch(asked.Why):
    """On or off."""

    on: bool


class Probed(Schema):
    """Whether it can post, in its network's words."""

    ok: bool
    words: str


class Calendar(Schema):
    """In the order of their moments; `complete` is false where there is more than 2000."""

    items: list[Entry]
    complete: bool


@router.get("/channels", response=ChannelList, **asks(Scope.POSTS))
def list_channels(request: HttpRequest) -> ChannelList:
    """Connected accounts: what fits, their slots, and the next one that is free."""
    found = Channel.objects.prefetch_related("slots").order_by("slug")
    return ChannelList(items=[ChannelOut.of(channel) for channel in found])


@router.get("/channels/{str:slug}", response=ChannelOut, **asks(Scope.POSTS))
def one_channel(request: HttpRequest, slug: str) -> ChannelOut:
    """One of them."""
    return ChannelOut.of(_found(slug))


@router.post("/channels/{str:slug}/times", response=ChannelOut, **asks(Scope.CHANNELS, Role.OPERATOR))
def set_times(request: HttpRequest, slug: str, said: Times) -> ChannelOut:
    """When it posts: slots, quiet hours, zone. What is planned already stays where it is."""
    channel, user = _found(slug), door.token_of(request).user
    desks.insist(user, channel)
    wanted = {name: value for name, value in said.dict().items() if value is not None}
    try:
        tending.set_rules(channel, replace(written(channel), **wanted), user)
    except slots.Unclear as problem:
        raise Problem("invalid", str(problem), errors=dict.fromkeys(wanted or {"slots": ""}, str(problem))) from problem
    return ChannelOut.of(_found(slug))


@router.post("/channels/{str:slug}/switch", response=ChannelOut, **asks(Scope.CHANNELS, Role.OPERATOR))
def switch_channel(request: HttpRequest, slug: str, said: Switch) -> ChannelOut:
    """Off: nothing is planned for it or posted to it, and what waits, waits. On: it goes on."""
    channel, user = _found(slug), door.token_of(request).user
    desks.insist(user, channel)
    tending.switch(channel, on=said.on, by=user, reason=said.reason)
    return ChannelOut.of(_found(slug))


@router.post("/channels/{str:slug}/probe", response=Probed, **asks(Scope.CHANNELS, Role.OPERATOR))
def probe_channel(request: HttpRequest, slug: str) -> Probed:
    """Ask its network now whether it can post."""
    channel = _found(slug)
    desks.insist(door.token_of(request).user, channel)
    health = channels.probe(channel)
    return Probed(ok=health.ok, words=health.words)


@router.get("/calendar", response=Calendar, **asks(Scope.POSTS, query=asked.Span))
def calendar(request: HttpRequest, span: Query[asked.Span]) -> Calendar:
    """What goes, or went, out between two moments: posts and, with the scope `editions`, editions."""
    if not timedelta() < span.end - span.begin <= LONGEST:
        raise Problem("invalid", errors={"end": f"after `begin`, {LONGEST.days} days at most"})
    token, between = door.token_of(request), (span.begin, span.end)
    posts = seen.posts(token).filter(due_at__gte=between[0], due_at__lt=between[1]).order_by("due_at")
    found = [
        Entry(at=one.due_at, kind="post", id=one.pk, state=one.state, where=one.channel.slug, story=one.story_id)
        for one in posts[: MOST + 1]
    ]
    if Scope.EDITIONS in token.scopes:
        editions = seen.editions(token).filter(due_at__gte=between[0], due_at__lt=between[1]).order_by("due_at")
        found += [
            Entry(at=one.due_at, kind="edition", id=one.pk, state=one.state, where=one.newsletter.slug, story=None)
            for one in editions[: MOST + 1]
        ]
    found.sort(key=lambda entry: entry.at)
    return Calendar(items=found[:MOST], complete=len(found) <= MOST)


def _found(slug: str) -> Channel:
    channel = Channel.objects.filter(slug=slug).first() if "\0" not in slug else None
    if channel is None:
        raise Problem("not-found")
    return channel
