"""A post's moment passes: it waits for a person, who sends it now, moves it or drops it; nothing is fired in a burst."""

import threading
from datetime import UTC, datetime, time, timedelta

import newsroom
import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from dispatch.accounts import stopping
from dispatch.accounts.models import AuditEntry, Stop
from dispatch.outcomes import Deferred, Sent, Unknown
from dispatch.social import abreast, acts, lateness, publishing, releasing, timing
from dispatch.social.models import Attempt, Post, Slot
from dispatch.social.releasing import Decided

pytestmark = pytest.mark.django_db
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def channel(fake):
    return newsroom.channel("fake", "fake")


@pytest.fixture
def waiting(channel):
    """waiting(late=…, placed=…) makes a post that was due so long ago."""

    def make(late=timedelta(0), **fields):
        values = {"state": "scheduled", "due_at": timezone.now() - late} | fields
        return newsroom.post(on=channel, about=newsroom.story("en"), **values)

    return make


def state(post):
    post.refresh_from_db()
    return post.state


@pytest.mark.parametrize(
    ("late", "placed", "expected"),
    [
        (9 * MINUTE, True, "sent"),
        (11 * MINUTE, True, "late"),
        (55 * MINUTE, False, "sent"),
        (65 * MINUTE, False, "late"),
    ],
)
def test_what_was_planned_for_its_moment_is_late_sooner_than_what_a_story_brought(
    waiting, fake, late, placed, expected
):
    post = waiting(late, placed=placed)
    lateness.put_by()
    abreast.publish_due(post.pk)
    assert state(post) == expected
    assert len(fake.out) == (expected == "sent")


def test_the_newsroom_says_how_late_is_late(waiting, settings):
    settings.SOCIAL = {"late_planned": 60, "late_brought": 120}
    post = waiting(90 * timedelta(seconds=1), placed=True)
    assert lateness.put_by() == 1
    assert state(post) == "late"


def test_what_is_late_is_never_claimed_even_before_it_is_put_by(waiting, fake):
    post = waiting(HOUR, placed=True)
    assert abreast.publish_due(post.pk) == 0
    assert publishing.due_posts() == []
    assert (state(post), fake.out) == ("scheduled", {})


def test_what_a_stop_held_is_late_when_it_is_lifted(waiting, channel, fake):
    post = waiting(HOUR, placed=True)
    pulled = stopping.stop(Stop.Scope.CHANNEL, channel.pk, None, "wait")
    lateness.put_by()
    stopping.lift(pulled.pk, None, "go on")
    abreast.publish_due(post.pk)
    assert (state(post), fake.out) == ("late", {})


def test_a_post_under_embargo_is_late_only_when_that_is_long_over(waiting):
    post = waiting(5 * HOUR, placed=True)
    post.story.embargo_until = timezone.now() - MINUTE
    post.story.save()
    assert lateness.put_by() == 0
    post.story.embargo_until = timezone.now() - HOUR
    post.story.save()
    assert lateness.put_by() == 1


def test_a_thread_behind_a_part_that_was_put_off_is_not_late(waiting, fake):
    first = waiting(HOUR, state="sent", remote_id="1", sent_at=timezone.now())
    said = {"channel": first.channel, "story": first.story, "article": first.article, "language": "en"}
    part = Post.objects.create(follows=first, place=1, text="more", due_at=first.due_at, placed=True, **said)
    lateness.put_by()
    abreast.publish_due(part.pk)
    assert state(part) == "sent"


def test_late_posts_sent_now_go_one_a_minute(waiting, channel):
    alice = newsroom.person("editor")
    posts = [waiting(n * HOUR, placed=True) for n in (1, 3, 2)]
    planned = waiting(due_at=timezone.now() + 70 * timedelta(seconds=1), placed=True)
    lateness.put_by()
    begins = timing.minute(timezone.now())
    assert releasing.send_now([post.pk for post in posts], alice, "they still matter") == Decided(3, 0)
    moments = dict(Post.objects.filter(state="scheduled").values_list("pk", "due_at"))
    minutes = {pk: timing.minute(moment) for pk, moment in moments.items()}
    assert len(set(minutes.values())) == 4, "one of each minute, the planned one's too"
    assert minutes[posts[1].pk] == min(minutes.values()), "the longest waits no longer"
    assert max(minutes.values()) <= begins + 4 * MINUTE
    assert minutes[planned.pk] == timing.minute(planned.due_at)
    assert AuditEntry.objects.filter(act="post.schedule", reason__contains="they still matter").count() == 3


def test_late_posts_move_to_free_slots_or_stay_where_there_is_none(waiting, channel):
    alice = newsroom.person("editor")
    posts = [waiting(n * HOUR, placed=True) for n in (1, 2)]
    lateness.put_by()
    assert releasing.move([post.pk for post in posts], alice, "later") == Decided(0, 2)
    Slot.objects.create(channel=channel, weekday=2, at=time(12))
    assert releasing.move([post.pk for post in posts], alice, "later") == Decided(2, 0)
    late, longest = (Post.objects.get(pk=post.pk).due_at for post in posts)
    assert late - longest == timedelta(days=7)


