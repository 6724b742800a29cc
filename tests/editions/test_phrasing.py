"""Words around the stories: kept by version, said in every letter of their language, and in discreet ones without a name."""

import newsroom
import pytest
from django.utils import timezone

from dispatch.editions import phrasing, planning, previewing, rendering
from dispatch.editions.models import Edition, Variant
from dispatch.editions.phrasing import Closed, Said, Saved, Stale

pytestmark = pytest.mark.django_db
WORDS = Said("Rivers and rooms", "Three things to read", "Good *morning* from [us](https://example.com/a)!", "Bye.")


@pytest.fixture
def edition(rung):
    daily = newsroom.newsletter("daily", cadence="daily", intros={"be": "Дзень добры."})
    story = newsroom.story("en", "be")
    for article in story.articles.all():
        planning.plan(article)
    return Edition.objects.get(newsletter=daily)


def draft(edition, language="en", *, discreet=False):
    return next(one for one in previewing.drafts(edition) if (one.language, one.discreet) == (language, discreet))


def test_each_letter_says_what_was_written_for_its_language(edition):
    assert phrasing.save(edition.pk, "en", WORDS, 0, None) == Saved(1)
    english, belarusian = draft(edition), draft(edition, "be")
    assert (english.subject, english.preheader) == ("Rivers and rooms", "Three things to read")
    assert "Good <em>morning</em> from <a" in english.html
    assert "Good morning from us (https://example.com/a)!" in english.text
    assert english.text.index("Bye.") > english.text.index("volunteers")
    assert belarusian.subject.startswith("Навіны Офіса: ")
    assert "Дзень добры." in belarusian.text
    assert "Дзень добры." in belarusian.html


def test_it_is_frozen_with_the_rest_and_closed_from_then_on(edition):
    phrasing.save(edition.pk, "en", WORDS, 0, None)
    planning.send_now(edition.pk)
    rendering.render(edition.pk)
    english = Variant.objects.get(language="en")
    assert english.is_as_frozen
    assert "Good <em>morning</em>" in english.html
    assert phrasing.save(edition.pk, "en", Said("Other"), 1, None) == Closed()


def test_two_editors_cannot_overwrite_each_other_in_silence(edition):
    alice, bob = newsroom.person("editor", "Alice"), newsroom.person("editor", "Bob")
    phrasing.save(edition.pk, "en", Said("Alice's"), 0, alice)
    assert phrasing.save(edition.pk, "en", Said("Bob's"), 0, bob) == Stale(Said("Alice's"), 1, "Alice")
    assert phrasing.of(edition, "en").subject == "Alice's"
    assert phrasing.save(edition.pk, "en", Said("Alice's"), 0, bob) == Saved(1)
    assert phrasing.save(edition.pk, "en", Said("Bob's"), 1, bob) == Saved(2)


def test_an_intro_that_was_emptied_stays_empty_and_one_left_alone_follows_the_newsletter(edition):
    phrasing.save(edition.pk, "be", Said("Тэма", intro="Дзень добры."), 0, None)
    edition.newsletter.intros = {"be": "Вітаем."}
    edition.newsletter.save()
    assert phrasing.of(edition, "be").intro == "Вітаем."
    phrasing.save(edition.pk, "be", Said("Тэма", intro=""), 1, None)
    assert phrasing.of(edition, "be").intro == ""


def test_a_discreet_letter_says_no_more_than_it_did(edition):
    intro = "Good [morning](https://example.com/a).\n\nOffice news is five today.\n\nWrite to news@example.org."
    phrasing.save(edition.pk, "en", Said("Rivers", "Beside", intro, "Bye."), 0, None)
    quiet = draft(edition, discreet=True)
    assert quiet.subject.startswith("Letter of ")
    assert (quiet.preheader, quiet.html) == ("", "")
    assert quiet.text.startswith("Good morning.\n")
    for word in ("Office", "five", "example.org", "example.com", "Rivers"):
        assert word not in quiet.text, word
    assert "Bye." in quiet.text
    edition.newsletter.discreet_pictures = True
    assert "example" not in draft(edition, discreet=True).html


def test_readers_with_a_rhythm_of_their_own_get_the_newsletters_words(edition):
    own = Edition(newsletter=edition.newsletter, slot="own:2026-11-23T08:00:00", due_at=timezone.now())
    assert phrasing.of(own, "be") == Said(intro="Дзень добры.")


def test_an_intro_in_a_language_from_right_to_left_runs_so(imagine):
    made = imagine({"title": "النهر"}, language="ar", languages=("ar",), intros={"ar": "صباح *الخير*"})
    assert '<div class="article" dir="rtl" lang="ar">' in made.html
    assert "صباح <em>الخير</em>" in made.html
