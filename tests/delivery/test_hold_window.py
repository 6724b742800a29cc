"""Between a send's last decision and its first letter there are minutes in which anyone at the desk can stop it."""

from datetime import timedelta

import newsroom
import pytest
import time_machine
from django.utils import timezone

from dispatch.accounts.models import AuditEntry
from dispatch.delivery import acts, approving, hold_window, ledger, sending
from dispatch.delivery.models import Approval, Send
from dispatch.editions.models import Preflight

pytestmark = pytest.mark.django_db
State = Send.State


@pytest.fixture
def office():
    return newsroom.newsletter(hold=10, languages=["en"])


@pytest.fixture
def send(office):
    newsroom.readers(office, en=3)
    newsroom.relay()
    return newsroom.send(office, newsroom.story("en"))


@pytest.fixture
def bob():
    return newsroom.person("approver", "Bob")


def end_window(send):
    Send.objects.filter(pk=send.pk).update(holds_until=timezone.now() - timedelta(seconds=1))


def test_nothing_of_it_leaves_within_its_window(send):
    assert send.state == State.READY
    assert timedelta(minutes=9) < send.holds_until - timezone.now() <= timedelta(minutes=10)
    assert ledger.claim(send.pk, 1) is None
    assert ledger.due_chunks() == []
    assert hold_window.over() == []


def test_it_goes_by_itself_when_the_window_has_ended_and_its_time_begins_then(send):
    whole = send.expires_at - send.started_at
    end_window(send)
    assert hold_window.over() == [send.pk]
    send.refresh_from_db()
    assert (send.state, send.holds_until) == (State.SENDING, None)
    assert send.expires_at - send.started_at == whole
    assert ledger.due_chunks() == [(send.pk, 1)]
    assert hold_window.over() == []


def test_stopped_in_time_it_reaches_nobody(send, bob):
    assert acts.pause(send.pk, bob, "the wrong photo")
    end_window(send)
    assert hold_window.over() == []
    assert ledger.claim(send.pk, 1) is None
    assert acts.cancel(send.pk, bob, "the wrong photo")
    sending.send_chunk(send.pk, 1)
    assert ledger.totals(send.pk).exceptions == {"cancelled": 3}


def test_an_approver_lets_it_leave_sooner_and_once(send, bob):
    assert hold_window.let_go(send.pk, bob, "it is urgent")
    assert not hold_window.let_go(send.pk, bob, "again")
    assert Send.objects.get().state == State.SENDING
    assert AuditEntry.objects.get(act="send.let_go").reason == "it is urgent"


def test_its_first_wave_goes_first_then_too(office, settings):
    settings.DELIVERY = settings.DELIVERY | {"first_wave_from": 5, "first_wave_share": 0.4}
    newsroom.readers(office, en=10)
    send = newsroom.send(office, newsroom.story("en"))
    end_window(send)
    hold_window.over()
    send.refresh_from_db()
    assert (send.state, send.first_wave) == (State.FIRST_WAVE, 4)


def test_the_window_begins_when_a_second_person_agreed(office, settings, bob):
    settings.DELIVERY = settings.DELIVERY | {"approve_from": 2}
    newsroom.readers(office, en=3)
    send = approving.enlist(newsroom.edition(office, newsroom.story("en")).pk)
    assert send.state == State.DRAFT
    end_window(send)
    assert hold_window.over() == []
    assert approving.agree(send.pk, bytes(Approval.objects.get().hash).hex(), bob, "read it")
    send.refresh_from_db()
    assert send.state == State.READY
    assert send.holds_until > timezone.now() + timedelta(minutes=9)


def test_an_audience_of_nobody_waits_for_nothing(office):
    assert newsroom.send(office, newsroom.story("en")).state == State.FINISHED


def test_the_desk_says_when_it_leaves_and_who_may_stop_it(send, client):
    newsroom.signed_in(client, "editor")
    page = client.get(f"/editions/{send.edition_id}").content.decode()
    assert "Nothing is on the wire yet" in page
    assert "Stop it here" in page
    assert "Let it leave now" not in page
    stopped = client.post(f"/sends/{send.pk}/do/pause", {"reason": "the wrong photo"}, follow=True).content.decode()
    assert "Paused. Nothing is on the wire." in stopped
    assert client.post(f"/sends/{send.pk}/do/let-go", {"reason": "because"}).status_code == 403


def spoil(send):
    """What its last look at the outside found: the worst there is."""
    dead = {"level": "blocks", "what": "Links", "words": "https://office.example.org/x leads nowhere.", "todo": ""}
    now = timezone.now()
    Preflight.objects.create(edition=send.edition, asked_at=now, done_at=now, found=[dead])


def test_what_blocks_it_is_shown_while_it_waits_and_keeps_it_from_leaving_sooner(send, client):
    newsroom.signed_in(client, "approver")
    spoil(send)
    page = client.get(f"/editions/{send.edition_id}").content.decode()
    assert "1 thing in the way" in page
    assert "It leaves all the same" in page
    held = client.post(f"/sends/{send.pk}/do/let-go", {"reason": "it is urgent"}, follow=True).content.decode()
    assert "Nothing left. Links: https://office.example.org/x leads nowhere." in held
    send.refresh_from_db()
    assert send.state == State.READY


def test_who_overrules_it_is_kept_with_what_they_overruled(send, client):
    newsroom.signed_in(client, "approver")
    spoil(send)
    client.post(f"/sends/{send.pk}/do/let-go", {"reason": "it is archived", "although": "yes"})
    send.refresh_from_db()
    assert send.state == State.SENDING
    noted = AuditEntry.objects.get(act="edition.overrule")
    assert (noted.target, noted.reason) == (f"edition:{send.edition_id}", "against Links: it is archived")


def test_a_send_that_was_stopped_in_its_window_goes_on_only_past_what_blocks_it(send, client):
    newsroom.signed_in(client, "approver")
    spoil(send)
    acts.pause(send.pk, None, "the wrong photo")
    assert "It leaves all the same" in client.get(f"/editions/{send.edition_id}").content.decode()
    resume = f"/sends/{send.pk}/do/resume"
    assert "Nothing left. Links:" in client.post(resume, {"reason": "mended"}, follow=True).content.decode()
    send.refresh_from_db()
    assert send.state == State.PAUSED
    client.post(resume, {"reason": "it is archived", "although": "yes"})
    send.refresh_from_db()
    assert send.state == State.SENDING


def test_a_send_that_is_under_way_is_not_held_when_it_goes_on(send, client):
    newsroom.signed_in(client, "approver")
    spoil(send)
    acts.pause(send.pk, None, "a short break")
    send.chunks.update(ahead=1, settled=1)
    client.post(f"/sends/{send.pk}/do/resume", {"reason": "it may go on"})
    send.refresh_from_db()
    assert send.state == State.SENDING


def test_minutes_of_another_day_change_nothing(send):
    """The database's clock counts, not a worker's."""
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        assert hold_window.over() == []
