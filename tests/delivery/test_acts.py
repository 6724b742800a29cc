"""What people may do to a send, what comes back later, and what the clock repeats."""

from datetime import timedelta

import pytest
from django.db import connection

from dispatch import queue
from dispatch.accounts.models import AuditEntry
from dispatch.audience.models import Suppression
from dispatch.delivery import acts, closing, events, forgetting, ledger, progress, sending, statements, ticks
from dispatch.delivery.models import Ambiguity, Chunk, DeliveryException, Send
from dispatch.outcomes import Deferred, Refused, Sent, Unknown

pytestmark = pytest.mark.django_db
PUT_OFF = Deferred(until=None, reason="greylisted", code="450 4.2.0")


@pytest.fixture
def sent_to(edition, subscribe, fake):
    """sent_to(answer): Alice's mail got this answer; the send and Alice."""

    def go(answer):
        alice = subscribe("alice")
        fake.answer = lambda _: answer
        send = ledger.enlist(edition.pk)
        sending.send_chunk(send.pk, 1)
        return send, alice

    return go


def audited():
    return list(AuditEntry.objects.order_by("pk").values_list("act", "reason"))


def test_those_put_off_are_tried_now_when_a_person_asks(sent_to, fake):
    send, alice = sent_to(PUT_OFF)
    fake.answer = lambda _: Sent()
    assert acts.retry(send.pk, None, "their server is back") == 1
    sending.send_chunk(send.pk, 2)
    assert ledger.fate(send.pk, alice.pk) == "sent"
    assert audited() == [("send.retry", "their server is back")]


def test_whom_a_person_tries_again_has_a_day_even_if_the_editions_time_is_over(sent_to):
    send, alice = sent_to(Refused(reason="no", code="550 5.1.1"))
    Send.objects.update(expires_at="2020-01-01T00:00Z")
    assert acts.retry(send.pk, None, "a mistake of theirs", state="refused") == 1
    assert Send.objects.get().expires_at > statements.now() + timedelta(hours=23)
    assert ledger.fate(send.pk, alice.pk) == "deferred"


def test_of_a_cancelled_send_nobody_is_tried_again(sent_to):
    send, alice = sent_to(PUT_OFF)
    acts.cancel(send.pk, None, "withdrawn")
    closing.close(send)
    assert acts.retry(send.pk, None, "let us see", state="deferred") == 0
    assert acts.retry(send.pk, None, "let us see", state="unknown") == 0
    assert ledger.fate(send.pk, alice.pk) == "cancelled"
    assert [act for act, _ in audited()] == ["send.cancel"]


def test_those_dropped_are_cancelled_and_their_code_says_why_they_waited(sent_to):
    send, alice = sent_to(PUT_OFF)
    assert acts.drop(send.pk, None, "old news by now", state="deferred") == 1
    assert ledger.fate(send.pk, alice.pk) == "cancelled"
    assert DeliveryException.objects.get().code == "450 4.2.0"
    assert closing.close(send) == "finished"
    assert audited() == [("send.drop", "old news by now")]
    assert acts.drop(send.pk, None, "again", state="deferred") == 0


@pytest.mark.parametrize(("answer", "fate"), [(PUT_OFF, "refused"), (Unknown(reason="no reply"), "unknown")])
def test_when_the_editions_time_is_over_waits_end(sent_to, answer, fate):
    send, alice = sent_to(answer)
    Send.objects.update(expires_at="2020-01-01T00:00Z")
    assert ledger.promote_due() == []
    assert ledger.fate(send.pk, alice.pk) == fate
    assert closing.close(send) == "finished"


