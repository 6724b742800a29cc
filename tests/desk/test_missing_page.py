"""The page that says who is missing from a send, sending to exactly those, and what pause, cancel and STOP let through."""

import newsroom
import pytest
from django.utils import timezone

from dispatch.delivery import closing, forgetting, ledger, relays, sending
from dispatch.delivery.mailers.fake import Fake
from dispatch.delivery.models import Chunk, Send
from dispatch.outcomes import Refused, Sent

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(client):
    return newsroom.signed_in(client, "operator")


@pytest.fixture
def send(monkeypatch):
    """To three readers, of whom one was refused."""
    office = newsroom.newsletter(languages=["en"])
    newsroom.readers(office, en=3)
    newsroom.relay()
    answers = iter([Refused(reason="gone", code="550 5.1.1")])
    monkeypatch.setattr(relays, "open_mailer", lambda relay: Fake(lambda message: next(answers, Sent())))
    return newsroom.send(office, newsroom.story("en"))


@pytest.fixture
def ended(send):
    sending.send_chunk(send.pk, 1)
    closing.close(send)
    return send


def shown(client, path):
    return " ".join(client.get(path).content.decode().split())


def press(client, send, act):
    return client.post(f"/sends/{send.pk}/do/{act}", {"reason": "We know"}, follow=True).content.decode()


def test_it_says_why_in_numbers_and_names_nobody(alice, ended):
    page = shown(alice, f"/sends/{ended.pk}/missing")
    assert "3 readers, 2 have it." in page
    assert "550 5.1.1" in page
    assert "Send to 1 reader" in page
    assert f"/sends/{ended.pk}/missing" in shown(alice, f"/editions/{ended.edition_id}")


def test_it_goes_to_exactly_those(alice, ended):
    assert "It goes to those who were missing now." in press(alice, ended, "missing")
    sending.send_chunk(ended.pk, 2)
    assert closing.close(Send.objects.get()) == "finished"
    assert "Nobody." in shown(alice, f"/sends/{ended.pk}/missing")
    assert "Nobody was left" in press(alice, ended, "missing")


def test_an_editor_sees_it_and_may_not_send(client, ended):
    editor = newsroom.signed_in(client, "editor")
    assert "Send to 1 reader" not in shown(editor, f"/sends/{ended.pk}/missing")
    assert editor.post(f"/sends/{ended.pk}/do/missing", {"reason": "We know"}).status_code == 403


def test_when_the_details_are_gone_it_says_so_and_keeps_the_totals(alice, ended):
    Send.objects.update(finished_at=timezone.now() - forgetting.KEPT - timezone.timedelta(hours=1))
    forgetting.begin()
    page = shown(alice, f"/sends/{ended.pk}/missing")
    assert "The details are gone" in page
    assert "1</td>" in page
    assert "Send to" not in page
    assert "Nothing was sent: who is missing is not known any more." in press(alice, ended, "missing")


@pytest.mark.parametrize(("policy", "most"), [("resend_once", "3 messages"), ("never_twice", "1 message")])
def test_what_a_worker_holds_may_still_leave_and_no_more(alice, send, policy, most):
    Send.objects.update(ambiguity=policy)
    ledger.advance(ledger.claim(send.pk, 1), ledger.Answers(), settled=0, ahead=1)
    assert most in shown(alice, f"/editions/{send.edition_id}")
    assert f"At most {most} may still leave." in shown(alice, "/operations/queue/")
    page = alice.post("/operations/stop", {"scope": "everything:", "reason": "The storm"}, follow=True).content.decode()
    assert f"No mail and no post leaves. At most {most} may still leave." in page
    assert f"Paused. At most {most} may still leave." in press(alice, send, "pause")
    assert f"At most {most} may still leave." in press(alice, send, "cancel")


def test_a_worker_whose_lease_is_over_lets_nothing_through(alice, send):
    ledger.advance(ledger.claim(send.pk, 1), ledger.Answers(), settled=0, ahead=1)
    Chunk.objects.update(lease_until="2020-01-01T00:00Z")
    assert ledger.may_leave(send.pk) == 0
    assert "Paused. Nothing is on the wire." in press(alice, send, "pause")
