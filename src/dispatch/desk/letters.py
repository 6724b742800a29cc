"""What the page of an edition answers: what it brings, how it reads and looks, how far it is, who is missing."""

from dataclasses import dataclass

from dispatch.delivery import progress, waves
from dispatch.delivery.models import Ambiguity, Approval, Send
from dispatch.desk import correcting, naming, overview, subjects
from dispatch.editions import guarding, inboxes, phrasing, rendering, slots
from dispatch.editions.models import Edition, SubjectTest, Variant
from dispatch.operations import live, stats

SAMPLE = {"name": ", Alice", "leave": "", "preferences": ""}
SHOWS = {"desktop": "Desktop", "phone": "Phone", "dark": "Dark", "text": "Plain text"}
DRAFT_SHOWS = SHOWS | {"discreet": "Discreet", "all": "Side by side"}


@dataclass(frozen=True)
class Brought:
    """A story in an edition."""

    id: int
    title: str
    languages: list[str]


@dataclass(frozen=True)
class Letter:
    """An edition with what became of it; `progress` is None before it has an audience."""

    edition: Edition
    name: str
    brings: str
    state: tuple[str, str]
    stories: list[Brought]
    variants: list[Variant]
    progress: progress.Progress | None
    pace: str  # how fast it goes, as far as this process has seen
    shares: list[stats.Share]
    ambiguities: list[Ambiguity]
    trouble: str  # why some of it stands still by itself
    approval: Approval | None  # what a second person is asked to agree to
    correction: correcting.Draft | None  # while it is one that is being written
    may_test: bool  # whether two subjects may still be tested
    test: SubjectTest | None  # as it was planned
    tested: subjects.Tested | None  # as it goes, or went
    waits_for_wave: bool  # most of its readers wait for what the first ones' answers show

    @classmethod
    def of(cls, edition: Edition) -> "Letter":
        """As it stands now."""
        send = getattr(edition, "send", None)
        is_draft = send is not None and send.state == Send.State.DRAFT
        return cls(
            edition=edition,
            name=naming.newsletter(edition.newsletter),
            brings=naming.brings(edition),
            state=overview.state_of(edition),
            stories=_brought(edition),
            variants=list(edition.variants.defer("html", "text").order_by("language", "discreet")),
            progress=progress.at_a_glance(send.pk) if send else None,
            pace=live.pace_of(send.pk) if send else "",
            shares=stats.shares(send.pk) if send else [],
            ambiguities=list(send.ambiguities.order_by("chunk", "first")[:20]) if send else [],
            trouble=progress.trouble(send) if send else "",
            approval=Approval.objects.filter(send=send, agreed_at=None).first() if is_draft else None,
            correction=correcting.Draft.of(edition),
            may_test=edition.state in phrasing.OPEN and not edition.is_own and not edition.is_correction,
            test=SubjectTest.objects.filter(edition=edition).first(),
            tested=subjects.Tested.of(send),
            waits_for_wave=send is not None and not is_draft and waves.is_open(send),
        )


@dataclass(frozen=True)
class Previewed:
    """Which language is shown, and how: a key of `shows`. `languages` are those that can be; if none, `trouble` says why.

    `variant` is what was frozen, or what would be if it were rendered now (`is_draft`).
    """

    language: str
    languages: list[str]
    show: str
    variant: Variant | rendering.Draft | None
    trouble: str
    shows: dict[str, str]  # every way to look

    @classmethod
    def of(cls, edition: Edition, language: str, show: str) -> "Previewed":
        """What was asked for where that is possible, else the first."""
        found, trouble = _shown(edition)
        chosen = language if language in found else next(iter(found), "")
        known = DRAFT_SHOWS if isinstance(found.get(chosen), rendering.Draft) and not edition.is_own else SHOWS
        return cls(chosen, list(found), show if show in known else "desktop", found.get(chosen), trouble, known)

    @property
    def is_draft(self) -> bool:
        """Whether it may still change."""
        return isinstance(self.variant, rendering.Draft)

    @property
    def subject(self) -> str:
        """As Alice would read it in her inbox."""
        return slots.fill(self.variant.subject, self.variant.nonce, SAMPLE) if self.variant else ""

    @property
    def scheme(self) -> str:
        """By day, but where the night is asked for: the page's own light is not the mail's."""
        return "dark" if self.show == "dark" else "light"

    @property
    def panes(self) -> list[tuple[str, str]]:
        """What is shown, by key and name: one, or all of them side by side."""
        every = [(key, name) for key, name in self.shows.items() if key != "all"]
        return every if self.show == "all" else [(self.show, self.shows[self.show])]

    def inboxes(self, sender: str) -> list[inboxes.Line]:
        """As inboxes show it."""
        return inboxes.lines(sender, self.subject, self.variant.preheader) if self.variant else []


def _shown(edition: Edition) -> tuple[dict[str, Variant | rendering.Draft], str]:
    frozen = edition.variants.filter(discreet=False).exclude(arm="b").defer("html", "text").order_by("id")
    found: dict[str, Variant | rendering.Draft] = {one.language: one for one in frozen}
    if found or edition.state not in {*phrasing.OPEN}:
        return found, ""
    try:
        return {draft.language: draft for draft in rendering.drafts(edition)}, ""
    except guarding.Unrenderable as trouble:
        return {}, str(trouble)


def _brought(edition: Edition) -> list[Brought]:
    stories = [edition.correction.story] if edition.is_correction else [place.story for place in edition.stories.all()]
    told = [(story.pk, list(story.articles.all())) for story in stories]
    return [Brought(story, naming.title(articles), [one.language for one in articles]) for story, articles in told]
