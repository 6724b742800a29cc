"""Every post of a story goes at once, whatever it is doing at that moment, and none comes again."""

from datetime import time, timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch.accounts.models import AuditEntry
from dispatch.outcomes import Deferred, Sent
from dispatch.social import acts, adding, changing, channels, planning, publishing, recurring, taking_back
from dispatch.social.models import Change, Post, Recurrence
from dispatch.social.networks.base import Unsupported

pytestmark = pytest.mark.django_db


@pytest.fixture
def fake(fake):
    channels.connect("fake", name="Fake", network="fake", credentials={})
    return fake


@pytest.fixture
def only_sends(fake, monkeypatch):
    """As Apprise does."""
    limits = fake.limits(None)
    monkeypatch.setattr(fake, "limits", lambda account: type(limits)(**{**vars(limits), "deletes": False}))
    monkeypatch.setattr(fake, "delete", lambda remote_id, account: Unsupported())
    return fake


@pytest.fixture
def post(fake, make_article):
    planning.plan(make_article())
    return Post.objects.get()


@pytest.fixture
def bob(db):
    return newsroom.person("editor", "Bob")


def state(row):
    row.refresh_from_db()
    return row.state


def do_all():
    for number in changing.due():
        changing.change(number)
    changing.void()


def test_what_is_being_posted_where_nothing_is_deleted_does_not_go_out_later(post, only_sends):
    claimed = publishing._claim(post.pk)
    told = taking_back.all_of(post.story_id, None, "the source is in danger")
    assert told.by_hand == (post,)
    publishing.settle(*claimed, Deferred(until=timezone.now(), reason="patience"))
    publishing.publish(post.pk)
    do_all()
    assert (state(post), only_sends.out) == ("dropped", {})
    assert not changing.failed().exists(), "there is nothing to do by hand"


def test_what_went_out_that_moment_where_nothing_is_deleted_is_for_a_person(post, only_sends):
    claimed = publishing._claim(post.pk)
    taking_back.all_of(post.story_id, None, "the source is in danger")
    publishing.settle(*claimed, Sent(remote_id="7"))
    do_all()
    (change,) = changing.failed()
    assert (change.post, change.trouble) == (post, changing.UNSUPPORTED)


def test_a_call_that_was_not_made_yet_is_not_made(post, fake, monkeypatch):
    def prepare(draft, account):
        taking_back.all_of(post.story_id, None, "the source is in danger")
        return {}

    monkeypatch.setattr(fake, "prepare", prepare)
    publishing.publish(post.pk)
    do_all()
    assert (state(post), fake.out) == ("dropped", {})


def again(post, bob):
    wish = recurring.Wish(every=1, unit="week", first=timezone.localdate() + timedelta(days=8), at=time(12))
    assert recurring.begin(post.pk, wish, bob, "each week") == []
    return Recurrence.objects.get()


def test_what_comes_round_again_ends_though_its_original_cannot_be_deleted(post, only_sends, bob):
    publishing.publish(post.pk)
    rule = again(post, bob)
    turn = rule.turns.get()
    taking_back.all_of(post.story_id, bob, "the source is in danger")
    do_all()
    recurring.plan_turns()
    assert (state(rule), state(turn), state(post)) == ("stopped", "dropped", "sent")
    assert Post.objects.filter(turn__gt=0).count() == 1


def test_no_further_turn_is_planned_while_the_original_waits_for_a_persons_hand(post, only_sends, bob):
    publishing.publish(post.pk)
    turn = again(post, bob).turns.get()
    taking_back.leave_to_hand(post)
    acts.drop(turn.pk, bob, "not this week")
    recurring.plan_turns()
    assert not Post.objects.filter(turn__gt=0).exclude(pk=turn.pk).exists()
    acts.settle_change(Change.objects.get().pk, bob, "it may stay", done=False)
    recurring.plan_turns()
    assert Post.objects.filter(turn__gt=0).count() == 2


def thread(post, *states):
    parts = [post]
    for place, one in enumerate(states, start=1):
        said = {"channel": post.channel, "story": post.story, "article": post.article, "language": "en", "edited": True}
        made = Post.objects.create(
            place=place, follows=parts[-1], text=f"Part {place}", state=one, due_at=post.due_at, **said
        )
        parts.append(made)
    return parts[1:]


def test_who_drops_the_first_part_drops_what_follows_it(post, bob):
    second, third = thread(post, "scheduled", "draft")
    assert acts.drop(post.pk, bob, "not for this channel")
    assert (state(second), state(third)) == ("dropped", "dropped")
    entries = AuditEntry.objects.filter(act="post.drop").values_list("target", flat=True)
    assert set(entries) == {f"post:{one.pk}" for one in (post, second, third)}


def test_who_drops_a_part_in_the_middle_keeps_those_before_it(post, bob):
    second, third = thread(post, "scheduled", "scheduled")
    acts.drop(second.pk, bob, "too long")
    assert (state(post), state(second), state(third)) == ("scheduled", "dropped", "dropped")


def test_begun_anew_the_whole_thread_is_a_draft(post, bob):
    (second,) = thread(post, "scheduled")
    acts.drop(post.pk, bob, "not for this channel")
    adding.begin(post.channel, post.article, bob)
    assert (state(post), state(second)) == ("draft", "draft")


def test_what_waits_for_a_part_that_was_deleted_stays_in(post, bob):
    publishing.publish(post.pk)
    (second,) = thread(post, "refused")
    acts.take_back(post.pk, bob, "wrong")
    do_all()
    assert (state(post), state(second)) == ("gone", "dropped")
