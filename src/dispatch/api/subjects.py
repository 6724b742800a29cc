"""Calls about tests of two subjects and about corrections: prepared by programs, let go by people."""

from typing import Annotated

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from dispatch.api import asked, door, reached
from dispatch.api.calling import asks
from dispatch.api.problems import Problem
from dispatch.api.tokens import Scope
from dispatch.delivery import comparing
from dispatch.delivery import correcting as addressing
from dispatch.editions import correcting, subjects
from dispatch.editions.models import Correction, Edition, SubjectTest

router = Router(tags=["Mail"])
Count = Annotated[int, Field(ge=0, le=10**9)]


class TestIn(asked.Strict):
    """Second subjects by language, the share of readers that each subject goes to first, and how long the rest waits."""

    subjects: Annotated[
        dict[asked.Language, Annotated[asked.Text, Field(max_length=250)]],
        Field(max_length=40, description="With none of them nothing is tested."),
    ]
    share: Annotated[int, Field(ge=1, le=40, description="Per cent.")] = 10
    wait: Annotated[int, Field(ge=10, le=1440, description="Minutes.")] = 60
    by_clicks: Annotated[bool, Field(description="Links say which letter they are in; your own site counts.")] = False


class TestOut(Schema):
    """A test as it stands; without subjects nothing is tested. `readers`: who got each subject first."""

    subjects: dict[str, str] = {}
    share: int | None = None
    wait: int | None = None
    by_clicks: bool = False
    readers: dict[str, int] = {}
    clicks: dict[str, int] = {}
    winner: str = ""
    why: str = ""

    @classmethod
    def of(cls, edition: Edition) -> "TestOut":
        """Now."""
        test, send = SubjectTest.objects.filter(edition=edition).first(), getattr(edition, "send", None)
        if test is None:
            return cls()
        names = ("subjects", "share", "wait", "by_clicks", "clicks", "winner", "why")
        readers = comparing.readers(send.pk) if send else {}
        return cls(readers=readers, **{name: getattr(test, name) for name in names})


class Clicks(asked.Why):
    """What the newsroom's own site counted of each letter's mark (`?letter=a`)."""

    a: Count
    b: Count


class CorrectionIn(asked.Strict):
    """Of a story that this edition brought."""

    story: Annotated[int, Field(ge=1, le=asked.MOST)]


class CorrectionOut(Schema):
    """A draft: its words are written as any edition's. `readers` got the mistake, by language; `hindrance`: why it cannot be
    sent yet."""

    edition: int
    newsletter: str
    story: int
    languages: list[str]
    readers: dict[str, int]
    hindrance: str

    @classmethod
    def of(cls, correction: Correction) -> "CorrectionOut":
        """As it stands."""
        return cls(
            edition=correction.edition_id,
            newsletter=correction.edition.newsletter.slug,
            story=correction.story_id,
            languages=correcting.languages(correction),
            readers=addressing.readers(correction),
            hindrance=addressing.hindrance(correction),
        )


@router.get("/editions/{int:edition_id}/subject-test", response=TestOut, **asks(Scope.EDITIONS))
def edition_subject_test(request: HttpRequest, edition_id: asked.Number) -> TestOut:
    """What is tested, and what came of it so far."""
    return TestOut.of(reached.edition(request, edition_id))


@router.post("/editions/{int:edition_id}/subject-test", response=TestOut, **asks(Scope.ARRANGE))
def plan_subject_test(request: HttpRequest, edition_id: asked.Number, said: TestIn) -> TestOut:
    """Test second subjects instead of whatever was planned before, while it is not rendered."""
    edition = reached.own_edition(request, edition_id)
    if strange := sorted(set(said.subjects) - set(edition.newsletter.languages)):
        raise Problem("invalid", errors={"subjects": f"the newsletter does not speak {', '.join(strange)}"})
    try:
        subjects.plan(edition.pk, said.subjects, share=said.share, wait=said.wait, by_clicks=said.by_clicks)
    except subjects.Unfit as problem:
        raise Problem("too-late", str(problem)) from problem
    return TestOut.of(reached.edition(request, edition_id))


@router.post("/sends/{int:send_id}/clicks", response=TestOut, **asks(Scope.ARRANGE))
def note_clicks(request: HttpRequest, send_id: asked.Number, said: Clicks) -> TestOut:
    """All that your site has counted so far, in place of what was noted before. A person, or its time, decides."""
    send = reached.own_send(request, send_id)
    readers = comparing.readers(send.pk)
    clicks = {"a": said.a, "b": said.b}
    if over := [arm for arm, count in clicks.items() if count > readers.get(arm, 0)]:
        raise Problem("invalid", errors=dict.fromkeys(over, "more clicks than readers"))
    if not comparing.count(send, clicks, door.token_of(request).user, said.reason):
        raise Problem("too-late", "Nothing is tested, or it is decided.")
    return TestOut.of(reached.edition(request, send.edition_id))


@router.post("/editions/{int:edition_id}/corrections", response={201: CorrectionOut}, **asks(Scope.ARRANGE))
def begin_correction(request: HttpRequest, edition_id: asked.Number, said: CorrectionIn) -> Status[CorrectionOut]:
    """A draft for exactly those who got the mistake, or the one that is being written. A person sends it."""
    edition, user = reached.own_edition(request, edition_id), door.token_of(request).user
    if not edition.stories.filter(story=said.story).exists():
        raise Problem("invalid", errors={"story": "this edition did not bring it"})
    draft = correcting.begin(edition.newsletter, said.story, user)
    if draft is None:
        raise Problem("invalid", errors={"story": "no letter told it yet"})
    return Status(201, CorrectionOut.of(draft))


@router.get("/corrections/{int:edition_id}", response=CorrectionOut, **asks(Scope.EDITIONS))
def one_correction(request: HttpRequest, edition_id: asked.Number) -> CorrectionOut:
    """By the number of its edition, while it is a draft."""
    return CorrectionOut.of(_draft(reached.edition(request, edition_id)))


@router.post("/corrections/{int:edition_id}/discard", response={204: None}, **asks(Scope.ARRANGE))
def discard_correction(request: HttpRequest, edition_id: asked.Number, said: asked.Why) -> Status[None]:
    """Nobody is written to."""
    draft = _draft(reached.own_edition(request, edition_id))
    if not correcting.discard(draft, door.token_of(request).user, said.reason):
        raise Problem("too-late")
    return Status(204, None)


def _draft(edition: Edition) -> Correction:
    drafts = Correction.objects.filter(edition=edition, edition__state=Edition.State.DRAFT)
    draft = drafts.select_related("edition__newsletter").first()
    if draft is None:
        raise Problem("not-found")
    return draft
