"""Mail that is found hours after its moment waits for a person; nothing old leaves as if it were new."""

from datetime import time, timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch.accounts.models import AuditEntry
from dispatch.editions import lateness, planning, ticks
from dispatch.editions.models import Edition

pytestmark = pytest.mark.django_db
HOURS = timedelta(hours=1)


@pytest.fixture
def digest():
    """A daily digest that gathers one story."""
    office = newsroom.newsletter(languages=["en"], cadence="daily", at=time(8), zone="Europe/Vilnius")
    planning.plan(newsroom.story("en").articles.get())
    return Edition.objects.get(newsletter=office)


def found(edition):
    ticks.ring_due()
    edition.refresh_from_db()
    return edition.state


def was_due(edition, ago, **fields):
    Edition.objects.filter(pk=edition.pk).update(due_at=timezone.now() - ago, **fields)


@pytest.mark.parametrize(("ago", "state"), [(2 * HOURS, "due"), (4 * HOURS, "late")])
def test_a_digest_is_closed_soon_after_its_slot_and_held_hours_later(digest, ago, state):
    was_due(digest, ago)
    assert found(digest) == state


def test_what_was_rung_for_before_the_outage_is_held_and_what_is_rung_for_now_is_not(digest):
    was_due(digest, 5 * HOURS, state="due", rung_at=timezone.now() - timedelta(seconds=30))
    assert found(digest) == "due"
    was_due(digest, 5 * HOURS, rung_at=timezone.now() - 4 * HOURS)
    assert found(digest) == "late"


def test_a_rendered_edition_that_nobody_enlisted_for_hours_is_held(digest):
    was_due(digest, 5 * HOURS, state="rendered", rendered_at=timezone.now() - 4 * HOURS)
    assert found(digest) == "late"
    alice = newsroom.person("approver")
    assert lateness.send_now(digest.pk, alice, "it still matters")
    assert found(digest) == "due"
    assert not lateness.send_now(digest.pk, alice, "twice")


def test_nobody_is_told_a_story_of_a_late_digest_twice(digest):
    was_due(digest, 5 * HOURS)
    assert found(digest) == "late"
    for article in digest.stories.get().story.articles.all():
        planning.plan(article)
    assert Edition.objects.count() == 1


def test_its_stories_leave_with_the_next_digest(digest):
    was_due(digest, 5 * HOURS, slot="2026-01-01")
    assert found(digest) == "late"
    assert lateness.with_the_next(digest.pk, newsroom.person("editor"), "a day late is soon enough")
    digest.refresh_from_db()
    following = Edition.objects.exclude(pk=digest.pk).get()
    assert (digest.state, digest.stories.count()) == ("withdrawn", 0)
    assert (following.state, following.stories.count()) == ("gathering", 1)
    assert following.due_at > timezone.now()
    assert AuditEntry.objects.get(act="edition.with_the_next").reason == "late: a day late is soon enough"


def test_it_is_left_out(digest):
    was_due(digest, 5 * HOURS)
    found(digest)
    assert lateness.leave_out(digest.pk, newsroom.person("approver"), "it is over")
    assert found(digest) == "withdrawn"
    assert not lateness.with_the_next(digest.pk, newsroom.person("editor", "Bob"), "no")


def test_a_story_that_is_taken_back_leaves_a_late_digest_too(digest):
    was_due(digest, 5 * HOURS)
    found(digest)
    article = digest.stories.get().story.articles.get()
    article.state = "withdrawn"
    article.save()
    planning.withdraw(article)
    assert not digest.stories.exists()
