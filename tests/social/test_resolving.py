"""An unknown post is looked for at its moments, then waits for an editor; late and doubled workers change nothing."""

from datetime import timedelta

import pytest
from django.utils import timezone

from dispatch.accounts.models import AuditEntry
from dispatch.outcomes import Deferred, Refused, Sent, Unknown
from dispatch.social import acts, channels, planning, publishing, resolving
from dispatch.social.models import Attempt, Post

pytestmark = pytest.mark.django_db


@pytest.fixture
def fake(fake, monkeypatch):
    fake.answer = lambda draft: Unknown(reason="no answer")
    monkeypatch.setattr(fake, "replays", lambda draft: True)
    channels.connect("fake", name="Fake", network="fake", credentials={})
    return fake


@pytest.fixture
def unknown(fake, make_article):
    """A post whose only attempt got no answer."""
    planning.plan(make_article())
    post = Post.objects.get()
    publishing.publish(post.pk)
    post.refresh_from_db()
    assert post.state == "unknown"
    return post


def let_pass(**time):
    earlier = timedelta(**time)
    for attempt in Attempt.objects.all():
        attempt.started_at -= earlier
        attempt.finished_at -= earlier
        attempt.save()


def test_nobody_looks_before_a_minute_has_passed(unknown):
    assert resolving.due() == []
    let_pass(seconds=61)
    assert resolving.due() == [unknown.pk]


def test_a_doorbell_rung_twice_looks_once(unknown):
    let_pass(seconds=61)
    resolving.resolve(unknown.pk)
    resolving.resolve(unknown.pk)
    assert Attempt.objects.get().evidence["looks"] == 1
    assert Attempt.objects.get().evidence["saw"] == "not there"


def test_after_three_looks_it_is_sent_once_more_and_never_a_third_time(unknown, fake):
    for _ in range(2):
        for _ in range(4):
            let_pass(minutes=11)
            resolving.resolve(unknown.pk)
        publishing.publish(unknown.pk)
    unknown.refresh_from_db()
    assert unknown.state == "unknown"
    assert list(unknown.attempts.values_list("key", flat=True).distinct()) == [Attempt.objects.first().key]
    assert unknown.attempts.count() == 2
    assert resolving.due() == []


def test_after_an_hour_nothing_is_sent_again_because_the_network_has_forgotten_the_key(unknown):
    let_pass(minutes=56)
    for _ in range(3):
        resolving.resolve(unknown.pk)
    unknown.refresh_from_db()
    assert unknown.state == "unknown"


def test_a_withdrawn_article_is_not_sent_again(unknown):
    unknown.article.state = "withdrawn"
    unknown.article.save()
    for _ in range(4):
        let_pass(minutes=11)
        resolving.resolve(unknown.pk)
    unknown.refresh_from_db()
    assert unknown.state == "unknown"


def test_an_answer_that_comes_after_the_lease_still_settles_the_post(fake, make_article):
    planning.plan(make_article())
    post, attempt = publishing._claim(Post.objects.get().pk)
    publishing._begin(post, attempt, {})
    Post.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    publishing.expire_claims()
    assert publishing.settle(post, attempt, Sent(remote_id="7"))
    assert Post.objects.get().state == "sent"


def test_a_worker_that_lost_its_claim_changes_only_its_attempt(fake, make_article):
    planning.plan(make_article())
    post, attempt = publishing._claim(Post.objects.get().pk)
    Post.objects.update(state="scheduled")
    publishing._claim(post.pk)
    assert not publishing.settle(post, attempt, Refused(reason="no"))
    assert Post.objects.get().state == "claimed"
    attempt.refresh_from_db()
    assert attempt.outcome == "refused"


def test_a_lost_doorbell_is_rung_again_after_five_seconds(fake, make_article):
    planning.plan(make_article())
    number = Post.objects.get().pk
    assert publishing.due_posts() == [number]
    assert publishing.due_posts() == []
    Post.objects.update(rung_at=timezone.now() - timedelta(seconds=6))
    assert publishing.due_posts() == [number]


def test_without_a_moment_from_the_network_the_pauses_grow(fake, make_article):
    planning.plan(make_article())
    fake.answer = lambda draft: Deferred(until=None, reason="cannot be reached")
    pauses = []
    for _ in range(3):
        Post.objects.update(due_at=timezone.now())
        publishing.publish(Post.objects.get().pk)
        pauses.append((Post.objects.get().due_at - timezone.now()).total_seconds())
    assert pauses == sorted(pauses)
    assert 40 < pauses[0] < 75


def test_a_network_that_says_later_for_a_day_has_said_no(fake, make_article):
    planning.plan(make_article())
    fake.answer = lambda draft: Deferred(until=timezone.now() + timedelta(minutes=1), reason="busy")
    publishing.publish(Post.objects.get().pk)
    let_pass(hours=25)
    Post.objects.update(due_at=timezone.now())
    publishing.publish(Post.objects.get().pk)
    post = Post.objects.get()
    assert (post.state, post.trouble) == ("refused", "the network said later for a day: busy")


def test_what_people_do_is_kept_with_its_reason(unknown):
    assert acts.settle(unknown.pk, None, "it is not on our page", went_out=False)
    assert acts.drop(unknown.pk, None, "too late now")
    assert not acts.retry(unknown.pk, None, "dropped posts stay dropped")
    kept = list(AuditEntry.objects.order_by("pk").values_list("act", "reason"))
    assert kept == [("post.did_not_go_out", "it is not on our page"), ("post.drop", "too late now")]
