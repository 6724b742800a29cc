"""A post is moved by somebody who sees where it stood."""

from datetime import UTC, datetime, time, timedelta

import newsroom
import pytest
import time_machine

from dispatch.accounts.models import AuditEntry
from dispatch.social import moving
from dispatch.social.models import Post, Slot
from dispatch.social.moving import Kept, Seen
from dispatch.social.timing import Placed

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
NOON = MONDAY + timedelta(hours=2)


@pytest.fixture
def post():
    with time_machine.travel(MONDAY, tick=False):
        channel = newsroom.channel("masto", "fake", zone="Europe/Vilnius", quiet_from=time(22), quiet_to=time(7))
        Slot.objects.create(channel=channel, weekday=1, at=time(12))
        yield newsroom.post(on=channel, about=newsroom.story("en"), state="scheduled", due_at=NOON)


def seen(post):
    return Seen(post.state, post.due_at)


def stands(post):
    post.refresh_from_db()
    return post.state, post.due_at


def test_it_goes_where_it_was_dropped(post):
    assert moving.move(post.pk, NOON + timedelta(hours=3), seen(post), None) is Placed.DONE
    assert stands(post) == ("scheduled", NOON + timedelta(hours=3))
    assert AuditEntry.objects.get().act == "post.schedule"


def test_alice_does_not_move_what_bob_moved_a_moment_ago(post):
    as_alice_saw_it = seen(post)
    assert moving.move(post.pk, NOON + timedelta(hours=1), as_alice_saw_it, None) is Placed.DONE
    assert moving.move(post.pk, NOON + timedelta(hours=2), as_alice_saw_it, None) is Kept.CHANGED
    assert stands(post) == ("scheduled", NOON + timedelta(hours=1))


@pytest.mark.parametrize("state", ["sent", "claimed", "dropped", "draft"])
def test_what_changed_its_state_meanwhile_stays(post, state):
    as_seen = seen(post)
    Post.objects.update(state=state)
    assert moving.move(post.pk, NOON + timedelta(hours=1), as_seen, None) is Kept.CHANGED
    assert stands(post) == (state, NOON)


def test_into_quiet_hours_only_on_purpose(post):
    night = MONDAY + timedelta(hours=13)
    assert moving.move(post.pk, night, seen(post), None) is Kept.QUIET
    assert stands(post) == ("scheduled", NOON)
    assert moving.move(post.pk, night, seen(post), None, may_be_quiet=True) is Placed.DONE


def test_a_free_slot_is_taken_once(post):
    slot = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
    other = newsroom.post(on=post.channel, about=newsroom.story("en"), state="scheduled", due_at=NOON)
    assert moving.move(post.pk, slot, seen(post), None, into_slot=True) is Placed.DONE
    assert moving.move(other.pk, slot, seen(other), None, into_slot=True) is Kept.TAKEN
    assert moving.move(other.pk, slot + timedelta(hours=1), seen(other), None, into_slot=True) is Kept.TAKEN
    assert moving.move(other.pk, slot, seen(other), None) is Placed.DONE


def test_nothing_is_moved_before_its_embargo_ends_or_into_the_past(post):
    post.story.embargo_until = NOON - timedelta(minutes=30)
    post.story.save()
    assert moving.move(post.pk, NOON - timedelta(hours=1), seen(post), None) is Placed.EMBARGO
    assert moving.move(post.pk, MONDAY - timedelta(hours=1), seen(post), None) is Placed.PAST
    assert stands(post) == ("scheduled", NOON)


def test_a_draft_and_the_drafts_of_its_thread_stay_drafts(post):
    said = {"channel": post.channel, "story": post.story, "article": post.article, "language": "en", "text": "more"}
    part = Post.objects.create(follows=post, place=1, due_at=NOON, state="draft", **said)
    Post.objects.update(state="draft")
    post.refresh_from_db()
    assert moving.move(post.pk, NOON + timedelta(days=1), seen(post), None) is Placed.DONE
    assert stands(post) == stands(part) == ("draft", NOON + timedelta(days=1))


def test_what_is_not_there_is_not_moved(post):
    assert moving.move(post.pk + 1, NOON, seen(post), None) is Kept.CHANGED
