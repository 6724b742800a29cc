"""After a restore nothing leaves by itself of what the backup believes is still to leave, the STOP lifted or not."""

from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch.accounts.models import AuditEntry
from dispatch.articles.models import Source
from dispatch.audience.models import Letter, Rhythm, Subscription
from dispatch.delivery import acts, ledger, ticks
from dispatch.delivery.models import Approval, Send
from dispatch.editions.models import Edition, Item
from dispatch.local import standing_still
from dispatch.social.models import Post

pytestmark = pytest.mark.django_db
AN_HOUR = timedelta(hours=1)


@pytest.fixture
def office():
    made = newsroom.newsletter(languages=["en"])
    newsroom.readers(made, en=3)
    newsroom.relay()
    return made


def rung():
    ticks.ring_chunks()
    return ledger.due_chunks()


def test_a_send_under_way_waits_for_a_person_and_goes_on_when_they_say_so(office):
    send = newsroom.send(office, newsroom.story("en"))
    assert standing_still.hold().sends == 1
    send.refresh_from_db()
    assert (send.state, send.is_held, send.trouble) == ("paused", True, standing_still.WHY)
    assert rung() == []
    assert AuditEntry.objects.filter(act="send.hold", target=f"send:{send.pk}").count() == 1
    assert acts.resume(send.pk, newsroom.person(), "It had not begun")
    send.refresh_from_db()
    assert send.state == "sending"


def test_what_a_second_person_is_asked_for_stands_still_once_they_agree(office):
    send = newsroom.send(office, newsroom.story("en"))
    Approval.objects.create(send=send, why="It is large.", then="sending", hash=b"h" * 32)
    Send.objects.filter(pk=send.pk).update(state="draft")
    assert standing_still.hold().sends == 1
    assert Approval.objects.get().then == "paused"


def test_an_edition_and_a_post_whose_moment_has_come_wait_and_later_ones_do_not(office):
    story, now = newsroom.story("en"), timezone.now()
    made = newsroom.edition(office, story)
    for due, state in ((now - AN_HOUR, "late"), (now + AN_HOUR, "rendered")):
        Edition.objects.filter(pk=made.pk).update(state="rendered", due_at=due)
        standing_still.hold()
        made.refresh_from_db()
        assert made.state == state
    channel = newsroom.channel()
    come = newsroom.post(channel, story, "scheduled", due_at=now - AN_HOUR)
    later = newsroom.post(channel, newsroom.story("en"), "deferred", due_at=now + AN_HOUR)
    assert standing_still.hold().posts == 1
    assert [Post.objects.get(pk=one.pk).state for one in (come, later)] == ["late", "deferred"]


def test_a_letter_that_was_asked_for_is_given_up_and_its_address_gone(office):
    now = timezone.now()
    letter = Letter.objects.create(
        kind="confirm", newsletter=office, language="en", address=b"sealed", address_index=b"i" * 32,
        handle=b"h" * 8, next_attempt_at=now, expires_at=now + AN_HOUR,
    )  # fmt: skip
    standing_still.hold()
    letter.refresh_from_db()
    assert (letter.state, letter.address) == ("unknown", None)


def test_what_was_published_before_is_no_news_to_a_poll():
    source = Source.objects.create(slug="feed", name="Feed", kind="feed", poll_url="https://example.org/feed")
    Source.objects.update(created_at=timezone.now() - 10 * AN_HOUR, poll_state={"etag": "a"})
    before = timezone.now()
    standing_still.hold()
    source.refresh_from_db()
    assert source.created_at >= before
    assert source.poll_state == {}


def test_a_letter_by_a_readers_own_rhythm_that_was_due_is_left_out_and_the_next_goes_on(office):
    now = timezone.now()
    for number in (1, 2):
        Item.objects.create(newsletter=office, story=newsroom.story("en"), number=number, arrived_at=now)
    due, later, _ = Subscription.objects.filter(newsletter=office)
    Rhythm.objects.create(subscription=due, since=0, told_to=0, due_at=now - AN_HOUR)
    Rhythm.objects.create(subscription=later, since=0, told_to=0, due_at=now + AN_HOUR)
    standing_still.hold()
    assert Rhythm.objects.get(subscription=due).told_to == 2
    assert Rhythm.objects.get(subscription=due).due_at is None
    assert Rhythm.objects.get(subscription=later).told_to == 0
