"""A revision of an old story makes nothing by itself; news does, and an editor may."""

from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch.articles import aging, embargo
from dispatch.articles.models import Article, Revision, Story
from dispatch.editions import planning as editions
from dispatch.editions.models import EditionStory, Item
from dispatch.social import adding, planning
from dispatch.social.models import Post

pytestmark = pytest.mark.django_db


@pytest.fixture
def article():
    """Of ten days ago."""
    one = newsroom.story("en").articles.select_related("story", "current").get()
    then = timezone.now() - timedelta(days=10)
    Revision.objects.update(received_at=then)
    Article.objects.update(published_at=then)
    one.refresh_from_db()
    return one


def revise(article):
    article.current = Revision.objects.create(
        article=article, number=2, updated_at=timezone.now(), title="A typo less", topics=["culture"], hash=b"n" * 32
    )
    article.save()


def test_a_typo_in_an_old_story_posts_it_nowhere_and_mails_it_to_nobody(article):
    channel, office = newsroom.channel("fake", "fake"), newsroom.newsletter()
    revise(article)
    planning.plan(article)
    editions.plan(article)
    assert not Post.objects.exists()
    assert not EditionStory.objects.filter(newsletter=office).exists()
    assert not Item.objects.exists()
    assert adding.begin(channel, article).state == "draft", "an editor may"


def test_what_an_old_story_has_waiting_follows_its_revision(article):
    post = newsroom.post(on=newsroom.channel("fake", "fake"), about=article.story, state="draft")
    revise(article)
    planning.plan(article)
    post.refresh_from_db()
    assert post.text.startswith("A typo less")


def test_news_under_an_old_date_is_news(article):
    Revision.objects.update(received_at=timezone.now())
    assert not aging.is_old(article)
    newsroom.channel("fake", "fake")
    planning.plan(article)
    assert Post.objects.get().state == "scheduled"


def test_a_story_is_news_when_its_embargo_ends_or_is_lifted(article):
    Story.objects.update(embargo_until=timezone.now() - timedelta(hours=1))
    article.story.refresh_from_db()
    assert not aging.is_old(article)
    embargo.place(article.story_id, None, newsroom.person(), "they agreed")
    article.story.refresh_from_db()
    assert not aging.is_old(article)


def test_the_newsroom_says_what_is_old(article, settings):
    assert aging.is_old(article)
    settings.OLD_STORY_DAYS = 11
    assert not aging.is_old(article)
    settings.OLD_STORY_DAYS = 0
    assert not aging.is_old(article)
