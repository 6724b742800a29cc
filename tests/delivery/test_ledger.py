"""The ledger where several do the same at the same moment, and where one dies in the middle."""

import threading

import pytest
from django.db import connection

from dispatch import queue
from dispatch.delivery import ledger
from dispatch.delivery.ledger import Answers, Except
from dispatch.delivery.models import Chunk, Send


def together(act, times=3):
    """What `times` threads get that do the same at the same moment."""
    barrier, results = threading.Barrier(times), []

    def one():
        barrier.wait(60)
        try:
            results.append(act())
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert len(results) == times
    return results


@pytest.mark.django_db(transaction=True)
def test_of_several_workers_at_one_chunk_one_gets_it(edition, subscribe):
    subscribe("alice")
    send = ledger.enlist(edition.pk)
    claims = together(lambda: ledger.claim(send.pk, 1))
    assert sorted(claim is None for claim in claims) == [False, True, True]


@pytest.mark.django_db(transaction=True)
def test_enlisted_at_the_same_moment_an_edition_has_one_send(edition, subscribe):
    subscribe("alice")
    assert len({send.pk for send in together(lambda: ledger.enlist(edition.pk))}) == 1
    assert Chunk.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_promoted_at_the_same_moment_a_reader_stands_in_one_retry_chunk(edition, subscribe):
    alice = subscribe("alice")
    send = ledger.enlist(edition.pk)
    claimed = ledger.claim(send.pk, 1)
    ledger.advance(claimed, Answers(), settled=0, ahead=1)
    put_off = Except(alice.pk, "deferred", "450 4.2.0", ledger.statements.now())
    ledger.advance(claimed, Answers(excepts=[put_off]), settled=1, ahead=1)
    assert sorted(together(ledger.promote_due)) == [[], [], [(send.pk, 2)]]


@pytest.mark.django_db(transaction=True)
def test_an_enlisting_that_dies_midway_leaves_nothing(edition, subscribe, monkeypatch):
    subscribe("alice")

    def dies(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(queue, "enqueue", dies)
    with pytest.raises(KeyboardInterrupt):
        ledger.enlist(edition.pk)
    assert Send.objects.count() == Chunk.objects.count() == 0
    monkeypatch.undo()
    assert ledger.enlist(edition.pk).frozen_count == 1
