"""A send that stood still for hours pauses by itself, and goes on when a person says so."""

from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch.accounts import stopping
from dispatch.accounts.models import AuditEntry, Stop
from dispatch.delivery import acts, ledger, ticks
from dispatch.delivery.models import Chunk, Send

pytestmark = pytest.mark.django_db
HOURS = timedelta(hours=1)


@pytest.fixture
def send():
    office = newsroom.newsletter(languages=["en"])
    newsroom.readers(office, en=3)
    newsroom.relay()
    return newsroom.send(office, newsroom.story("en"))


def slept(send, hours):
    """Nobody worked for it for so long."""
    then = timezone.now() - hours * HOURS
    Send.objects.filter(pk=send.pk).update(started_at=then)
    Send.objects.filter(pk=send.pk).exclude(stirred_at=None).update(stirred_at=then)
    Chunk.objects.filter(send=send.pk).update(rung_at=then)


def state(send):
    ticks.ring_chunks()
    send.refresh_from_db()
    return send.state, send.is_held


def test_after_hours_without_a_clock_it_pauses_and_nothing_is_rung_for(send):
    slept(send, 4)
    assert state(send) == ("paused", True)
    assert "stood still" in send.trouble
    assert ledger.due_chunks() == []
    assert AuditEntry.objects.filter(act="send.hold").count() == 1


def test_that_the_clock_rang_all_the_while_is_no_movement(send):
    """The broker lost each doorbell, or there was no worker to hear it."""
    slept(send, 4)
    Chunk.objects.update(rung_at=timezone.now())
    assert state(send) == ("paused", True)


def test_one_that_a_worker_held_a_chunk_of_within_the_hours_goes_on(send):
    number = Chunk.objects.get().number
    slept(send, 4)
    claimed = ledger.claim(send.pk, number)
    assert state(send) == ("sending", False)
    ledger.release(claimed, None)
    assert state(send) == ("sending", False)


def test_after_an_hour_it_goes_on(send):
    slept(send, 1)
    assert state(send) == ("sending", False)


def test_one_that_a_person_lets_go_on_does_not_pause_again(send):
    slept(send, 4)
    state(send)
    assert acts.resume(send.pk, newsroom.person("approver"), "it still matters")
    assert state(send) == ("sending", False)
    assert send.trouble == ""


def test_a_stop_of_hours_holds_it_when_it_is_lifted(send):
    pulled = stopping.stop(Stop.Scope.EVERYTHING, None, None, "wait")
    slept(send, 4)
    stopping.lift(pulled.pk, None, "go on")
    assert state(send) == ("paused", True)


def test_one_whose_chunks_are_worked_on_or_wait_for_a_relay_goes_on(send):
    slept(send, 4)
    Chunk.objects.update(not_before=timezone.now() + HOURS)
    assert state(send) == ("sending", False)
    Chunk.objects.update(not_before=None, state="leased", lease_until=timezone.now() + HOURS)
    assert state(send) == ("sending", False)


def test_a_chunk_that_is_freed_after_hours_does_not_hold_its_send(send):
    slept(send, 4)
    Chunk.objects.update(state="stuck")
    number = Chunk.objects.get().number
    assert acts.free_stuck(send.pk, number, newsroom.person("operator"), "mended")
    assert state(send) == ("sending", False)
