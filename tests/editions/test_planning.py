"""Which newsletters bring an article, and that none brings it twice."""

import threading
from datetime import UTC, datetime

import pytest
import time_machine
from django.db import connection

from dispatch.articles.models import Article
from dispatch.editions import planning, rendering, ticks
from dispatch.editions.models import Edition, EditionStory

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


def slots():
    return dict(Edition.objects.order_by("id").values_list("slot", "state"))


def publish(article, *args, **fields):
    """Publish, plan, and render what is due."""
    made = article(*args, **fields)
    planning.plan(made)
    render_due()
    return made


def render_due():
    for edition in Edition.objects.filter(state="due").order_by("id"):
        rendering.render(edition.id)


def languages(slot):
    return set(Edition.objects.get(slot=slot).variants.values_list("language", flat=True))


def test_an_article_is_mailed_at_once(newsletter, article, rung):
    newsletter()
    story = article()
    planning.plan(story)
    edition = Edition.objects.get()
    assert (edition.slot, edition.state) == (f"story:{story.story_id}", "due")
    assert rung == [("editions.render_edition", edition.id)]


@pytest.mark.parametrize("visibility", Article.Visibility.values)
def test_every_visibility_is_mailed(newsletter, article, visibility):
    newsletter()
    planning.plan(article(visibility=visibility))
    assert Edition.objects.count() == 1


def test_a_newsletter_brings_its_languages_and_topics_only(newsletter, article):
    everything, rights = newsletter(), newsletter(topics=["Rights"])
    newsletter(languages=["be"])
    newsletter(active=False)
    planning.plan(article(topics=["rights", "city"]))
    planning.plan(article(topics=["sport"]))
    assert [edition.newsletter for edition in Edition.objects.order_by("id")] == [everything, rights, everything]


def test_doubled_doorbells_make_one_edition(newsletter, article):
    newsletter()
    newsletter(cadence="daily")
    story = article()
    for _ in range(3):
        planning.plan(story)
    assert Edition.objects.count() == EditionStory.objects.count() == 2


def test_languages_that_are_there_in_time_share_one_edition(newsletter, article):
    newsletter()
    english = article("en")
    belarusian = article("be", story=english.story)
    planning.plan(english)
    planning.plan(belarusian)
    render_due()
    assert languages(f"story:{english.story_id}") == {"en", "be"}


def test_a_language_that_comes_later_is_a_further_edition(newsletter, article):
    newsletter()
    english = publish(article, "en")
    belarusian = publish(article, "be", story=english.story)
    planning.plan(belarusian)
    slot = f"story:{english.story_id}"
    assert slots() == {slot: "rendered", f"{slot}/be": "rendered"}
    assert languages(f"{slot}/be") == {"be"}


def test_a_revision_after_its_edition_went_out_is_not_mailed_again(newsletter, article, revise):
    newsletter()
    newsletter(cadence="daily")
    story = publish(article)
    revise(story, title="Corrected")
    planning.plan(story)
    assert Edition.objects.filter(state="due").count() == 0
    assert EditionStory.objects.count() == 2


def test_a_digest_gathers_until_its_hour_in_its_zone(newsletter, article, noon, rung):
    newsletter(cadence="daily", at="15:00", zone="Europe/Vilnius")  # an hour from now
    planning.plan(article())
    edition = Edition.objects.get()
    assert (edition.slot, edition.state, edition.due_at.isoformat()) == (
        "2026-11-23", "gathering", "2026-11-23T13:00:00+00:00",
    )  # fmt: skip
    ticks.ring_due()
    assert rung == []
    noon.shift(3600)
    ticks.ring_due()
    assert rung == [("editions.render_edition", edition.id)]


def test_an_article_that_comes_after_the_hour_waits_for_the_next_digest(newsletter, article, noon):
    newsletter(cadence="daily", at="15:00")
    planning.plan(article())
    noon.shift(3600)
    planning.plan(article())
    assert slots() == {"2026-11-23": "gathering", "2026-11-24": "gathering"}


def test_an_article_that_comes_when_its_digest_was_just_closed_waits_for_the_next(newsletter, article):
    newsletter(cadence="daily", at="15:00")
    planning.plan(article())
    assert planning.send_now(Edition.objects.get().id)
    assert not planning.send_now(Edition.objects.get().id)
    planning.plan(article())
    assert slots() == {"2026-11-23": "due", "2026-11-24": "gathering"}


def test_a_weekly_digest_waits_for_its_weekday(newsletter, article):
    newsletter(cadence="weekly", weekday=4)
    planning.plan(article())
    assert slots() == {"2026-11-27": "gathering"}


def test_a_story_that_was_in_a_digest_is_not_mailed_when_the_cadence_changes(newsletter, article):
    daily = newsletter(cadence="daily")
    story = publish(article)
    daily.cadence = "each"
    daily.save()
    planning.plan(story)
    assert Edition.objects.count() == 1


def test_a_withdrawn_story_leaves_what_waits(newsletter, article):
    newsletter()
    newsletter(cadence="daily")
    story = article()
    planning.plan(story)
    story.state = "withdrawn"
    story.save()
    planning.withdraw(story)
    assert sorted(slots().values()) == ["gathering", "withdrawn"]
    assert not EditionStory.objects.filter(edition__state="gathering").exists()


def test_a_story_withdrawn_in_one_language_stays_in_the_others(newsletter, article):
    newsletter(cadence="daily")
    english = article("en")
    russian = article("ru", story=english.story)
    planning.plan(english)
    russian.state = "withdrawn"
    russian.save()
    planning.withdraw(russian)
    planning.send_now(Edition.objects.get().id)
    render_due()
    assert languages("2026-11-24") == {"en"}


def test_what_was_rendered_stays_when_its_story_is_withdrawn(newsletter, article):
    newsletter()
    story = publish(article)
    story.state = "withdrawn"
    story.save()
    planning.withdraw(story)
    assert set(slots().values()) == {"rendered"}


def test_a_story_published_again_before_anyone_got_it_is_mailed(newsletter, article):
    newsletter()
    story = article()
    planning.plan(story)
    Article.objects.update(state="withdrawn")
    planning.withdraw(story)
    Article.objects.update(state="published")
    planning.plan(story)
    render_due()
    assert set(slots().values()) == {"rendered"}


def test_a_doorbell_that_nobody_heard_is_rung_again(newsletter, article, noon, rung):
    newsletter()
    planning.plan(article())
    ticks.ring_due()
    assert len(rung) == 1
    noon.shift(5)
    ticks.ring_due()
    ticks.ring_due()
    assert len(rung) == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("cadence", ["each", "daily"])
def test_many_planners_and_renderers_at_once_bring_a_story_once(newsletter, article, cadence):
    newsletter(cadence=cadence)
    english = article("en")
    stories = [english, article("be", story=english.story), article("ru", story=english.story), article("en")]
    start = threading.Barrier(len(stories))

    def act(one):
        start.wait()
        planning.plan(one)
        render_due()
        connection.close()

    threads = [threading.Thread(target=act, args=[one]) for one in stories]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    first = EditionStory.objects.filter(story=english.story, is_further=False)
    assert first.count() == 1
    told = [
        language
        for edition in Edition.objects.filter(stories__story=english.story)
        for language in edition.variants.values_list("language", flat=True)
    ]
    assert sorted(told) == (["be", "en", "ru"] if cadence == "each" else [])
