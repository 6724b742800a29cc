"""What an editor does with a digest's stories before it is rendered: order, drop, pick. Each act locks the edition first."""

import enum
import math
from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import Min
from django.utils import timezone

from dispatch.accounts import audit
from dispatch.accounts.models import User
from dispatch.articles import embargo
from dispatch.articles.models import Article, Story
from dispatch.editions import items, planning
from dispatch.editions.models import Barred, Edition, EditionStory
from dispatch.editions.phrasing import OPEN


class Outcome(enum.Enum):
    """What came of an act; all but DONE changed nothing."""

    DONE = enum.auto()
    CLOSED = enum.auto()  # it is rendered, or no digest
    ABSENT = enum.auto()  # the story is not in it
    HERE = enum.auto()  # the story is in it already
    BROUGHT = enum.auto()  # this newsletter brought it, and does so once
    EMBARGO = enum.auto()  # it may not be told yet at the edition's moment
    SILENT = enum.auto()  # it is published in none of the newsletter's languages


class Step(enum.StrEnum):
    """Where to a story is moved."""

    UP = "up"
    DOWN = "down"
    FIRST = "first"
    LAST = "last"


def is_open(edition: Edition) -> bool:
    """Whether its stories may be arranged: a digest of the newsletter's own that is not rendered."""
    return edition.state in OPEN and not edition.is_own and not edition.is_of_a_story


def placed(edition: Edition) -> list[EditionStory]:
    """Its stories in the order in which they will be told: as placed, then the newest first."""
    rows = list(edition.stories.all())
    spoken = Article.objects.filter(
        story__in=[row.story_id for row in rows],
        state=Article.State.PUBLISHED,
        language__in=edition.newsletter.languages,
    )
    first = dict(spoken.values_list("story").annotate(first=Min("published_at")))
    now = timezone.now()
    return sorted(
        rows, key=lambda row: (row.position or math.inf, -first.get(row.story_id, now).timestamp(), row.story_id)
    )


def order(edition_id: int, wanted: Iterable[int]) -> Outcome:
    """Tell these stories first, in this order, and the others after them as they stood. Unknown ones are passed over."""
    with transaction.atomic():
        edition = _locked(edition_id)
        if not is_open(edition):
            return Outcome.CLOSED
        _settle(edition, rearranged([row.story_id for row in placed(edition)], wanted))
    return Outcome.DONE


def move(edition_id: int, story: int, step: Step) -> Outcome:
    """One place, or all the way."""
    with transaction.atomic():
        edition = _locked(edition_id)
        if not is_open(edition):
            return Outcome.CLOSED
        now = [row.story_id for row in placed(edition)]
        if story not in now:
            return Outcome.ABSENT
        _settle(edition, stepped(now, story, step))
    return Outcome.DONE


def rearranged(now: Sequence[int], wanted: Iterable[int]) -> list[int]:
    """A permutation of `now` that begins with those of `wanted` that are in it. Pure."""
    first = [story for story in dict.fromkeys(wanted) if story in now]
    return first + [story for story in now if story not in first]


def stepped(now: Sequence[int], story: int, step: Step) -> list[int]:
    """A permutation of `now` with one story moved; at the end of its way it stays. Pure."""
    others = [one for one in now if one != story]
    at = now.index(story)
    to = {Step.UP: max(at - 1, 0), Step.DOWN: at + 1, Step.FIRST: 0, Step.LAST: len(others)}[step]
    return [*others[:to], story, *others[to:]]


@transaction.atomic
def drop(edition_id: int, story: int, *, for_good: bool, by: User | None = None, reason: str = "") -> Outcome:
    """Take a story out: the next digest brings it, or, for good, none of this newsletter ever does."""
    edition = _locked(edition_id)
    if not is_open(edition):
        return Outcome.CLOSED
    row = edition.stories.filter(story=story).first()
    if row is None:
        return Outcome.ABSENT
    act = "edition.bar_story" if for_good else "edition.drop_story"
    audit.record(by, act, f"edition:{edition_id}", f"story {story}: {reason}"[:300])
    if for_good:
        Barred.objects.get_or_create(newsletter_id=edition.newsletter_id, story_id=story)
        row.delete()
        return Outcome.DONE
    later = planning.gathering_after(edition.newsletter, max(edition.due_at, timezone.now()), besides=edition.pk)
    row.edition, row.position = later, 0
    row.save(update_fields=["edition", "position"])
    return Outcome.DONE


@transaction.atomic
def pick(edition_id: int, story_id: int, by: User | None = None) -> Outcome:
    """Put a further story at the end, whatever its topics; one that was never to come may, from now on."""
    edition = _locked(edition_id)
    story = Story.objects.filter(pk=story_id).first()
    if story is None:
        return Outcome.ABSENT
    if why_not := objection(edition, story):
        return why_not
    audit.record(by, "edition.pick_story", f"edition:{edition_id}", f"story {story_id}")
    now = [row.story_id for row in placed(edition)]
    fresh = EditionStory(edition=edition, newsletter_id=edition.newsletter_id, story=story)
    EditionStory.objects.bulk_create([fresh], ignore_conflicts=True)  # it may wait elsewhere, or just be planned
    place = EditionStory.objects.filter(newsletter=edition.newsletter_id, story=story, is_further=False)
    place.update(edition=edition, is_picked=True)
    Barred.objects.filter(newsletter=edition.newsletter_id, story=story).delete()
    _settle(edition, [*now, story.pk])
    for article in [] if embargo.holds(story) else _spoken(edition, story)[:1]:
        items.bring(edition.newsletter, article)
    return Outcome.DONE


def objection(edition: Edition, story: Story) -> Outcome | None:
    """Why the story cannot be picked for this edition; None where it can."""
    if not is_open(edition):
        return Outcome.CLOSED
    brought = EditionStory.objects.filter(newsletter=edition.newsletter_id, story=story, is_further=False)
    elsewhere = brought.select_related("edition").first()
    if elsewhere and elsewhere.edition_id == edition.pk:
        return Outcome.HERE
    if elsewhere and not is_open(elsewhere.edition):
        return Outcome.BROUGHT
    if embargo.holds(story, edition.due_at):
        return Outcome.EMBARGO
    return None if _spoken(edition, story) else Outcome.SILENT


def _spoken(edition: Edition, story: Story) -> list[Article]:
    there = story.articles.filter(state=Article.State.PUBLISHED, language__in=edition.newsletter.languages)
    return list(there.exclude(current=None).order_by("pk"))


def _locked(edition_id: int) -> Edition:
    return Edition.objects.select_for_update(of=("self",)).select_related("newsletter").get(pk=edition_id)


def _settle(edition: Edition, stories: Sequence[int]) -> None:
    places = {story: number for number, story in enumerate(stories, 1)}
    rows = list(edition.stories.filter(story__in=places))
    for row in rows:
        row.position = places[row.story_id]
    EditionStory.objects.bulk_update(rows, ["position"])
