"""Breaking news: a story leaves at once, before digests that are under way, and the next digest does not bring it again.

Readers with a rhythm of their own keep to it: whoever chose one letter a week gets one letter a week.
"""

import enum

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from dispatch import queue
from dispatch.accounts import audit
from dispatch.accounts.models import User
from dispatch.articles import embargo
from dispatch.articles.models import Article, Story
from dispatch.audience.models import Newsletter
from dispatch.editions import items
from dispatch.editions.models import BREAKING, Edition, EditionStory

State = Edition.State
UNSENT = (State.GATHERING, State.FAILED, State.WITHDRAWN, State.EMPTY, State.LATE)
"""Nothing of such an edition has left, nor is about to: whether a late one leaves at all, a person decides."""


class Announced(enum.Enum):
    """What became of the wish."""

    DONE = "done"
    EMBARGO = "embargo"  # it may not leave yet
    UNSPOKEN = "unspoken"  # no version of it in a language of the newsletter stands
    GONE = "gone"  # the newsletter has brought it, or is just about to


def announce(story_id: int, newsletter: Newsletter, by: User, reason: str) -> Announced:
    """Have a newsletter mail a story at once, by itself. What a digest was to bring of it, that digest no longer brings."""
    with transaction.atomic():
        story = Story.objects.select_for_update().get(pk=story_id)
        if embargo.holds(story):
            return Announced.EMBARGO
        versions = list(speaking(story, newsletter))
        if not versions:
            return Announced.UNSPOKEN
        for article in versions:
            items.bring(newsletter, article)
        edition = _made(newsletter, story_id)
        if edition is None:
            return Announced.GONE
        audit.record(by, "story.breaking", f"edition:{edition.pk}", reason)
        queue.enqueue("editions.render_edition", edition.pk)
    return Announced.DONE


def possible(story: Story, newsletters: QuerySet[Newsletter]) -> list[Newsletter]:
    """Those of `newsletters` that gather digests and could bring it at once."""
    brought = EditionStory.objects.filter(story=story, is_further=False).exclude(edition__state__in=UNSENT)
    digests = newsletters.filter(active=True).exclude(cadence=Newsletter.Cadence.EACH)
    waiting = digests.exclude(pk__in=brought.values("newsletter")).order_by("slug")
    return [one for one in waiting if speaking(story, one)]


def slot(story_id: int) -> str:
    """Of the edition that brings it at once."""
    return f"{BREAKING}{story_id}"


def speaking(story: Story, newsletter: Newsletter) -> list[Article]:
    """The versions that stand and that the newsletter can tell, in its order of languages."""
    stands = {"state": Article.State.PUBLISHED, "current__isnull": False, "language__in": newsletter.languages}
    found = story.articles.filter(**stands).select_related("current", "story")
    return sorted(found, key=lambda article: newsletter.languages.index(article.language))


def _made(newsletter: Newsletter, story_id: int) -> Edition | None:
    """An edition of its own, the story taken out of whatever was to bring it; None: that has gone, or is about to."""
    places = EditionStory.objects.filter(newsletter=newsletter, story=story_id, is_further=False)
    before = Edition.objects.select_for_update().filter(pk__in=places.values("edition")).first()
    if before and before.state not in UNSENT:
        return None
    places.delete()
    if before:
        before.variants.all().delete()  # a late one may stand rendered; without the story it is rendered anew
    now = timezone.now()
    edition, _ = Edition.objects.update_or_create(
        newsletter=newsletter,
        slot=slot(story_id),
        defaults={"state": State.DUE, "due_at": now, "rung_at": now, "is_urgent": True, "attempts": 0, "trouble": ""},
    )
    EditionStory.objects.create(edition=edition, newsletter=newsletter, story_id=story_id)
    return edition
