"""What is not out stays in while its article may not be posted, and comes back as it was."""

from datetime import timedelta

import pytest
from django.utils import timezone

from dispatch.articles.models import Article
from dispatch.outcomes import Deferred, Refused, Sent
from dispatch.social import channels, correcting, planning, publishing, threads
from dispatch.social.models import Channel, Post

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel(fake):
    return channels.connect("fake", name="Fake", network="fake", credentials={}, languages=["be", "en"])


@pytest.fixture
def post(channel, make_article):
    planning.plan(make_article())
    return Post.objects.get()


def withdraw(article):
    Article.objects.filter(pk=article.pk).update(state="withdrawn", withdrawn_at=timezone.now())
    planning.withdraw(Article.objects.get(pk=article.pk))


def publish_again(article):
    Article.objects.filter(pk=article.pk).update(state="published", withdrawn_at=None)
    planning.plan(Article.objects.select_related("current", "story").get(pk=article.pk))


def say(article, visibility):
    Article.objects.filter(pk=article.pk).update(visibility=visibility)
    planning.plan(Article.objects.select_related("current", "story").get(pk=article.pk))


def put(post, state, *, hours=0.0, **fields):
    Post.objects.filter(pk=post.pk).update(state=state, due_at=timezone.now() + timedelta(hours=hours), **fields)
    post.refresh_from_db()


def seen(post):
    post.refresh_from_db()
    return post.state, post.due_at, post.trouble


@pytest.mark.parametrize(
    ("state", "trouble"), [("draft", ""), ("late", "its moment passed"), ("refused", "account suspended 403")]
)
def test_what_waited_for_a_person_waits_for_a_person_again(post, fake, state, trouble):
    put(post, state, trouble=trouble)
    before = seen(post)
    withdraw(post.article)
    assert seen(post)[0] == "withdrawn"
    publish_again(post.article)
    publishing.publish(post.pk)
    assert seen(post) == before
    assert fake.out == {}


def test_a_post_that_bob_placed_for_friday_comes_back_for_friday(post, fake):
    put(post, "scheduled", hours=100, placed=True)
    before = seen(post)
    withdraw(post.article)
    publish_again(post.article)
    publishing.publish(post.pk)
    assert seen(post) == before
    assert fake.out == {}


def test_a_placed_post_whose_moment_passed_meanwhile_is_listed_and_not_fired(post, fake):
    put(post, "scheduled", hours=-0.05, placed=True)
    withdraw(post.article)
    publish_again(post.article)
    publishing.publish(post.pk)
    assert seen(post)[0] == "late"
    assert fake.out == {}


def test_what_nobody_placed_goes_out_with_its_story(post, fake):
    put(post, "scheduled", hours=-30)
    withdraw(post.article)
    publish_again(post.article)
    publishing.publish(post.pk)
    assert seen(post)[0] == "sent"


def test_what_the_network_put_off_is_put_off_still(post):
    put(post, "deferred", hours=2, trouble="patience")
    before = seen(post)
    withdraw(post.article)
    publish_again(post.article)
    assert seen(post) == before


def test_a_thread_comes_back_part_by_part(post):
    put(post, "scheduled", hours=100, placed=True)
    part = Post.objects.create(
        channel=post.channel, story=post.story, article=post.article, place=1, follows=post, text="More", language="en",
        edited=True, due_at=post.due_at, state="draft",
    )  # fmt: skip
    withdraw(post.article)
    assert seen(part)[0] == "withdrawn"
    publish_again(post.article)
    assert (seen(post)[0], seen(part)[0]) == ("scheduled", "draft")


def test_what_was_withdrawn_before_anybody_kept_how_it_was_is_a_draft(post, fake):
    Post.objects.update(state="withdrawn", before=None)
    publish_again(post.article)
    assert seen(post)[0] == "draft"


