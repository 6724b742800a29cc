"""Parts of a thread go out one after the other, each once; none goes without the one before it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from dispatch import queue
from dispatch.outcomes import Deferred, Refused, Sent, Unknown
from dispatch.social import acts, channels, freezing, networks, planning, probing, publishing
from dispatch.social.models import Channel, Post
from dispatch.social.networks import naming

pytestmark = pytest.mark.django_db


@pytest.fixture
def fake(fake):
    channels.connect("fake", name="Fake", network="fake", credentials={})
    return fake


@pytest.fixture
def thread(fake, make_article):
    """Three parts, all due."""
    planning.plan(make_article())
    parts = [Post.objects.get()]
    for place in (1, 2):
        again = {"channel": parts[0].channel, "story": parts[0].story, "article": parts[0].article}
        said = {"text": f"Part {place}", "language": "en", "due_at": timezone.now()}
        parts.append(Post.objects.create(**again, **said, place=place, follows=parts[-1]))
    return parts


def publish_all(thread):
    for post in reversed(thread):
        publishing.publish(post.pk)


def states(thread):
    return [Post.objects.get(pk=post.pk).state for post in thread]


def test_a_part_waits_for_the_one_before_it_and_replies_to_it(thread, fake):
    publish_all(thread)
    assert states(thread) == ["sent", "scheduled", "scheduled"]
    publish_all(thread)
    publish_all(thread)
    assert states(thread) == ["sent"] * 3
    first, second, third = (Post.objects.get(pk=post.pk) for post in thread)
    replies = [fake.out[post.remote_id].reply_to for post in (first, second, third)]
    assert replies == ["", first.remote_id, second.remote_id]


def test_when_a_part_is_out_the_next_is_rung_at_once(thread, fake, monkeypatch, django_capture_on_commit_callbacks):
    rung = []
    monkeypatch.setattr(queue, "enqueue", lambda task, *ids: rung.append((task, *ids)))
    publishing.publish(thread[0].pk)
    assert rung == [("social.publish_post", thread[1].pk)]


def test_only_the_part_whose_turn_it_is_is_rung_by_the_clock(thread):
    assert publishing.due_posts() == [thread[0].pk]


@pytest.mark.parametrize(
    ("answer", "why"),
    [(Refused(reason="no"), "was refused"), (Unknown(reason="no answer"), "may or may not be out")],
)
def test_what_holds_the_first_part_up_is_said_of_the_next(thread, fake, answer, why):
    fake.answer = lambda draft: answer
    publish_all(thread)
    publish_all(thread)
    assert fake.out == {}
    held = Post.objects.select_related("follows").get(pk=thread[1].pk)
    assert held.risk == f"the part before it {why}"
    assert [risk.posts for risk in probing.risks()] == [(held,)]


def test_a_dropped_part_takes_what_follows_it_along(thread, fake):
    acts.drop(thread[0].pk, None, "not today")
    publish_all(thread)
    assert (states(thread), fake.out) == (["dropped"] * 3, {})


def test_a_part_that_was_found_out_there_without_its_name_holds_what_would_reply_to_it(thread, fake):
    fake.answer = lambda draft: Unknown(reason="no answer")
    publishing.publish(thread[0].pk)
    acts.settle(thread[0].pk, None, "I see it", went_out=True)
    fake.answer = None
    publish_all(thread)
    held = Post.objects.select_related("follows").get(pk=thread[1].pk)
    assert (held.state, held.waits) == ("scheduled", "the part before it is out, but nobody knows where")


def test_a_part_that_was_found_out_there_by_its_address_lets_the_next_go(thread, fake):
    fake.answer = lambda draft: Unknown(reason="no answer")
    publishing.publish(thread[0].pk)
    Channel.objects.update(network="telegram")
    acts.settle(thread[0].pk, None, "I see it", went_out=True, address="https://t.me/office/17")
    Channel.objects.update(network="fake")
    fake.answer = None
    publishing.publish(thread[1].pk)
    assert Post.objects.get(pk=thread[1].pk).state == "sent"
    (reply,) = fake.out.values()
    assert reply.reply_to == "17"


@pytest.mark.parametrize(
    ("network", "address", "name"),
    [
        ("x", "https://x.com/office/status/1346889436626259968?s=20", "1346889436626259968"),
        ("x", "https://x.com/i/web/status/17", "17"),
        ("mastodon", "https://social.example.org/@office/1140", "1140"),
        (
            "bluesky",
            "https://bsky.app/profile/office.example.org/post/3n2wrncp5dc2o",
            "at://office.example.org/app.bsky.feed.post/3n2wrncp5dc2o",
        ),
        ("telegram", "https://t.me/c/1001/5", "5"),
        ("telegram", "https://example.org/5", ""),
        ("fake", "https://fake.example/1", ""),
    ],
)
def test_an_address_says_what_the_network_calls_a_post(network, address, name):
    assert naming.name(network, address) == name


def test_each_part_has_attempts_of_its_own(thread, fake):
    answers = [Deferred(until=timezone.now(), reason="patience"), Sent(remote_id="1")]
    fake.answer = lambda draft: answers.pop(0) if answers else Sent(remote_id=draft.key)
    for _ in range(4):
        publish_all(thread)
    counts = [post.attempts.count() for post in thread]
    assert counts == [2, 1, 1]
    assert len(set(Post.objects.values_list("attempts__key", flat=True))) == 3


def test_a_part_that_waited_for_hours_is_not_fired_either(thread, fake):
    Post.objects.filter(place=1).update(due_at=timezone.now() - timedelta(hours=7))
    publish_all(thread)
    publish_all(thread)
    assert states(thread)[1] == "late"


def test_a_thread_goes_and_comes_back_with_its_article(thread, fake):
    planning.withdraw(thread[0].article)
    assert states(thread) == ["withdrawn"] * 3
    planning.plan(thread[0].article)
    assert states(thread) == ["scheduled"] * 3


def test_parts_in_one_language_do_not_follow_a_post_in_another(thread, fake, make_article):
    Channel.objects.update(languages=["be", "en"])
    planning.plan(make_article("Чытальня", language="be", story=thread[0].story))
    assert states(thread) == ["scheduled", "dropped", "dropped"]


def test_a_part_is_checked_as_a_part_before_the_first_is_out(thread, connect):
    x = connect("x")
    assert freezing.as_it_stands(thread[1]).reply_to
    account = channels.account(x)
    assert networks.get("x").check(freezing.as_it_stands(thread[1]), account) == ["threads cannot be posted here"]
