"""Calls about an edition before it leaves: its stories and their order, its words by language, what preflight finds."""

from dataclasses import asdict, replace
from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema, Status
from pydantic import Field

from dispatch.api import asked, door, reached
from dispatch.api.calling import asks
from dispatch.api.problems import Problem
from dispatch.api.tokens import Scope
from dispatch.delivery import preflighting
from dispatch.desk import editing
from dispatch.editions import arranging, phrasing
from dispatch.editions.arranging import Outcome
from dispatch.editions.models import Edition, Preflight
from dispatch.editions.phrasing import Closed, Said, Saved, Stale
from dispatch.editions.preflight import Level

router = Router(tags=["Mail"])
KINDS = {Outcome.CLOSED: "too-late", Outcome.ABSENT: "invalid", Outcome.SILENT: "invalid", Outcome.EMBARGO: "not-then"}
Story = Annotated[int, Field(ge=1, le=asked.MOST)]
Words = Annotated[asked.Text, Field(max_length=phrasing.LONGEST, description="Markdown.")]


class Order(asked.Strict):
    """These first, in this order; the others after them as they stood."""

    stories: Annotated[list[Story], Field(max_length=500)]


class Pick(asked.Strict):
    """A further story, at the end."""

    story: Story


class Drop(asked.Why):
    """One that is not to come: in this edition, or, for good, in this newsletter."""

    story: Story
    for_good: bool = False


class PlacedStory(Schema):
    """A story in its place."""

    story: int
    title: str
    languages: list[str]
    waits_until: datetime | None


class Contents(Schema):
    """In the order in which they will be told; `may_arrange`: it may be changed still."""

    edition: int
    may_arrange: bool
    stories: list[PlacedStory]

    @classmethod
    def of(cls, edition: Edition) -> "Contents":
        """As it stands."""
        rows = editing.rows_of(edition)
        told = [PlacedStory(story=one.id, **{name: getattr(one, name) for name in PLACED}) for one in rows]
        return cls(edition=edition.pk, may_arrange=arranging.is_open(edition), stories=told)


PLACED = ("title", "languages", "waits_until")


class WordsOut(Schema):
    """What stands around the stories in one language. Empty subject or preview text: what the template says."""

    language: str
    version: int
    subject: str
    preheader: str
    intro: str
    outro: str


class AllWords(Schema):
    """By language; `may_write`: it is not rendered."""

    may_write: bool
    items: list[WordsOut]


class WordsIn(asked.Strict):
    """What to change; what is left out stays."""

    version: (
        Annotated[int, Field(ge=0, le=2**31 - 2, description="The one you read, unless If-Match says it.")] | None
    ) = None
    subject: Annotated[asked.Text, Field(max_length=250)] | None = None
    preheader: Annotated[asked.Text, Field(max_length=200)] | None = None
    intro: Words | None = None
    outro: Words | None = None


class FindingOut(Schema):
    """One line: ok, look or blocks; in words, and what to do about it."""

    level: str
    what: str
    words: str
    todo: str


class PreflightOut(Schema):
    """The gravest first. `looked_at`: when links, domain and spam score were; null: they were not, or are just now."""

    blocks: bool
    looked_at: datetime | None
    under_way: bool
    findings: list[FindingOut]


@router.get("/editions/{int:edition_id}/contents", response=Contents, **asks(Scope.EDITIONS))
def edition_contents(request: HttpRequest, edition_id: asked.Number) -> Contents:
    """Its stories in their order."""
    return Contents.of(reached.edition(request, edition_id))


@router.post("/editions/{int:edition_id}/order", response=Contents, **asks(Scope.ARRANGE))
def order_edition(request: HttpRequest, edition_id: asked.Number, said: Order) -> Contents:
    """Tell these first. Unknown ones are passed over."""
    edition = reached.own_edition(request, edition_id)
    return _arranged(request, edition, arranging.order(edition.pk, said.stories))


@router.post("/editions/{int:edition_id}/pick", response=Contents, **asks(Scope.ARRANGE))
def pick_story(request: HttpRequest, edition_id: asked.Number, said: Pick) -> Contents:
    """Whatever its topics; a newsletter brings each story once."""
    edition = reached.own_edition(request, edition_id)
    story = _story(request, said.story)
    return _arranged(request, edition, arranging.pick(edition.pk, story, door.token_of(request).user))


