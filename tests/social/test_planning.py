"""Which language a channel's one post is in, and what it follows."""

import pytest

from dispatch.social import channels, planning, publishing
from dispatch.social.models import Attempt, Channel, Post

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel(db):
    return channels.connect("fake", name="Fake", network="fake", credentials={}, languages=["be", "ru", "en"])


@pytest.fixture
def versions(make_article):
    english = make_article(language="en")
    return english, make_article("Чытальня", language="be", story=english.story)


def test_the_channels_first_language_is_posted_whichever_version_is_planned_first(channel, versions):
    for article in versions:
        planning.plan(article)
    post = Post.objects.get()
    assert (post.language, post.article) == ("be", versions[1])


def test_an_unsent_post_moves_to_a_better_language_and_a_sent_one_does_not(channel, make_article):
    english = make_article(language="en")
    planning.plan(english)
    russian = make_article("Читальня", language="ru", story=english.story)
    planning.plan(russian)
    assert Post.objects.get().text.startswith("Читальня")
    publishing.publish(Post.objects.get().pk)
    planning.plan(make_article("Чытальня", language="be", story=english.story))
    assert Post.objects.get().language == "ru"


def test_when_one_language_is_withdrawn_another_is_posted(channel, versions):
    english, belarusian = versions
    planning.plan(english)
    belarusian.state = "withdrawn"
    belarusian.save()
    planning.withdraw(belarusian)
    post = Post.objects.get()
    assert (post.state, post.language) == ("scheduled", "en")


def test_a_channel_of_all_languages_keeps_to_the_version_that_came_first(channel, versions):
    Channel.objects.update(languages=[])
    for article in versions:
        planning.plan(article)
    assert Post.objects.get().language == "en"


def test_a_text_that_may_be_out_is_not_changed(channel, versions):
    english, belarusian = versions
    planning.plan(english)
    post = Post.objects.get()
    Attempt.objects.create(post=post, number=1, key="k", started_at=post.due_at, outcome="unknown")
    belarusian.current.title = "Новы загаловак"
    belarusian.current.save()
    planning.plan(belarusian)
    post.refresh_from_db()
    assert post.text.startswith("Чытальня")


def test_a_channel_that_is_off_gets_nothing(channel, versions):
    Channel.objects.update(active=False)
    planning.plan(versions[0])
    assert not Post.objects.exists()
