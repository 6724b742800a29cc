"""A digest's contents before it leaves: order, drop, pick, and another moment; each story stays there once."""

from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatch.articles import embargo
from dispatch.articles.models import Article
from dispatch.editions import arranging, departures, gathering, moving, planning, rendering
from dispatch.editions.arranging import Outcome, Step
from dispatch.editions.models import Edition, EditionStory, Item
from dispatch.editions.moving import Moved

pytestmark = pytest.mark.django_db


@pytest.fixture
def daily(rung):
    return newsroom.newsletter("daily", cadence="daily", at="08:00")


@pytest.fixture
def three(daily):
    """Three stories that gather, the newest first."""
    now = timezone.now()
    return [planned(newsroom.story("en", published_at=now - timedelta(minutes=age))) for age in (1, 2, 3)]


def planned(story):
    for article in story.articles.all():
        planning.plan(article)
    return story.pk


def gathered():
    return Edition.objects.filter(state="gathering").order_by("due_at")


def told(edition):
    (english,) = gathering.contents(edition)
    return [one.article.story_id for one in english.stories]


def test_a_lead_story_is_told_first_and_what_comes_later_after_what_was_placed(three):
    edition = gathered().get()
    assert told(edition) == three
    assert arranging.move(edition.pk, three[2], Step.FIRST) is Outcome.DONE
    later = planned(newsroom.story("en"))
    assert told(edition) == [three[2], three[0], three[1], later]
    assert [row.story_id for row in arranging.placed(edition)] == told(edition)


def test_an_order_that_was_dragged_is_kept_and_strangers_in_it_are_passed_over(three):
    edition = gathered().get()
    arranging.order(edition.pk, [three[1], 999_999, three[1], three[2]])
    assert told(edition) == [three[1], three[2], three[0]]
    assert sorted(edition.stories.values_list("position", flat=True)) == [1, 2, 3]


def test_a_story_that_was_dropped_comes_with_the_next_digest(three):
    edition = gathered().get()
    assert arranging.drop(edition.pk, three[1], for_good=False) is Outcome.DONE
    first, second = gathered()
    assert told(first) == [three[0], three[2]]
    assert told(second) == [three[1]]
    assert arranging.drop(edition.pk, three[1], for_good=False) is Outcome.ABSENT


def test_a_story_that_was_dropped_for_good_is_brought_to_nobody_even_when_it_is_revised(daily, three):
    edition = gathered().get()
    arranging.drop(edition.pk, three[1], for_good=True)
    for article in Article.objects.filter(story=three[1]):
        planning.plan(article)
    assert not EditionStory.objects.filter(story=three[1]).exists()
    numbers = departures.table(daily, timezone.now() + timedelta(minutes=1)).offers
    assert {offer.story for offer in numbers.values()} == {three[0], three[2]}


def test_a_story_that_was_barred_may_still_be_picked(three):
    edition = gathered().get()
    arranging.drop(edition.pk, three[1], for_good=True)
    assert arranging.pick(edition.pk, three[1]) is Outcome.DONE
    assert told(edition) == [three[0], three[2], three[1]]


def test_a_story_of_another_topic_may_be_picked_and_is_numbered_for_readers_with_wishes(rung):
    newsletter = newsroom.newsletter("daily", cadence="daily", topics=["sport"])
    edition = Edition.objects.create(newsletter=newsletter, slot="x", due_at=timezone.now() + timedelta(hours=1))
    story = newsroom.story("en").pk
    assert arranging.pick(edition.pk, story) is Outcome.DONE
    assert arranging.pick(edition.pk, story) is Outcome.HERE
    assert told(edition) == [story]
    assert Item.objects.get(newsletter=newsletter).story_id == story


def test_a_story_that_the_newsletter_brought_is_not_brought_again(daily, three):
    sent = gathered().get()
    planning.send_now(sent.pk)
    rendering.render(sent.pk)
    planned(newsroom.story("en"))
    assert arranging.pick(gathered().get().pk, three[0]) is Outcome.BROUGHT
    assert arranging.move(sent.pk, three[0], Step.UP) is Outcome.CLOSED


def test_a_story_that_waits_in_a_later_digest_moves_here(three):
    edition = gathered().get()
    arranging.drop(edition.pk, three[1], for_good=False)
    assert arranging.pick(edition.pk, three[1]) is Outcome.DONE
    assert told(edition) == [three[0], three[2], three[1]]
    assert EditionStory.objects.filter(story=three[1]).count() == 1


def test_a_story_in_none_of_its_languages_cannot_be_picked(daily, three):
    daily.languages = ["be"]
    daily.save()
    assert arranging.pick(gathered().get().pk, newsroom.story("en").pk) is Outcome.SILENT


def test_a_story_under_embargo_is_picked_only_if_that_is_over_at_the_editions_moment(three):
    edition, story = gathered().get(), newsroom.story("en")
    embargo.place(story.pk, edition.due_at + timedelta(minutes=1), None, "later")
    assert arranging.pick(edition.pk, story.pk) is Outcome.EMBARGO
    embargo.place(story.pk, edition.due_at, None, "just in time")
    assert arranging.pick(edition.pk, story.pk) is Outcome.DONE
    planned(story)
    assert edition.stories.filter(story=story).exists()
    assert story.pk not in told(edition)
    embargo.place(story.pk, edition.due_at + timedelta(minutes=1), None, "later again")
    story.refresh_from_db()
    planned(story)
    assert not edition.stories.filter(story=story).exists()


def test_a_digest_that_was_moved_leaves_at_its_new_moment_only(three):
    edition = gathered().get()
    later = edition.due_at + timedelta(hours=2)
    assert moving.move(edition.pk, later, None, "a holiday", seen=edition.due_at) is Moved.DONE
    edition.refresh_from_db()
    assert edition.due_at == later
    planning.send_now(edition.pk)
    assert moving.move(edition.pk, later, None, "a holiday", seen=Edition.objects.get().due_at) is Moved.CHANGED


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_moves_keep_each_story_once(data):
    """Pure: what is moved, dragged or named wrongly, the result is a permutation."""
    stories = now = data.draw(st.lists(st.integers(1, 99), min_size=1, max_size=9, unique=True))
    for _ in range(data.draw(st.integers(0, 12))):
        if data.draw(st.booleans()):
            now = arranging.stepped(now, data.draw(st.sampled_from(now)), data.draw(st.sampled_from(Step)))
        else:
            now = arranging.rearranged(now, data.draw(st.lists(st.integers(1, 99), max_size=9)))
    assert sorted(now) == sorted(stories)
    one = data.draw(st.sampled_from(now))
    place = now.index(one)
    if place > 0:
        assert arranging.stepped(arranging.stepped(now, one, Step.UP), one, Step.DOWN) == now