def test_a_cancelled_send_ends_even_if_its_worker_died_and_says_who_may_have_it(edition, subscribe, fake):
    alice, bob = subscribe("alice"), subscribe("bob")
    send = ledger.enlist(edition.pk)
    ledger.advance(ledger.claim(send.pk, 1), ledger.Answers(), settled=0, ahead=1)
    acts.cancel(send.pk, None, "withdrawn")
    assert closing.close(send) == "cancelling"
    Chunk.objects.update(lease_until="2020-01-01T00:00Z")
    assert closing.close(send) == "cancelled"
    assert (ledger.fate(send.pk, alice.pk), ledger.fate(send.pk, bob.pk)) == ("unknown", "cancelled")
    assert Ambiguity.objects.get().resolution == "unknown"


def test_a_frozen_worker_that_thaws_sends_nothing_more(edition, subscribe, fake, settings_of_delivery):
    for name in ("alice", "bob"):
        subscribe(name)
    send = ledger.enlist(edition.pk)

    def freeze(_):
        settings_of_delivery(lease_seconds=60)
        Chunk.objects.update(lease_until="2020-01-01T00:00Z")
        assert ledger.claim(send.pk, 1) is not None
        connection.cursor().execute("SELECT pg_sleep(0.3)").close()
        return Sent()

    settings_of_delivery(lease_seconds=0.2)
    fake.answer = freeze
    sending.send_chunk(send.pk, 1)
    assert [message.recipient for message in fake.taken] == ["alice@example.org"]


@pytest.mark.parametrize("state", ["bounced", "complained"])
def test_what_comes_back_counts_once_and_suppresses_the_address(sent_to, state):
    send, alice = sent_to(Sent())
    for _ in range(2):
        events.record(send.pk, alice.pk, state, "5.1.1")
    assert ledger.fate(send.pk, alice.pk) == state
    assert Suppression.objects.get().reason == state
    assert progress.of_send(send.pk).exceptions == {state: 1}
    assert closing.close(send) == "finished"


def test_what_comes_back_after_the_exceptions_are_gone_still_suppresses(sent_to):
    send, alice = sent_to(Sent())
    closing.close(send)
    Send.objects.update(finished_at="2020-01-01T00:00Z")
    forgetting.begin()
    assert ledger.fate(send.pk, alice.pk) == "forgotten"
    events.record(send.pk, alice.pk, "bounced", "5.1.1")
    assert Suppression.objects.get().reason == "bounced"


def test_an_edition_without_readers_is_over_at_once_and_forgotten_in_time(edition, fake):
    send = ledger.enlist(edition.pk)
    assert send.finished_at is not None
    Send.objects.update(finished_at="2020-01-01T00:00Z")
    assert forgetting.begin() == 1


def test_progress_tells_how_fast_it_goes(sent_to):
    send, _ = sent_to(Sent())
    Send.objects.update(started_at=statements.now() - timedelta(seconds=10))
    now = progress.of_send(send.pk)
    assert now.rate == pytest.approx(0.1, rel=0.1)
    assert (now.answered, now.percent) == (1, 100)


def test_what_a_lost_doorbell_left_is_rung_for_again(make_edition, subscribe, fake, monkeypatch):
    rung = []
    monkeypatch.setattr(queue, "enqueue", lambda *words: rung.append(words))
    subscribe("alice")
    edition = make_edition()
    ticks.enlist_rendered()
    assert rung == [("email.enlist", edition.pk)]
    send = ledger.enlist(edition.pk)
    rung.clear()
    ticks.ring_chunks()
    ticks.ring_chunks()
    assert rung == [("email.send_chunk", send.pk, 1)]
    Chunk.objects.update(rung_at=statements.now() - timedelta(seconds=6))
    ticks.ring_chunks()
    assert len(rung) == 2


def test_the_clock_promotes_and_closes(sent_to, fake, monkeypatch):
    send, _ = sent_to(PUT_OFF)
    rung = []
    monkeypatch.setattr(queue, "enqueue", lambda *words: rung.append(words))
    DeliveryException.objects.update(next_attempt_at=statements.now())
    ticks.promote()
    assert rung == [("email.send_chunk", send.pk, 2)]
    fake.answer = lambda _: Sent()
    sending.send_chunk(send.pk, 2)
    ticks.close_sends()
    assert Send.objects.get().state == "finished"