def test_a_dropped_late_post_stays_in_and_deciding_twice_changes_nothing(waiting):
    alice, post = newsroom.person("editor"), waiting(HOUR, placed=True)
    lateness.put_by()
    assert releasing.drop([post.pk], alice, "it is over") == Decided(1, 0)
    assert releasing.send_now([post.pk], alice, "no, now") == Decided(0, 1)
    assert state(post) == "dropped"


QUIET = {"zone": "Europe/Vilnius", "quiet_from": time(22), "quiet_to": time(7)}
EVENING, MORNING = datetime(2026, 11, 25, 19, 55, tzinfo=UTC), datetime(2026, 11, 26, 5, 0, tzinfo=UTC)


@pytest.mark.parametrize(("placed", "due"), [(False, EVENING), (True, EVENING)])
def test_a_deferral_does_not_push_a_post_into_quiet_hours(fake, placed, due):
    channel = newsroom.channel("fake", "fake", **QUIET)
    post = newsroom.post(on=channel, about=newsroom.story("en"), state="scheduled", due_at=due, placed=placed)
    outcome = Deferred(until=EVENING + 30 * MINUTE, reason="patience")
    attempt = Attempt.objects.create(post=post, number=1, key="k", started_at=timezone.now())
    with time_machine.travel(EVENING, tick=False):
        Attempt.objects.update(started_at=EVENING)
        Post.objects.update(state="claimed")
        assert publishing.settle(post, attempt, outcome)
    post.refresh_from_db()
    assert (post.state, post.due_at) == ("deferred", MORNING)


def test_what_an_editor_put_into_quiet_hours_stays_there(fake):
    channel = newsroom.channel("fake", "fake", **QUIET)
    night = EVENING + HOUR
    post = newsroom.post(on=channel, about=newsroom.story("en"), state="claimed", due_at=night, placed=True)
    attempt = Attempt.objects.create(post=post, number=1, key="k", started_at=night)
    with time_machine.travel(night, tick=False):
        assert publishing.settle(post, attempt, Deferred(until=night + 30 * MINUTE, reason="patience"))
    post.refresh_from_db()
    assert post.due_at == night + 30 * MINUTE


def test_what_a_story_brought_is_not_begun_in_quiet_hours_but_post_now_is(fake, waiting, channel):
    now = timezone.localtime()
    channel.zone, channel.quiet_from, channel.quiet_to = "Europe/Vilnius", now.time(), (now + 2 * HOUR).time()
    channel.save()
    brought = waiting(MINUTE)
    publishing.publish(brought.pk)
    assert state(brought) == "deferred"
    assert timing.at(brought.pk, timezone.now(), None) is timing.Placed.DONE
    publishing.publish(brought.pk)
    assert state(brought) == "sent"


def test_two_attempts_by_itself_and_two_anew_for_a_person(waiting, fake):
    post = waiting(attempts_made=2)
    assert abreast.publish_due(post.pk) == 0
    assert acts.retry(post.pk, None, "once more") is False, "it waits: nobody has to"
    assert timing.at(post.pk, timezone.now(), None) is timing.Placed.DONE
    fake.answer = lambda draft: Unknown(reason="no answer")
    publishing.publish(post.pk)
    assert state(post) == "unknown"
    assert timing.at(post.pk, timezone.now(), None) is timing.Placed.TOO_LATE, "first somebody looks whether it is out"


def test_a_doorbell_in_vain_takes_the_next_and_goes_on_in_their_order(waiting, fake):
    posts = [waiting(n * MINUTE) for n in (2, 5, 1)]
    waiting(due_at=timezone.now() + HOUR)
    assert abreast.publish_due(0) == 3
    first, second, third = (draft.text for draft in fake.out.values())
    assert [first, second, third] == [posts[1].text, posts[0].text, posts[2].text]


def test_a_claim_reads_the_same_as_the_rows(waiting):
    claimed, attempt = publishing._claim(waiting().pk)
    kept = Post.objects.select_related("channel", "article__current").get(pk=claimed.pk)
    for name in ("text", "link", "language", "settings", "state", "due_at", "placed", "attempts_made", "token"):
        assert getattr(claimed, name) == getattr(kept, name), name
    for name in ("slug", "network", "server", "account", "limits", "settings", "zone", "quiet_from"):
        assert getattr(claimed.channel, name) == getattr(kept.channel, name), name
    assert bytes(claimed.channel.credentials) == bytes(kept.channel.credentials)
    assert claimed.article.current.title == kept.article.current.title
    assert Attempt.objects.get() == attempt


def test_a_due_post_nobody_was_told_of_is_overdue(waiting):
    waiting(timedelta(seconds=1))
    assert publishing.is_overdue(0.4)
    assert not publishing.is_overdue(30)


@pytest.mark.django_db(transaction=True)
def test_workers_that_come_in_vain_share_what_is_due_and_publish_each_once(waiting, fake):
    told = []
    fake.answer = lambda draft: told.append(draft.text) or Sent(remote_id=draft.key)
    posts = [waiting(timedelta(seconds=n), text=f"post {n}") for n in range(1, 25)]

    def work():
        while abreast.publish_due(posts[0].pk):
            pass
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == sorted(post.text for post in posts)
    assert set(Post.objects.values_list("state", "attempts_made")) == {("sent", 1)}
