"""Several posts abreast in one worker: nobody waits for another channel's network, and none is told twice."""

import threading
from datetime import timedelta

import newsroom
import pytest
from django.db import OperationalError
from django.utils import timezone

from dispatch.accounts import stopping
from dispatch.accounts.models import Stop
from dispatch.outcomes import Deferred, Sent
from dispatch.social import abreast, claiming, publishing, statements
from dispatch.social.models import Attempt, Post

pytestmark = pytest.mark.django_db
PATIENCE = 20
"""Seconds that a network waits for what must come meanwhile; only a broken worker lets it wait so long."""


@pytest.fixture
def due(fake):
    """due("a", 3) makes posts "a 0" to "a 2" on the channel "a", due one after another."""

    def make(name, count=1, **fields):
        channel, now = newsroom.channel(name, "fake"), timezone.now()
        return [
            newsroom.post(
                on=channel,
                about=newsroom.story("en"),
                state="scheduled",
                text=f"{name} {number}",
                due_at=now - timedelta(seconds=count - number),
                **fields,
            )
            for number in range(count)
        ]

    return make


def states(posts):
    return [Post.objects.get(pk=post.pk).state for post in posts]


def test_a_network_that_hangs_holds_up_no_other_channel(due, fake):
    others_are_out, told = threading.Event(), []

    def answer(draft):
        told.append(draft.text)
        if draft.text == "slow 0":
            assert others_are_out.wait(PATIENCE)
        elif draft.text == "quick 29":
            others_are_out.set()
        return Sent(remote_id=draft.key)

    fake.answer = answer
    slow, quick = due("slow", 2), due("quick", 30)
    while abreast.publish_due(slow[0].pk):
        pass
    assert set(states(slow + quick)) == {"sent"}
    assert told.index("slow 1") > told.index("quick 29"), (
        "one of a channel at a time: it waits behind the one that hangs"
    )


def test_a_channels_posts_leave_in_their_order(due, fake):
    due("one", 9)
    due("other", 9)
    while abreast.publish_due(0):
        pass
    said = [draft.text for draft in fake.out.values()]
    for name in ("one", "other"):
        assert [text for text in said if text.startswith(name)] == [f"{name} {number}" for number in range(9)]


def test_each_attempt_is_written_as_begun_before_any_network_is_called(due, fake, monkeypatch):
    begun, begin_all = set(), publishing.begin_all

    def begin(wanted):
        numbers = begin_all(wanted)
        begun.update(attempt.key for post, attempt, _ in wanted if post.pk in numbers)
        return numbers

    monkeypatch.setattr(publishing, "begin_all", begin)
    early = []
    fake.answer = lambda draft: (draft.key in begun or early.append(draft.text), Sent(remote_id=draft.key))[1]
    for name in "abcde":
        due(name, 2)
    while abreast.publish_due(0):
        pass
    assert early == []
    assert len(fake.out) == 10
    assert not Attempt.objects.filter(called_at=None).exists()


def test_stop_between_claim_and_call_holds_its_channel_and_no_other(due, fake, monkeypatch):
    (held,), (free,) = due("held"), due("free")
    begin_all = publishing.begin_all

    def begin(wanted):
        stopping.stop(Stop.Scope.CHANNEL, held.channel_id, None, "wait")
        return begin_all(wanted)

    monkeypatch.setattr(publishing, "begin_all", begin)
    assert abreast.publish_due(held.pk) == 2
    assert states([held, free]) == ["deferred", "sent"]
    assert [draft.text for draft in fake.out.values()] == ["free 0"]
    assert held.attempts.get().called_at is None


def test_a_bug_that_one_post_meets_leaves_the_others(due, fake, caplog):
    def answer(draft):
        if draft.text == "bad 0":
            raise ZeroDivisionError
        return Sent(remote_id=draft.key)

    fake.answer = answer
    (bad,), (good,) = due("bad"), due("good")
    abreast.publish_due(0)
    assert states([bad, good]) == ["claimed", "sent"]
    assert "a post cannot be published" in caplog.text
    Post.objects.filter(pk=bad.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    publishing.expire_claims()
    assert states([bad]) == ["unknown"], "it was called, and nobody knows whether it is out"


def test_a_claim_that_nobody_went_on_with_waits_and_is_not_unknown(due, fake):
    posts = [*due("a"), *due("b")]
    assert len(claiming.claim(0, others=8)) == 2
    Post.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert publishing.expire_claims() == 2
    assert states(posts) == ["deferred", "deferred"]


@pytest.mark.django_db(transaction=True)
def test_words_that_the_database_cannot_read_cost_the_others_nothing(due, fake):
    fake.answer = lambda draft: (
        Deferred(until=timezone.now() + timedelta(hours=1), reason="\0") if "bad" in draft.text else Sent(remote_id="1")
    )
    (bad,), (good,) = due("bad"), due("good")
    abreast.publish_due(0)
    assert states([bad, good]) == ["claimed", "sent"]


@pytest.mark.django_db(transaction=True)
def test_an_answer_is_kept_while_the_database_is_away(due, fake, monkeypatch):
    posts, prepared, outages = [*due("a"), *due("b")], statements.prepared, [1, 1, 1]

    def away(name, **values):
        if name == "settle" and outages:
            outages.pop()
            raise OperationalError("the connection is lost")
        return prepared(name, **values)

    monkeypatch.setattr(statements, "prepared", away)
    with pytest.raises(OperationalError):
        abreast.publish_due(0)
    assert outages == []
    assert states(posts) == ["sent", "sent"]


def test_a_statement_for_several_tells_them_apart(due, fake):
    posts = [*due("a"), *due("b"), *due("c")]
    claimed = claiming.claim(0, others=8)
    Post.objects.filter(pk=posts[1].pk).update(token=7)
    mine = publishing.settle_all([(post, attempt, Sent(remote_id=post.text)) for post, attempt in claimed])
    assert mine == {posts[0].pk, posts[2].pk}, "the other's claim is someone else's by now"
    assert states(posts) == ["sent", "claimed", "sent"]
    assert list(Post.objects.order_by("pk").values_list("remote_id", flat=True)) == ["a 0", "", "c 0"]
    assert set(Attempt.objects.values_list("outcome", flat=True)) == {"sent"}