@router.post("/editions/{int:edition_id}/drop", response=Contents, **asks(Scope.ARRANGE))
def drop_story(request: HttpRequest, edition_id: asked.Number, said: Drop) -> Contents:
    """It comes with the next edition, or never."""
    edition, by = reached.own_edition(request, edition_id), door.token_of(request).user
    done = arranging.drop(edition.pk, said.story, for_good=said.for_good, by=by, reason=said.reason)
    return _arranged(request, edition, done)


@router.get("/editions/{int:edition_id}/words", response=AllWords, **asks(Scope.EDITIONS))
def edition_words(request: HttpRequest, edition_id: asked.Number) -> AllWords:
    """Subject, preview text, intro and outro in each language, with the versions that a change names."""
    edition = reached.edition(request, edition_id)
    items = [_words(code, said, version) for code, (said, version) in phrasing.versions(edition).items()]
    return AllWords(may_write=edition.state in phrasing.OPEN and not edition.is_own, items=items)


@router.patch("/editions/{int:edition_id}/words/{str:language}", response=WordsOut, **asks(Scope.ARRANGE))
def write_words(
    request: HttpRequest, response: HttpResponse, edition_id: asked.Number, language: str, said: WordsIn
) -> WordsOut:
    """Write around its stories in one language. Nobody's words are overwritten by who has not read them."""
    edition = reached.own_edition(request, edition_id)
    if language not in (there := phrasing.versions(edition)):
        raise Problem("not-found")
    stands, number = there[language]
    version = said.version if (matched := reached.matching(request, number)) is None else matched
    if version is None:
        raise Problem("no-version")
    wanted = phrasing.tidied(replace(stands, **said.dict(exclude={"version"}, exclude_none=True)))
    match phrasing.save(edition.pk, language, wanted, version, door.token_of(request).user):
        case Saved(version=now):
            response["ETag"] = f'"{now}"'
            return _words(language, wanted, now)
        case Stale(version=now):
            raise Problem("stale", f"They are version {now} now.")
        case Closed():
            raise Problem("too-late", "It is rendered: its words stand.")


@router.get("/editions/{int:edition_id}/preflight", response=PreflightOut, **asks(Scope.EDITIONS))
def edition_preflight(request: HttpRequest, edition_id: asked.Number) -> PreflightOut:
    """What an editor should know before it leaves; nothing of one that cannot be held any more."""
    edition = reached.edition(request, edition_id)
    found = preflighting.findings(edition) if editing.may_be_held(edition) else []
    looked = Preflight.objects.filter(edition=edition).first()
    return PreflightOut(
        blocks=any(one.level is Level.BLOCKS for one in found),
        looked_at=looked.done_at if looked else None,
        under_way=looked is not None and looked.done_at is None,
        findings=[FindingOut(**asdict(one)) for one in found],
    )


@router.post("/editions/{int:edition_id}/preflight", response={202: PreflightOut}, **asks(Scope.ARRANGE))
def ask_preflight(request: HttpRequest, edition_id: asked.Number) -> Status[PreflightOut]:
    """Have links, domain and spam score looked at; a worker does it within a minute."""
    edition = reached.own_edition(request, edition_id)
    if not editing.may_be_held(edition):
        raise Problem("too-late")
    preflighting.ask(edition.pk)
    return Status(202, edition_preflight(request, edition_id))


def _arranged(request: HttpRequest, edition: Edition, done: Outcome) -> Contents:
    if done is Outcome.DONE:
        return Contents.of(reached.edition(request, edition.pk))
    words = editing.WHY_NOT[done]
    kind = KINDS.get(done, "exists")
    raise Problem(kind, words, errors={"story": words} if kind == "invalid" else None)


def _story(request: HttpRequest, number: int) -> int:
    try:
        return reached.story(request, number).pk
    except Problem as problem:
        raise Problem("invalid", errors={"story": "there is none of this number"}) from problem


def _words(language: str, said: Said, version: int) -> WordsOut:
    told: dict[str, Any] = asdict(said)
    return WordsOut(language=language, version=version, **told)
