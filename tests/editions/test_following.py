"""Readers with a rhythm of their own get a digest's order and words where their letter brings the very same stories."""

from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch.audience.models import Rhythm, Subscription
from dispatch.editions import arranging, phrasing, planning, rendering
from dispatch.editions.arranging import Step
from dispatch.editions.models import Edition
from dispatch.editions.phrasing import Said

pytestmark = pytest.mark.django_db


@pytest.fixture
def digest(rung):
    """Three stories, of which the oldest leads, with an intro; it left a minute ago."""
    newsroom.newsletter("daily", cadence="daily", languages=["en"], intros={"en": "As every day."})
    for age in (1, 2, 3):
        for article in newsroom.story("en", published_at=timezone.now() - timedelta(minutes=age)).articles.all():
            planning.plan(article)
    edition = Edition.objects.get()
    arranging.move(edition.pk, arranging.placed(edition)[2].story_id, Step.FIRST)
    phrasing.save(edition.pk, "en", Said("Office news today", "", "Three today."), 0, None)
    planning.send_now(edition.pk)
    rendering.render(edition.pk)
    return edition


def reader(digest, **wishes):
    """One whose own letter is due."""
    newsroom.readers(digest.newsletter, en=1)
    one = Subscription.objects.latest("pk")
    Rhythm.objects.create(subscription=one, since=0, due_at=timezone.now(), **wishes)
    return one


def own(digest):
    now = timezone.now() + timedelta(seconds=5)
    edition = Edition(newsletter=digest.newsletter, slot="own:now", state="due", due_at=now)
    edition.save()
    (draft,) = rendering.drafts(edition)
    return draft


def told(draft):
    return [revision.article.story_id for revision in draft.revisions]


def test_the_same_stories_come_in_the_digests_order_and_words(digest):
    reader(digest)
    draft = own(digest)
    places = digest.stories.order_by("position").values_list("story", flat=True)
    assert told(draft) == list(places)
    assert "Three today." in draft.text
    assert draft.subject == "Office news today"


def test_a_discreet_letter_says_them_without_a_name(digest):
    reader(digest, discreet=True)
    draft = own(digest)
    assert draft.text.startswith("Three today.")
    assert draft.subject.startswith("Letter of ")
    assert "Office" not in draft.text


def test_who_gets_other_stories_gets_the_newest_first_and_the_newsletters_words(digest):
    one = reader(digest)
    newest = max(digest.stories.all(), key=lambda row: row.story.articles.get().published_at)
    other = [row.story for row in digest.stories.all() if row != newest]
    for story in other[:1]:
        current = story.articles.get().current
        current.topics = ["sport"]
        current.save()
    Subscription.objects.filter(pk=one.pk).update(topics=["culture"])
    draft = own(digest)
    assert len(told(draft)) == 2
    assert told(draft)[0] == newest.story_id
    assert "As every day." in draft.text
    assert "Three today." not in draft.text
