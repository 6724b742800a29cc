"""What the page of an edition asks an editor for while it is not rendered: its stories, its words, what to look at first."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q

from dispatch.articles import embargo
from dispatch.articles.models import Article, Story
from dispatch.delivery import preflighting
from dispatch.delivery.models import Send, TeamAddress, Trial
from dispatch.desk import naming
from dispatch.editions import arranging, guarding, phrasing, previewing, wording
from dispatch.editions.arranging import Outcome
from dispatch.editions.models import Barred, Edition, EditionStory, Preflight
from dispatch.editions.phrasing import OPEN
from dispatch.editions.preflight import Finding, Level

WHY_NOT = {
    Outcome.CLOSED: "It is rendered, or leaves with its one story: what it brings stands. Nothing was changed.",
    Outcome.ABSENT: "The story is not there any more. Nothing was changed.",
    Outcome.HERE: "It is in this edition already.",
    Outcome.BROUGHT: "This newsletter brought it already. A newsletter brings each story once.",
    Outcome.EMBARGO: "It is under embargo at the moment when this edition leaves.",
    Outcome.SILENT: "It is published in none of this newsletter's languages.",
}
FOUND = 12


@dataclass(frozen=True)
class Row:
    """A story in its place."""

    id: int
    title: str
    languages: list[str]
    waits_until: datetime | None  # of its embargo, where that holds


@dataclass(frozen=True)
class Found:
    """A story that may be picked, or why not."""

    id: int
    title: str
    languages: list[str]
    note: str
    may_pick: bool


@dataclass(frozen=True)
class Around:
    """The words of one language, with what stands there if nothing is written."""

    language: str
    name: str
    direction: str
    said: phrasing.Said
    version: int
    subject: str
    preheader: str


@dataclass(frozen=True)
class Editing:
    """Everything that may be done before it leaves."""

    may_arrange: bool
    may_write: bool
    rows: list[Row]
    words: str  # that stories were looked for by
    found: list[Found]
    around: list[Around]
    findings: list[Finding]
    looked: Preflight | None
    trials: list[Trial]
    team: int
    blocking: list[Finding] = field(default_factory=list)

    @classmethod
    def of(cls, edition: Edition, words: str) -> "Editing":
        """As it stands now."""
        is_written = edition.state in OPEN and not edition.is_own
        findings = preflighting.findings(edition) if may_be_held(edition) else []
        return cls(
            may_arrange=arranging.is_open(edition),
            may_write=is_written,
            rows=rows_of(edition),
            words=words,
            found=_found(edition, words) if arranging.is_open(edition) and words else [],
            around=around_of(edition) if is_written else [],
            findings=findings,
            looked=Preflight.objects.filter(edition=edition).first(),
            trials=list(Trial.objects.filter(edition=edition).order_by("-pk")[:12]),
            team=TeamAddress.objects.filter(newsletter=edition.newsletter_id).count(),
            blocking=[one for one in findings if one.level is Level.BLOCKS],
        )


def may_be_held(edition: Edition) -> bool:
    """Whether what is found may still keep it from leaving."""
    send = getattr(edition, "send", None)
    return edition.state in {*OPEN, Edition.State.LATE} or (send is not None and has_left_nobody(send))


def has_left_nobody(send: Send) -> bool:
    """Whether it waits, or was stopped, before its first letter was given to a relay."""
    if send.state == Send.State.PAUSED:
        return not send.chunks.filter(ahead__gt=0).exists()
    return send.state in {Send.State.DRAFT, Send.State.READY}


def rows_of(edition: Edition) -> list[Row]:
    """Its stories, in their order."""
    rows = []
    for place in arranging.placed(edition):
        articles = list(place.story.articles.all())
        until = place.story.embargo_until if embargo.holds(place.story) else None
        rows.append(Row(place.story_id, naming.title(articles), [one.language for one in articles], until))
    return rows


def _found(edition: Edition, words: str) -> list[Found]:
    titled = Q(articles__current__title__icontains=words)
    stories = Story.objects.filter(titled, articles__state=Article.State.PUBLISHED).distinct().order_by("-pk")[:FOUND]
    barred = set(Barred.objects.filter(newsletter=edition.newsletter_id).values_list("story", flat=True))
    return [_one(edition, story, is_barred=story.pk in barred) for story in stories]


def _one(edition: Edition, story: Story, *, is_barred: bool) -> Found:
    articles = list(story.articles.select_related("current").order_by("pk"))
    why_not = arranging.objection(edition, story)
    note = WHY_NOT[why_not] if why_not else ""
    if not note and is_barred:
        note = "It was never to come in this newsletter; picking it changes that."
    waiting = EditionStory.objects.filter(newsletter=edition.newsletter_id, story=story, is_further=False).first()
    if not note and waiting:
        note = "It waits for a later edition, and would come with this one instead."
    if not note and embargo.holds(story):
        note = "It is under embargo now; that is over when this edition leaves."
    return Found(story.pk, naming.title(articles), [one.language for one in articles], note, why_not is None)


def around_of(edition: Edition) -> list[Around]:
    """Its words by language."""
    try:
        defaults = previewing.defaults(edition)
    except guarding.Unrenderable:
        defaults = {}
    return [
        Around(code, wording.name(code), wording.direction(code), said, version, *defaults.get(code, ("", "")))
        for code, (said, version) in phrasing.versions(edition).items()
    ]
