"""A worker that a doorbell has woken: which chunks it sends, and for how long."""

import pytest

from dispatch.delivery import ledger, sending
from dispatch.delivery.models import Chunk, Send

pytestmark = pytest.mark.django_db


def test_a_doorbell_that_comes_in_vain_is_of_use_to_another_chunk(fake, edition, subscribe, settings_of_delivery):
    settings_of_delivery(chunk=1)
    for name in ("alice", "bob", "charlie"):
        subscribe(name)
    send = ledger.enlist(edition.pk)
    taken = ledger.claim(send.pk, 1)
    sending.send_chunk(send.pk, 1)
    assert sorted(Chunk.objects.values_list("number", "state")) == [(1, "leased"), (2, "done"), (3, "done")]
    assert len(fake.taken) == 2
    ledger.release(taken, None)
    sending.send_chunk(send.pk, 3)
    assert len(fake.taken) == 3


def test_whoever_has_sent_for_a_while_lets_others_come_to_their_turn(
    fake, edition, subscribe, settings_of_delivery, monkeypatch
):
    settings_of_delivery(chunk=1)
    monkeypatch.setattr(sending, "TURN", 0.0)
    for name in ("alice", "bob"):
        subscribe(name)
    send = ledger.enlist(edition.pk)
    sending.send_chunk(send.pk, 1)
    assert Chunk.objects.get(number=2).state == "pending"


def test_in_a_first_wave_nothing_else_is_taken_instead(fake, edition, subscribe, settings_of_delivery):
    settings_of_delivery(chunk=1)
    for name in ("alice", "bob"):
        subscribe(name)
    send = ledger.enlist(edition.pk)
    Send.objects.update(state=Send.State.FIRST_WAVE)
    Chunk.objects.filter(number=2).update(in_wave=True)
    sending.send_chunk(send.pk, 1)
    assert sorted(Chunk.objects.values_list("number", "state")) == [(1, "pending"), (2, "done")]
