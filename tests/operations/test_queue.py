"""The operators' queue: each act asks why, says what it did, and says so too when the world had moved on."""

from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch.accounts import stopping
from dispatch.accounts.models import AuditEntry, Stop
from dispatch.delivery import sending
from dispatch.delivery.mailers.fake import Fake
from dispatch.outcomes import Deferred, Refused, Sent
from dispatch.social.models import Post

pytestmark = pytest.mark.django_db
QUEUE = "/operations/queue/"


@pytest.fixture
def alice(client):
    return newsroom.signed_in(client)


@pytest.fixture
def refused():
    """A post that its network did not take."""
    return newsroom.post(newsroom.channel(), newsroom.story("en"), Post.State.REFUSED, trouble="403")


@pytest.fixture
def send(settings, monkeypatch):
    """Ten readers: one deferred, one refused, the others have it."""
    from dispatch.delivery import relays

    office = newsroom.newsletter(languages=["en"])
    newsroom.readers(office, en=10)
    newsroom.relay()
    answers = iter(
        [Deferred(until=None, reason="greylisted", code="450 4.2.1"), Refused(reason="gone", code="550 5.1.1")]
    )
    monkeypatch.setattr(relays, "open_mailer", lambda relay: Fake(lambda message: next(answers, Sent())))
    one = newsroom.send(office, newsroom.story("en"))
    sending.send_chunk(one.pk, 1)
    return one


def said(client, path, **form):
    """What the page says after an act."""
    return client.post(path, form, follow=True).content.decode()


def test_rows_are_called_what_people_call_them(alice, send):
    page = alice.get(QUEUE).content.decode()
    assert "Office news" in page
    assert "A reading room opens beside the river" in page
    assert "450 4.2.1 (1)" in page
    assert "story:" not in page


def test_a_refused_post_is_dropped_and_the_reason_is_kept(alice, refused):
    assert "Dropped." in said(alice, f"{QUEUE}posts/{refused.pk}/drop", reason="It is old news")
    refused.refresh_from_db()
    assert refused.state == "dropped"
    entry = AuditEntry.objects.get(act="post.drop")
    assert (entry.target, entry.reason) == (f"post:{refused.pk}", "It is old news")


@pytest.mark.parametrize("reason", ["", "  ", "ab", "a" * 301])
def test_without_a_reason_nothing_happens(alice, refused, reason):
    assert "Nothing was changed" in said(alice, f"{QUEUE}posts/{refused.pk}/drop", reason=reason)
    refused.refresh_from_db()
    assert refused.state == "refused"
    assert not AuditEntry.objects.filter(act="post.drop").exists()


def test_an_act_that_comes_too_late_says_so(alice, refused):
    Post.objects.update(state="sent")
    assert "It had moved on; nothing was changed." in said(alice, f"{QUEUE}posts/{refused.pk}/retry", reason="again")


def test_readers_who_were_deferred_are_tried_again_and_counted(alice, send):
    words = said(alice, f"{QUEUE}mail/{send.pk}/deferred/retry", reason="the greylist is over")
    assert "1 reader tried again now." in words
    assert "Nobody was in that state any more" in said(alice, f"{QUEUE}mail/{send.pk}/unknown/retry", reason="none is")


@pytest.mark.parametrize(("state", "act"), [("refused", "drop"), ("bounced", "retry"), ("deferred", "burn")])
def test_what_cannot_be_asked_of_a_state_is_not_found(alice, send, state, act):
    assert alice.post(f"{QUEUE}mail/{send.pk}/{state}/{act}", {"reason": "try"}).status_code == 404


def test_a_stop_says_what_it_holds_and_is_lifted_again(alice, send):
    assert "STOP. No mail and no post leaves. Nothing is on the wire." in said(
        alice, "/operations/stop", scope="everything:", reason="The wrong photo"
    )
    page = alice.get(QUEUE).content.decode()
    assert "No mail and no post leaves." in page
    assert "It holds 1 reader and 0 posts." in page
    assert "Lifted. What it held goes on." in said(
        alice, f"/operations/stop/{Stop.objects.get().pk}/lift", reason="Mended"
    )
    assert not stopping.in_force().exists()


def test_a_stop_of_what_is_not_there_is_not_found(alice):
    assert alice.post("/operations/stop", {"scope": "newsletter:99", "reason": "try"}).status_code == 404


def test_an_editor_may_not_stop_everything(client):
    editor = newsroom.signed_in(client, "editor")
    assert editor.post("/operations/stop", {"scope": "everything:", "reason": "try"}).status_code == 403
    assert not Stop.objects.exists()


def test_a_post_planned_for_later_does_not_wait(alice, refused):
    Post.objects.update(state="scheduled", due_at=timezone.now() + timedelta(hours=1))
    assert "No post waits." in alice.get(QUEUE).content.decode()
