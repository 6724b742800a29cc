"""The ledger under any order of claims, answers, deaths, pauses, waits and takeovers: the numbers always add up."""

import threading
from collections import Counter

import pytest
from django.db import connection
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from dispatch import queue
from dispatch.delivery import acts, closing, ledger, progress
from dispatch.delivery.ledger import Answers, Except
from dispatch.delivery.models import Chunk, DeliveryException, Send

CAST = ("alice", "bob", "charlie", "dora", "emil")
ANSWERS = ("sent", "sent", "refused", "deferred", "lost before", "lost after")


class Worker:
    """One that holds a chunk, as far as it knows. `wire` is what really went out."""

    def __init__(self, claimed):
        self.claimed, self.settled, self.ahead = claimed, claimed.settled, claimed.settled
        self.answers, self.is_late = Answers(), False

    @property
    def window(self):
        return self.claimed.recipients[self.settled : self.ahead]

    def answered(self, words, wire):
        """The other side's word on each of the window; of the last two, only one has left."""
        for reader, word in zip(self.window, words, strict=False):
            wire[reader] += word in {"sent", "lost after"}
            if word == "sent":
                self.answers.accepted.append(reader)
            elif word.startswith("lost"):
                self.answers.doubts.append(reader)
            else:
                self.answers.excepts.append(Except(reader, word, "450 4.2.0", ledger.statements.now()))
        self.settled = self.ahead


class Ledger(RuleBasedStateMachine):
    """Workers that come, freeze, die and answer; people who pause and cancel; a clock that promotes and closes."""

    enlist = None  # the test's: a new send

    def __init__(self):
        super().__init__()
        self.send = type(self).enlist()
        self.workers, self.wire = [], Counter()

    def ended(self):
        return closing.close(self.send) not in {"sending", "cancelling", "paused"}

    @rule(number=st.integers(1, 4))
    def claim(self, number):
        if claimed := ledger.claim(self.send.pk, number):
            self.workers.append(Worker(claimed))

    @precondition(lambda self: self.workers)
    @rule(data=st.data())
    def advance(self, data):
        worker = data.draw(st.sampled_from(self.workers))
        if worker.window and not worker.answers.accepted + worker.answers.doubts + worker.answers.excepts:
            return
        wish = min(worker.settled + 2, len(worker.claimed.recipients))
        granted = ledger.advance(worker.claimed, worker.answers, settled=worker.settled, ahead=wish)
        assert granted is None or granted in {worker.settled, wish}
        if granted is None or granted == worker.settled:
            ledger.release(worker.claimed, None)
            self.workers.remove(worker)
            return
        worker.ahead, worker.answers, worker.is_late = granted, Answers(), False

    @precondition(lambda self: self.workers)
    @rule(data=st.data(), words=st.lists(st.sampled_from(ANSWERS), min_size=2, max_size=2))
    def answer(self, data, words):
        worker = data.draw(st.sampled_from(self.workers))
        if worker.window and not worker.is_late:
            worker.answered(words, self.wire)

    @precondition(lambda self: self.workers)
    @rule(data=st.data(), left=st.integers(0, 2))
    def die(self, data, left):
        worker = data.draw(st.sampled_from(self.workers))
        self.workers.remove(worker)
        if not worker.is_late:
            self.wire.update(worker.window[:left])

    @precondition(lambda self: self.workers)
    @rule()
    def freeze(self):
        Chunk.objects.filter(send=self.send, state="leased").update(lease_until="2020-01-01T00:00Z")
        for worker in self.workers:
            worker.is_late = True

    @rule()
    def pause(self):
        acts.pause(self.send.pk, None, "a look")

    @rule()
    def resume(self):
        acts.resume(self.send.pk, None, "fine")

    @rule(really=st.integers(0, 5))
    def cancel(self, really):
        if not really:
            acts.cancel(self.send.pk, None, "withdrawn")

    @rule()
    def wait(self):
        DeliveryException.objects.filter(send=self.send, state="deferred").update(next_attempt_at="2020-01-01T00:00Z")
        ledger.promote_due()

    @rule()
    def close(self):
        assert closing.close(self.send) != "unbalanced"

    @invariant()
    def it_balances(self):
        now = progress.of_send(self.send.pk)
        assert now.balances, now
        assert now.frozen == len(CAST)
        assert ledger.strays(self.send.pk) == 0

    @invariant()
    def what_is_said_is_true(self):
        most = 1 if self.send.ambiguity == "never_twice" else 2
        for reader, fate in fates(self.send).items():
            assert self.wire[reader] <= most
            assert fate != "sent" or self.wire[reader]
            assert fate not in {"untouched", "cancelled"} or not self.wire[reader]

    def teardown(self):
        self.resume()
        self.freeze()
        for _ in range(12):
            Chunk.objects.filter(send=self.send, state="stuck").update(state="pending", takeovers=0)
            self.wait()
            for number in Chunk.objects.filter(send=self.send).values_list("number", flat=True):
                self.finish(number)
        assert closing.close(self.send) in {"finished", "cancelled"}
        self.it_balances()
        self.what_is_said_is_true()
        assert not set(fates(self.send).values()) & {"untouched", "in_flight", "deferred"}

    def finish(self, number):
        claimed = ledger.claim(self.send.pk, number)
        if not claimed:
            return
        worker = Worker(claimed)
        worker.ahead = len(claimed.recipients)
        if ledger.advance(claimed, Answers(), settled=worker.settled, ahead=worker.ahead) == worker.ahead:
            worker.answered(["sent"] * len(CAST), self.wire)
            ledger.advance(claimed, worker.answers, settled=worker.settled, ahead=worker.settled)


def fates(send):
    with connection.cursor() as cursor:
        cursor.execute("SELECT subscriber_id, fate FROM delivery_fate WHERE send_id = %s", [send.pk])
        return dict(cursor.fetchall())


@pytest.mark.django_db
@pytest.mark.parametrize("policy", ["resend_once", "never_twice"])
def test_whatever_happens_nobody_is_lost_and_nobody_gets_more_than_the_policy_allows(
    policy, newsletter, make_edition, subscribe, settings_of_delivery
):
    settings_of_delivery(chunk=3)
    newsletter.ambiguity = policy
    newsletter.save()
    for name in CAST:
        subscribe(name)
    count = iter(range(10_000))
    machine = type("Ledger", (Ledger,), {"enlist": lambda: ledger.enlist(make_edition(f"story:{next(count)}").pk)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def together(act, times=3):
    """What `times` threads get that do the same at the same moment."""
    barrier, results = threading.Barrier(times), []

    def one():
        barrier.wait(10)
        try:
            results.append(act())
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
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
