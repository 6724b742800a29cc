"""Calls about when posts go out: moved in the calendar, late ones, those that come round again."""

from datetime import date, datetime, time
from typing import Annotated, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema, Status
from pydantic import AfterValidator, Field

from dispatch.accounts import desks
from dispatch.api import asked, cursors, door, reached, seen, told
from dispatch.api.calling import asks
from dispatch.api.posts import answered
from dispatch.api.problems import Problem
from dispatch.api.tokens import Scope
from dispatch.desk.calendar.moving import WHY_KEPT
from dispatch.desk.posting import WHY_NOT
from dispatch.social import moving, recurring, releasing
from dispatch.social.models import Post, Recurrence
from dispatch.social.moving import Kept, Seen
from dispatch.social.timing import Placed

router = Router(tags=["Channels and calendar"])
MOST = 500
LATE = {"send": releasing.send_now, "move": releasing.move, "drop": releasing.drop}


def _day(said: date) -> date:
    if not 2000 <= said.year < 2200:
        raise ValueError("a day between the years 2000 and 2200")
    return said


Day = Annotated[date, AfterValidator(_day)]


class Move(asked.Strict):
    """Where to, and where it stood when you looked: if that is so no longer, it stays."""

    at: asked.Moment
    seen_due_at: Annotated[asked.Moment, Field(description="Its `due_at` as you read it.")]
    seen_state: Annotated[asked.Text, Field(max_length=20, description="Its `state` as you read it.")]
    into_slot: Annotated[bool, Field(description="Only if `at` is a free slot of its channel.")] = False
    may_be_quiet: Annotated[bool, Field(description="In its channel’s quiet hours, too.")] = False


class Chosen(asked.Why):
    """Late posts."""

    posts: Annotated[list[Annotated[int, Field(ge=1, le=asked.MOST)]], Field(min_length=1, max_length=MOST)]


class Decided(Schema):
    """`left` are late still: no slot was free, their story is under embargo, or somebody was faster."""

    done: int
    left: int


class Again(asked.Why):
    """How a post is to come round: on the weekday, or the day of the month, of `first`, by its channel’s clock."""

    every: Annotated[int, Field(ge=1, le=52)] = 1
    unit: Literal["week", "month"] = "week"
    first: Day
    at: Annotated[asked.Text, Field(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$", description="Such as 09:30.")]
    until: Annotated[Day, Field(description="The last day.")] | None = None
    most: Annotated[int, Field(ge=1, le=999, description="Times.")] | None = None
    texts: Annotated[
        list[Annotated[asked.Text, Field(min_length=1, max_length=20_000)]],
        Field(max_length=20, description="Other words for the turns, one after another."),
    ] = []
    soon: Annotated[bool, Field(description="The same text within a week, too.")] = False


class Rule(Schema):
    """How a post comes round again; `next` is the turn that is planned."""

    id: int
    post: int
    state: str
    words: str
    texts: list[str]
    next: datetime | None

    @classmethod
    def of(cls, rule: Recurrence) -> "Rule":
        """As it stands."""
        planned = rule.turns.filter(state__in=Post.UNSENT).order_by("turn").first()
        return cls(
            id=rule.pk,
            post=rule.post_id,
            state=rule.state,
            words=recurring.described(rule),
            texts=rule.texts,
            next=planned.due_at if planned else None,
        )


class Rules(Schema):
    """Of one post, the latest first."""

    items: list[Rule]


@router.post("/posts/{int:post_id}/move", response=told.PostInFull, **asks(Scope.SCHEDULE))
def move_post(request: HttpRequest, response: HttpResponse, post_id: asked.Number, said: Move) -> told.PostInFull:
    """To another moment, if it stands as you saw it. A draft stays one: a move is no decision to publish."""
    post, user = reached.own_post(request, post_id), door.token_of(request).user
    as_seen = Seen(said.seen_state, said.seen_due_at)
    done = moving.move(post.pk, said.at, as_seen, user, into_slot=said.into_slot, may_be_quiet=said.may_be_quiet)
    if isinstance(done, Kept):
        raise Problem("stale" if done is Kept.CHANGED else "not-then", WHY_KEPT[done])
    if done is not Placed.DONE:
        raise Problem("too-late" if done is Placed.TOO_LATE else "not-then", WHY_NOT[done])
    return answered(response, reached.post(request, post_id))


@router.get("/late", response=cursors.Page[told.PostOut], **asks(Scope.POSTS, query=asked.Listing))
def list_late_posts(request: HttpRequest, find: Query[asked.Listing]) -> dict[str, object]:
    """Posts that were not sent at their moment and wait for somebody; nothing of them goes out by itself."""
    rows = seen.posts(door.token_of(request)).filter(state=Post.State.LATE)
    return cursors.page(request, rows, told.PostOut.of, cursor=find.cursor, limit=find.limit)


@router.post("/late/{act}", response=Decided, **asks(Scope.SCHEDULE))
def decide_late_posts(request: HttpRequest, act: Literal["send", "move", "drop"], said: Chosen) -> Decided:
    """Send them now, one a minute in each channel; move them to free slots; or drop them."""
    token, numbers = door.token_of(request), set(said.posts)
    found = list(seen.posts(token).filter(pk__in=numbers))
    if len(found) != len(numbers):
        raise Problem("invalid", errors={"posts": "one of these is not there"})
    desks.insist(token.user, *(post.channel for post in found))
    done = LATE[act](sorted(numbers), token.user, said.reason)
    return Decided(done=done.done, left=done.left)


@router.get("/posts/{int:post_id}/again", response=Rules, **asks(Scope.POSTS))
def list_rules(request: HttpRequest, post_id: asked.Number) -> Rules:
    """How it comes round, and how it did."""
    rules = reached.post(request, post_id).recurrences.order_by("-pk")
    return Rules(items=[Rule.of(rule) for rule in rules])


@router.post("/posts/{int:post_id}/again", response={201: Rule}, **asks(Scope.SCHEDULE))
def let_post_come_again(request: HttpRequest, post_id: asked.Number, said: Again) -> Status[Rule]:
    """From now on, instead of however it did before."""
    post = reached.own_post(request, post_id)
    if said.every > (most := recurring.MOST_EVERY[Recurrence.Unit(said.unit)]):
        raise Problem("invalid", errors={"every": f"every {most} {said.unit}s at most"})
    if said.until is not None and said.until < said.first:
        raise Problem("invalid", errors={"until": "the last day is before the first"})
    hour, minute = map(int, said.at.split(":"))
    told_of = said.dict(exclude={"reason", "at", "texts"})
    wish = recurring.Wish(**told_of, at=time(hour, minute), texts=tuple(said.texts))
    if problems := recurring.begin(post.pk, wish, door.token_of(request).user, said.reason):
        raise Problem("invalid", "; ".join(problems), errors={"post": "; ".join(problems)})
    return Status(201, Rule.of(post.recurrences.latest("pk")))


@router.post("/recurrences/{int:rule_id}/stop", response=Rule, **asks(Scope.SCHEDULE))
def stop_rule(request: HttpRequest, rule_id: asked.Number, said: asked.Why) -> Rule:
    """It does not come again; the turn that is planned stays in."""
    rule = Recurrence.objects.filter(pk=rule_id).first()
    if rule is None:
        raise Problem("not-found")
    reached.own_post(request, rule.post_id)
    if not recurring.stop(rule_id, door.token_of(request).user, said.reason):
        raise Problem("too-late")
    return Rule.of(Recurrence.objects.get(pk=rule_id))
