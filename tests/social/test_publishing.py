"""A post's life: planned once, claimed once, every outcome kept, unknown never repeated blindly."""

from datetime import timedelta

import connected
import pytest
from django.utils import timezone

from dispatch.accounts import stopping
from dispatch.accounts.models import Stop
from dispatch.outcomes import Deferred, Refused, Sent, Unknown
from dispatch.social import acts, channels, freezing, media, networks, planning, publishing, resolving, timing
from dispatch.social.models import Attempt, Channel, Post
from dispatch.social.networks.base import Picture

pytestmark = pytest.mark.django_db


@pytest.fixture
def fake(fake):
    channels.connect("fake", name="Fake", network="fake", credentials={})
    return fake


@pytest.fixture
def post(fake, make_article):
    planning.plan(make_article())
    return Post.objects.get()


def state(post):
    post.refresh_from_db()
    return post.state


def test_a_story_is_posted_once_on_each_network(standins, connect, make_article):
    for name in connected.NETWORKS:
        connect(name)
    article = make_article()
    for _ in range(3):
        planning.plan(article)
    for post in Post.objects.all():
        publishing.publish(post.pk)
        publishing.publish(post.pk)
    assert {name: len(standins.store.posts(name)) for name in connected.NETWORKS} == dict.fromkeys(
        connected.NETWORKS, 1
    )
    assert set(Post.objects.values_list("state", flat=True)) == {"sent"}


def test_a_channel_takes_only_its_languages_and_topics(fake, make_article):
    Channel.objects.update(languages=["be"])
    planning.plan(make_article(language="en"))
    assert not Post.objects.exists()


def test_members_articles_are_never_posted(fake, make_article):
    planning.plan(make_article(visibility="members"))
    planning.plan(make_article(visibility="email_only"))
    assert not Post.objects.exists()


def test_an_unsent_post_follows_a_revision_and_an_edited_one_does_not(post):
    article = post.article
    article.current.title = "A new title"
    article.current.save()
    planning.plan(article)
    post.refresh_from_db()
    assert post.text.startswith("A new title")
    Post.objects.update(edited=True, text="By hand")
    planning.plan(article)
    post.refresh_from_db()
    assert post.text == "By hand"


def test_the_attempt_is_written_before_the_call(post, fake):
    seen = []
    fake.answer = lambda draft: seen.append(Attempt.objects.get().outcome) or Sent(remote_id="1")
    publishing.publish(post.pk)
    assert seen == [""]
    assert Attempt.objects.get().outcome == "sent"


def test_429_waits_in_a_row_and_is_tried_again(post, fake):
    fake.answer = lambda draft: Deferred(until=timezone.now() + timedelta(hours=1), reason="patience")
    publishing.publish(post.pk)
    assert state(post) == "deferred"
    assert publishing.due_posts() == []
    Post.objects.update(due_at=timezone.now(), rung_at=None)
    fake.answer = None
    assert publishing.due_posts() == [post.pk]
    publishing.publish(post.pk)
    assert state(post) == "sent"


def test_a_refusal_keeps_the_networks_words_and_can_be_tried_again(post, fake):
    fake.answer = lambda draft: Refused(reason="account suspended", code="403")
    publishing.publish(post.pk)
    post.refresh_from_db()
    assert (post.state, post.trouble) == ("refused", "account suspended 403")
    fake.answer = None
    assert acts.retry(post.pk, None, "unsuspended")
    publishing.publish(post.pk)
    assert state(post) == "sent"


def test_a_dead_worker_leaves_an_unknown_post(post, fake):
    publishing._begin(*publishing._claim(post.pk), {})
    Post.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert publishing.expire_claims() == 1
    assert state(post) == "unknown"
    publishing.publish(post.pk)
    assert fake.out == {}


def test_a_worker_that_dies_before_the_call_leaves_a_post_that_waits(post, fake):
    claimed = publishing._claim(post.pk)
    Post.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert publishing.expire_claims() == 1
    assert state(post) == "deferred"
    assert not publishing._begin(*claimed, {}), "it was not dead, only slow: the post is no longer its own"
    Post.objects.update(due_at=timezone.now())
    publishing.publish(post.pk)
    assert state(post) == "sent"


def test_what_was_put_there_is_stored_before_the_call_and_kept_for_the_next_attempt(post, fake, monkeypatch):
    puts, seen = [], []
    monkeypatch.setattr(fake, "prepare", lambda draft, account: puts.append(draft.key) or {"container": "7"})
    fake.answer = lambda draft: (
        seen.append((Attempt.objects.latest("number").prepared, draft.prepared))
        or Deferred(until=timezone.now(), reason="patience")
    )
    publishing.publish(post.pk)
    publishing.publish(post.pk)
    assert seen == [({"container": "7"}, {"container": "7"})] * 2
    assert len(puts) == 1