def test_a_channel_that_was_removed_gets_nothing_back(post):
    withdraw(post.article)
    Channel.objects.update(active=False, removed_at=timezone.now())
    publish_again(post.article)
    assert seen(post)[0] == "withdrawn"


@pytest.mark.parametrize("visibility", ["members", "email_only"])
def test_a_scheduled_post_stays_in_once_its_article_is_not_for_everybody(post, fake, visibility):
    put(post, "scheduled", hours=1, placed=True)
    say(post.article, visibility)
    state, _, trouble = seen(post)
    assert state == "withdrawn"
    assert "members" in trouble if visibility == "members" else "mail" in trouble
    say(post.article, "public")
    assert seen(post)[0] == "scheduled"


def test_nothing_leaves_before_it_is_planned_that_its_article_is_for_members(post, fake):
    Article.objects.update(visibility="members")
    assert publishing.due_posts() == []
    publishing.publish(post.pk)
    assert fake.out == {}


def test_another_public_version_is_posted_instead(post, make_article):
    make_article("Чытальня", language="be", story=post.story)
    say(post.article, "members")
    post.refresh_from_db()
    assert (post.state, post.language) == ("scheduled", "be")


def test_what_alice_typed_is_kept_when_its_language_goes_and_another_stands(post, fake, make_article):
    make_article("Чытальня", language="be", story=post.story)
    put(post, "scheduled", hours=100, placed=True, edited=True, text="Alice wrote this", version=7)
    before = seen(post)
    withdraw(post.article)
    publishing.publish(post.pk)
    state, _, trouble = seen(post)
    assert (state, post.text, post.edited, post.version) == ("withdrawn", "Alice wrote this", True, 7)
    assert "another language" in trouble
    publish_again(post.article)
    assert seen(post) == before


def test_a_draft_in_the_templates_words_moves_to_the_language_that_stands_and_stays_a_draft(post, make_article):
    make_article("Чытальня", language="be", story=post.story)
    put(post, "draft", hours=5)
    withdraw(post.article)
    post.refresh_from_db()
    assert (post.state, post.language) == ("draft", "be")


def test_what_is_being_posted_as_its_article_is_taken_back_stays_in_if_the_network_says_later(post, fake):
    def answer(draft):
        withdraw(post.article)
        return Deferred(until=timezone.now(), reason="patience")

    fake.answer = answer
    publishing.publish(post.pk)
    assert seen(post)[0] == "withdrawn"
    fake.answer = None
    publishing.publish(post.pk)
    assert fake.out == {}
    publish_again(post.article)
    assert (seen(post)[0], post.trouble) == ("deferred", "patience")


def test_what_is_refused_as_its_article_is_taken_back_is_taken_back(post, fake):
    fake.answer = lambda draft: withdraw(post.article) or Refused(reason="no", code="403")
    publishing.publish(post.pk)
    assert seen(post)[0] == "withdrawn"
    publish_again(post.article)
    assert (seen(post)[0], post.trouble) == ("refused", "no 403")


def test_what_went_out_as_its_article_was_taken_back_is_known_to_be_out(post, fake):
    fake.answer = lambda draft: withdraw(post.article) or Sent(remote_id="1")
    publishing.publish(post.pk)
    assert seen(post)[0] == "sent"


def test_the_article_is_looked_at_once_more_before_the_call(post, fake, monkeypatch):
    monkeypatch.setattr(fake, "prepare", lambda draft, account: withdraw(post.article) or {})
    publishing.publish(post.pk)
    assert (seen(post)[0], fake.out) == ("withdrawn", {})


def test_a_correction_of_what_was_taken_back_goes_out(post, fake):
    publishing.publish(post.pk)
    withdraw(post.article)
    reply = correcting.reply(post.pk, None, "it was wrong", "We took this back.")
    planning.plan(post.article)
    planning.withdraw(post.article)
    publishing.publish(reply.pk)
    assert seen(reply)[0] == "sent"
    assert not threads.is_comment(reply)
