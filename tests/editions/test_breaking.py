"""Breaking news leaves at once and by itself, and no digest brings it again."""

from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch.accounts.models import AuditEntry
from dispatch.articles.models import Article
from dispatch.delivery import ledger
from dispatch.delivery.models import Chunk
from dispatch.editions import breaking, lateness, planning, rendering
from dispatch.editions.breaking import Announced
from dispatch.editions.models import Edition, EditionStory, Variant

pytestmark = pytest.mark.django_db
State = Edition.State


@pytest.fixture
def office():
    return newsroom.newsletter(cadence="daily")


@pytest.fixture
def bob():
    return newsroom.person("approver", "Bob")


def plan(story):
    for article in story.articles.all():
        planning.plan(article)


def announce(story, office, bob):
    return breaking.announce(story.pk, office, bob, "it happens now")


def test_a_story_leaves_its_digest_and_goes_by_itself(office, bob):
    fire, market = newsroom.story("en", "be"), newsroom.story("en")
    plan(fire)
    plan(market)
    digest = Edition.objects.get()
    assert announce(fire, office, bob) is Announced.DONE
    assert list(digest.stories.values_list("story", flat=True)) == [market.pk]
    alone = Edition.objects.exclude(pk=digest.pk).get()
    assert (alone.state, alone.is_urgent, alone.slot) == (State.DUE, True, f"breaking:{fire.pk}")
    rendering.render(alone.pk)
    alone.refresh_from_db()
    assert alone.state == State.RENDERED
    assert sorted(alone.variants.values_list("language", flat=True)) == ["be", "en"]
    assert AuditEntry.objects.get(act="story.breaking").reason == "it happens now"


def test_no_digest_brings_it_again_but_in_a_language_that_came_later(office, bob):
    fire = newsroom.story("en")
    announce(fire, office, bob)
    rendering.render(Edition.objects.get().pk)
    plan(fire)
    assert Edition.objects.count() == 1
    article = Article.objects.get()
    article.pk, article.language = None, "be"
    article.save()
    planning.plan(article)
    digest = Edition.objects.get(state=State.GATHERING)
    assert digest.stories.get().is_further


@pytest.fixture
def late(office):
    """A digest of two stories that was not sent at its moment."""
    fire, market = newsroom.story("en"), newsroom.story("en")
    plan(fire)
    plan(market)
    digest = Edition.objects.get()

    def found(*, is_rendered):
        if is_rendered:
            Edition.objects.update(state=State.DUE)
            rendering.render(digest.pk)
        Edition.objects.update(state=State.LATE, trouble=lateness.WORDS)
        return digest, fire, market

    return found


@pytest.mark.parametrize("is_rendered", [False, True])
def test_a_late_digest_that_an_editor_sends_afterwards_leaves_without_it(office, bob, late, is_rendered):
    newsroom.readers(office, en=2)
    digest, fire, market = late(is_rendered=is_rendered)
    assert breaking.possible(fire, type(office).objects.all()) == [office]
    assert announce(fire, office, bob) is Announced.DONE
    digest.refresh_from_db()
    assert (digest.state, list(digest.stories.values_list("story", flat=True))) == (State.LATE, [market.pk])
    assert lateness.send_now(digest.pk, bob, "it still matters")
    rendering.render(digest.pk)
    told = Variant.objects.filter(edition=digest).values_list("revisions__article__story", flat=True)
    assert set(told) == {market.pk}
    assert ledger.enlist(digest.pk).state != "draft"


def test_a_late_digest_that_brought_nothing_else_says_nothing(office, bob, late):
    digest, fire, market = late(is_rendered=True)
    digest.stories.filter(story=market).delete()
    announce(fire, office, bob)
    assert lateness.send_now(digest.pk, bob, "it still matters")
    rendering.render(digest.pk)
    digest.refresh_from_db()
    assert digest.state == State.EMPTY
    assert set(EditionStory.objects.values_list("edition__slot", flat=True)) == {breaking.slot(fire.pk)}


def test_what_was_to_break_and_is_late_itself_breaks_as_it_stands_now(office, bob):
    fire = newsroom.story("en")
    announce(fire, office, bob)
    rendering.render(Edition.objects.get().pk)
    Edition.objects.update(state=State.LATE, trouble=lateness.WORDS)
    assert announce(fire, office, bob) is Announced.DONE
    alone = Edition.objects.get()
    assert (alone.state, alone.trouble, alone.variants.count()) == (State.DUE, "", 0)
    rendering.render(alone.pk)
    assert alone.variants.count() == 1


def test_a_late_digest_that_an_editor_let_leave_is_about_to(office, bob, late):
    digest, fire, _ = late(is_rendered=True)
    assert lateness.send_now(digest.pk, bob, "it still matters")
    assert announce(fire, office, bob) is Announced.GONE
    assert digest.variants.count() == 1


def test_its_send_is_urgent_and_goes_to_the_digests_readers(office, bob):
    newsroom.readers(office, en=2, be=1)
    fire = newsroom.story("en")
    announce(fire, office, bob)
    edition = Edition.objects.get()
    rendering.render(edition.pk)
    send = ledger.enlist(edition.pk)
    assert send.is_urgent
    assert sum(len(chunk.recipients) for chunk in Chunk.objects.filter(send=send)) == 2


def test_it_is_refused_where_it_cannot_be(office, bob):
    arabic = newsroom.newsletter("arabic", languages=["ar"], cadence="daily")
    fire = newsroom.story("en")
    assert announce(fire, arabic, bob) is Announced.UNSPOKEN
    fire.embargo_until = timezone.now() + timedelta(hours=1)
    fire.save()
    assert announce(fire, office, bob) is Announced.EMBARGO
    assert not Edition.objects.exists()


def test_what_has_left_is_not_mailed_again(office, bob):
    fire = newsroom.story("en")
    assert announce(fire, office, bob) is Announced.DONE
    assert announce(fire, office, bob) is Announced.GONE
    rendering.render(Edition.objects.get().pk)
    assert announce(fire, office, bob) is Announced.GONE
    assert EditionStory.objects.count() == 1


def test_a_story_that_was_taken_back_before_it_was_rendered_stays_in(office, bob):
    fire = newsroom.story("en")
    announce(fire, office, bob)
    Article.objects.update(state="withdrawn")
    planning.withdraw(Article.objects.get())
    assert Edition.objects.get().state == State.WITHDRAWN


def test_only_newsletters_that_gather_and_have_not_brought_it_are_offered(office, bob):
    from dispatch.audience.models import Newsletter

    newsroom.newsletter("at-once", cadence="each")
    newsroom.newsletter("arabic", languages=["ar"], cadence="daily")
    weekly = newsroom.newsletter("weekly", cadence="weekly")
    fire = newsroom.story("en")
    assert breaking.possible(fire, Newsletter.objects.all()) == [office, weekly]
    announce(fire, office, bob)
    assert breaking.possible(fire, Newsletter.objects.all()) == [weekly]