def test_a_repeat_says_the_same_though_a_card_could_be_fetched_by_now(connect, make_article, standins, monkeypatch):
    cards = [None, Picture(kind="image/jpeg", width=1, height=1, content=b"jpeg")]
    monkeypatch.setattr(media, "card_of", lambda attempt, limits: cards.pop(0))
    connect("bluesky")
    planning.plan(make_article())
    post = Post.objects.get()
    standins.faults["bluesky"].append(("drop_after", 0))
    publishing.publish(post.pk)
    assert state(post) == "unknown"
    Post.objects.update(state="scheduled", due_at=timezone.now())
    publishing.publish(post.pk)
    assert state(post) == "sent"
    assert len(cards) == 1


def test_nothing_is_published_when_stop_is_pulled_while_pictures_are_put_there(post, fake, monkeypatch):
    def prepare(draft, account):
        stopping.stop(Stop.Scope.CHANNEL, post.channel_id, None, "wait")
        return {"container": "7"}

    monkeypatch.setattr(fake, "prepare", prepare)
    publishing.publish(post.pk)
    assert fake.out == {}
    assert state(post) == "deferred"


def make_looks_due():
    Attempt.objects.update(
        finished_at=timezone.now() - timedelta(minutes=11), started_at=timezone.now() - timedelta(minutes=11)
    )


@pytest.mark.parametrize("fault", ["drop_before", "drop_after", "fail_before", "fail_after"])
@pytest.mark.parametrize("name", connected.NETWORKS)
def test_an_unknown_post_is_settled_by_looking_and_is_never_doubled(name, fault, standins, connect, make_article):
    connect(name)
    planning.plan(make_article())
    post = Post.objects.get()
    standins.faults[name].append((fault, 0))
    publishing.publish(post.pk)
    assert state(post) == "unknown"
    for _ in range(4):
        make_looks_due()
        for number in resolving.due():
            resolving.resolve(number)
        publishing.publish(post.pk)
    out = len(standins.store.posts(name))
    replays = networks.get(name).replays(freezing.draft(post.attempts.latest("number")))
    expected = out == 1 if replays or fault.endswith("after") else out == 0
    assert expected
    assert state(post) == ("unknown" if name in connected.BLIND or out == 0 else "sent")


def test_an_editor_settles_what_nobody_can_know(post, fake):
    fake.answer = lambda draft: Unknown(reason="no answer")
    publishing.publish(post.pk)
    assert acts.settle(post.pk, None, "I see it", went_out=True)
    assert state(post) == "sent"


def test_stop_holds_a_channel_and_late_posts_are_not_fired(post, fake):
    pulled = stopping.stop(Stop.Scope.CHANNEL, post.channel_id, None, "wait")
    publishing.publish(post.pk)
    assert state(post) == "scheduled"
    Post.objects.update(due_at=timezone.now() - timedelta(hours=7))
    stopping.lift(pulled.pk, None, "go on")
    publishing.publish(post.pk)
    assert state(post) == "late"
    assert fake.out == {}


def test_withdrawing_the_article_withdraws_the_post(post, fake):
    planning.withdraw(post.article)
    publishing.publish(post.pk)
    assert state(post) == "withdrawn"
    assert fake.out == {}


def test_a_dropped_post_stays_in(post, fake):
    assert acts.drop(post.pk, None, "not for this channel")
    publishing.publish(post.pk)
    assert state(post) == "dropped"


def put_off(post, *, days):
    """As if all of this had happened earlier, and it were due again."""
    for attempt in post.attempts.all():
        attempt.started_at -= timedelta(days=days)
        attempt.save()
    Post.objects.update(due_at=timezone.now(), rung_at=None)
    Post.objects.exclude(asked_at=None).update(asked_at=timezone.now() - timedelta(days=days))


def test_a_network_that_says_later_for_a_day_has_said_no(post, fake):
    fake.answer = lambda draft: Deferred(until=timezone.now(), reason="patience")
    publishing.publish(post.pk)
    put_off(post, days=2)
    publishing.publish(post.pk)
    post.refresh_from_db()
    assert (post.state, post.trouble) == ("refused", "the network said later for a day: patience")


@pytest.mark.parametrize("again", ["retried", "placed"])
def test_the_day_counts_from_when_somebody_asked_again(post, fake, again):
    fake.answer = lambda draft: Refused(reason="account suspended", code="403")
    publishing.publish(post.pk)
    put_off(post, days=2)
    if again == "retried":
        assert acts.retry(post.pk, None, "unsuspended")
    else:
        timing.at(post.pk, timezone.now(), None)
    fake.answer = lambda draft: Deferred(until=None, reason="patience")
    publishing.publish(post.pk)
    post.refresh_from_db()
    assert (post.state, post.trouble) == ("deferred", "patience")
    assert post.due_at < timezone.now() + timedelta(minutes=2), "the first wait is the shortest, again"


def test_the_day_counts_from_when_the_channel_was_reconnected(post, fake):
    fake.answer = lambda draft: Deferred(until=timezone.now(), reason="patience")
    publishing.publish(post.pk)
    put_off(post, days=2)
    Post.objects.update(asked_at=timezone.now())
    publishing.publish(post.pk)
    assert state(post) == "deferred"
