"""Calls about the newsroom as a whole: STOP, health, the queue's numbers, the audit log, and the token itself."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status

from dispatch.accounts import desks, stopping
from dispatch.accounts.models import AuditEntry, Role, Stop
from dispatch.api import asked, cursors, door, seen
from dispatch.api.calling import asks
from dispatch.api.problems import Problem
from dispatch.api.tokens import Scope
from dispatch.audience.models import Newsletter
from dispatch.desk import halting, shell
from dispatch.operations import health as wellness
from dispatch.operations import stats
from dispatch.operations.views import stopped
from dispatch.social.models import Channel

router = Router(tags=["The newsroom"])


class Me(Schema):
    """The token that asks."""

    name: str
    scopes: list[str]
    role: str
    expires_at: datetime


class StopOut(Schema):
    """A STOP in force."""

    id: int
    scope: str
    words: str
    reason: str
    at: datetime

    @classmethod
    def of(cls, stop: Stop) -> "StopOut":
        """In words."""
        return cls(id=stop.pk, scope=stop.scope, words=shell.words(stop), reason=stop.reason, at=stop.at)


class Pulled(StopOut):
    """One that was pulled now: at most `may_still_leave` messages and `may_still_appear` posts are on the wire."""

    may_still_leave: int
    may_still_appear: int


class Stops(Schema):
    """All in force."""

    items: list[StopOut]


class CheckOut(Schema):
    """One look at one thing: ok, todo or bad."""

    part: str
    state: str
    words: str
    remedy: str


class Health(Schema):
    """Whether nothing is bad."""

    ok: bool
    checks: list[CheckOut]


class CellOut(Schema):
    """How many, at least so many where it is not exact, and since when the oldest waits."""

    count: int
    exact: bool
    oldest: datetime | None


class Queue(Schema):
    """By kind of work, then by what it waits for."""

    board: dict[str, dict[str, CellOut]]


class Entry(Schema):
    """Who did what, and why; `via` is the program that did it for them."""

    id: int
    at: datetime
    person: int | None
    name: str
    act: str
    target: str
    reason: str
    via: str

    @classmethod
    def of(cls, entry: AuditEntry) -> "Entry":
        """Without anybody's address."""
        return cls(
            id=entry.pk,
            at=entry.at,
            person=entry.who_id,
            name=entry.who.name if entry.who else "Dispatch",
            act=entry.act,
            target=entry.target,
            reason=entry.reason,
            via=entry.via,
        )


@router.get("/me", response=Me, **asks(None))
def me(request: HttpRequest) -> Me:
    """What this token is good for, now."""
    token = door.token_of(request)
    return Me(name=token.name, scopes=token.scopes, role=token.user.role, expires_at=token.expires_at)


@router.get("/stops", response=Stops, **asks(Scope.QUEUE))
def list_stops(request: HttpRequest) -> Stops:
    """Every STOP in force."""
    return Stops(items=[StopOut.of(stop) for stop in stopping.in_force()])


@router.post("/stops", response={201: Pulled}, **asks(Scope.STOP, Role.OPERATOR))
def pull_stop(request: HttpRequest, said: asked.StopIn) -> Status[Pulled]:
    """Nothing of this scope leaves from now on. A person lifts it."""
    user, target = door.token_of(request).user, _target(said)
    desks.insist(user, *stopped(said.scope, target))
    halted = halting.halt(said.scope, target, user, said.reason)
    stop = StopOut.of(halted.stop).dict()
    return Status(201, Pulled(**stop, may_still_leave=halted.messages, may_still_appear=halted.posts))


@router.get("/health", response=Health, **asks(Scope.QUEUE))
def health(request: HttpRequest) -> Health:
    """Is all well? In words."""
    checks = [CheckOut(part=one.part, state=one.state, words=one.words, remedy=one.remedy) for one in wellness.checks()]
    return Health(ok=all(one.state != "bad" for one in checks), checks=checks)


@router.get("/queue", response=Queue, **asks(Scope.QUEUE, Role.OPERATOR))
def queue(request: HttpRequest) -> Queue:
    """What is due, under way, deferred, failed or unknown, in numbers."""
    board = {
        kind: {column: CellOut(count=one.count, exact=True, oldest=one.oldest) for column, one in row.items()}
        for kind, row in stats.now().board.items()
    }
    return Queue(board=board)


@router.get("/audit", response=cursors.Page[Entry], **asks(Scope.AUDIT, Role.OPERATOR, query=asked.AuditListing))
def audit_log(request: HttpRequest, find: Query[asked.AuditListing]) -> dict[str, Any]:
    """Who did what and why, the latest first."""
    rows = seen.entries(door.token_of(request))
    if find.act:
        rows = rows.filter(act__startswith=find.act)
    return cursors.page(request, rows, Entry.of, cursor=find.cursor, limit=find.limit)


def _target(said: asked.StopIn) -> int | None:
    """The newsletter's or channel's id. Raises Problem."""
    if said.scope == "everything":
        if said.target is not None:
            raise Problem("invalid", errors={"target": "everything has none"})
        return None
    kind = Newsletter if said.scope == "newsletter" else Channel
    found = kind.objects.filter(slug=said.target or "", active=True).values_list("pk", flat=True).first()
    if found is None:
        raise Problem("invalid", errors={"target": f"there is no active {said.scope} of this name"})
    return int(found)
