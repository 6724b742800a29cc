"""Calls about newsletters, their editions, and how far each is. Readers are numbers here, and pausing is all that is done."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status

from dispatch.api import asked, cursors, door, reached, seen
from dispatch.api.calling import asks
from dispatch.api.problems import Problem
from dispatch.api.tokens import Scope
from dispatch.audience.models import Newsletter
from dispatch.delivery import acts, ledger, missing, progress
from dispatch.delivery.models import Send
from dispatch.desk import overview
from dispatch.editions import lateness
from dispatch.editions.models import Edition

router = Router(tags=["Mail"])


class NewsletterOut(Schema):
    """What readers subscribe to."""

    slug: str
    names: dict[str, str]
    languages: list[str]
    topics: list[str]
    cadence: str
    at: str  # by its zone's clock: "08:00"
    weekday: int
    zone: str
    active: bool

    @classmethod
    def of(cls, newsletter: Newsletter) -> "NewsletterOut":
        """Without its addresses."""
        told = {name: getattr(newsletter, name) for name in cls.model_fields if name != "at"}
        return cls(**told, at=f"{newsletter.at:%H:%M}")


class NewsletterList(Schema):
    """All of them."""

    items: list[NewsletterOut]


class EditionOut(Schema):
    """One mailing. `state` is what the desk shows: the send's, once there is one."""

    id: int
    newsletter: str
    state: str
    due_at: datetime
    stories: list[int]
    send: int | None
    trouble: str

    @classmethod
    def of(cls, edition: Edition) -> "EditionOut":
        """As it stands."""
        send = getattr(edition, "send", None)
        return cls(
            id=edition.pk,
            newsletter=edition.newsletter.slug,
            state=overview.state_of(edition)[1],
            due_at=edition.due_at,
            stories=[place.story_id for place in edition.stories.all()],
            send=send.pk if send else None,
            trouble=edition.trouble,
        )


class Missing(Schema):
    """How many readers have no mail of a send, and why."""

    fate: str
    code: str
    readers: int


class SendOut(Schema):
    """How far a send is, in readers; the numbers add up to `readers`."""

    id: int
    edition: int
    state: str
    readers: int
    accepted: int
    on_the_wire: int
    untouched: int
    exceptions: dict[str, int]
    missing: list[Missing]
    may_still_leave: int
    trouble: str

    @classmethod
    def of(cls, send: Send) -> "SendOut":
        """Now."""
        now = progress.at_a_glance(send.pk)
        return cls(
            id=send.pk,
            edition=send.edition_id,
            state=send.state,
            readers=now.frozen,
            accepted=now.sent,
            on_the_wire=now.in_flight,
            untouched=now.untouched,
            exceptions=now.exceptions,
            missing=[Missing(fate=one.fate, code=one.code, readers=one.readers) for one in missing.reasons(send.pk)],
            may_still_leave=now.may_still_leave,
            trouble=progress.trouble(send),
        )


class Paused(Schema):
    """It is; `may_still_leave` are on the wire."""

    id: int
    state: str
    may_still_leave: int


@router.get("/newsletters", response=NewsletterList, **asks(Scope.EDITIONS))
def list_newsletters(request: HttpRequest) -> dict[str, Any]:
    """What readers subscribe to."""
    return {"items": [NewsletterOut.of(one) for one in Newsletter.objects.order_by("slug")]}


@router.get("/newsletters/{str:slug}", response=NewsletterOut, **asks(Scope.EDITIONS))
def one_newsletter(request: HttpRequest, slug: str) -> NewsletterOut:
    """One of them."""
    found = Newsletter.objects.filter(slug=slug).first() if "\0" not in slug else None
    if found is None:
        raise Problem("not-found")
    return NewsletterOut.of(found)


@router.get("/editions", response=cursors.Page[EditionOut], **asks(Scope.EDITIONS, query=asked.EditionListing))
def list_editions(request: HttpRequest, find: Query[asked.EditionListing]) -> dict[str, Any]:
    """Editions, those that were made last first."""
    rows = seen.editions(door.token_of(request))
    if find.newsletter is not None:
        rows = rows.filter(newsletter__slug=find.newsletter)
    return cursors.page(request, rows, EditionOut.of, cursor=find.cursor, limit=find.limit)


@router.get("/editions/{int:edition_id}", response=EditionOut, **asks(Scope.EDITIONS))
def one_edition(request: HttpRequest, edition_id: asked.Number) -> EditionOut:
    """One of them: what it brings, and its send."""
    return EditionOut.of(reached.edition(request, edition_id))


@router.post("/editions/{int:edition_id}/with-next", response={204: None}, **asks(Scope.ARRANGE))
def bring_with_next(request: HttpRequest, edition_id: asked.Number, said: asked.Why) -> Status[None]:
    """One that is late does not leave; its newsletter's next digest brings its stories."""
    edition = reached.own_edition(request, edition_id)
    if not lateness.with_the_next(edition.pk, door.token_of(request).user, said.reason):
        raise Problem("too-late")
    return Status(204, None)


@router.get("/sends/{int:send_id}", response=SendOut, **asks(Scope.EDITIONS))
def one_send(request: HttpRequest, send_id: asked.Number) -> SendOut:
    """How far it is, and how many have no mail of it, by reason."""
    return SendOut.of(reached.send(request, send_id))


@router.post("/sends/{int:send_id}/pause", response=Paused, **asks(Scope.PAUSE))
def pause_send(request: HttpRequest, send_id: asked.Number, said: asked.Why) -> Paused:
    """Nothing more of it leaves but what is on the wire. A person lets it go on."""
    send = reached.own_send(request, send_id)
    if not acts.pause(send.pk, door.token_of(request).user, said.reason):
        raise Problem("too-late")
    return Paused(id=send.pk, state=Send.State.PAUSED, may_still_leave=ledger.may_leave(send.pk))
