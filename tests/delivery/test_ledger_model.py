"""The real ledger, statement by statement, against a plain model of it: whoever dies wherever, both say the same."""

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from ledger_deeds import Deeds, rows_of
from ledger_model import Model

from dispatch.audience.models import Newsletter, Subscription, Suppression
from dispatch.delivery import ledger, progress, relays

EXAMPLES = int(os.environ.get("DISPATCH_TEST_EXAMPLES", "25"))
SIZE = 3
CAST = ("alice", "bob", "charlie", "dora", "emil", "frank", "gita")
WORDS = ("sent", "refused", "deferred", "lost before", "lost after")
LIVES = st.lists(st.sampled_from([*WORDS, "deferred", "dies", "dies"]), min_size=1, max_size=5)
SOME = st.integers(0, 20)
"""Which of those there are: the n-th, counted round."""
DIES = st.one_of(st.just(0), st.integers(1, 10))


class Delivery(RuleBasedStateMachine):
    """Workers that come, freeze, die and wake; readers who leave; people who pause, stop, cancel, retry; a clock."""

    begin = None  # the test's: a new send under a policy, and its readers

    @initialize(policy=st.sampled_from(["resend_once", "never_twice"]))
    def enlist(self, policy):
        send, readers = type(self).begin(policy)
        self.deeds = Deeds(send, Model(policy, SIZE, readers))

    @rule(which=SOME, words=LIVES)
    def a_worker_lives(self, which, words):
        """Much at once, up to its death or until it is lost sight of: so that a run gets far."""
        deeds = self.deeds
        if which % 4:
            deeds.clear_the_way()
        if not (worker := deeds.claim(which)):
            return
        for word in words:
            if worker.given == worker.ahead:
                deeds.write_ahead(worker, 2)
            if worker not in deeds.workers:
                return
            deeds.hand_over(worker)
            if word == "dies":
                deeds.die(worker, len(words) % 2)
                return
            deeds.answer(worker, word)
        if worker.given == len(worker.claimed.recipients):
            deeds.end(worker)

    @rule(which=SOME, words=LIVES)
    def another_lives(self, which, words):
        self.a_worker_lives(which, words)

    @rule(which=SOME, is_taken=st.booleans())
    def a_worker_freezes_and_wakes(self, which, is_taken):
        """Its lease is over, and perhaps its chunk is another's by now."""
        deeds = self.deeds
        deeds.clear_the_way()
        if not (frozen := deeds.claim(which)):
            return
        deeds.write_ahead(frozen, 2)
        if frozen in deeds.workers:
            deeds.hand_over(frozen)
        deeds.end_leases()
        if is_taken and (second := deeds.claim(0, number=frozen.owner[0])):
            deeds.write_ahead(second, 2)
        if frozen in deeds.workers and which % 3:
            deeds.answer(frozen, "sent")
            deeds.end(frozen, is_troubled=which % 3 == 1)
        elif frozen in deeds.workers:
            deeds.write_ahead(frozen, 2)

    @rule(
        act=st.sampled_from(["claim", "write_ahead", "hand_over", "answer", "die", "end"]),
        which=SOME,
        dies=DIES,
        word=st.sampled_from(WORDS),
    )
    def a_worker_takes_a_step(self, act, which, dies, word):
        deeds = self.deeds
        if act == "claim":
            deeds.claim(which, dies, number=which % 2 and deeds.number(which // 2), or_next=which % 3 > 0)
        elif deeds.workers:
            worker = deeds.workers[which % len(deeds.workers)]
            {
                "write_ahead": lambda: deeds.write_ahead(worker, 1 + which % 3, dies),
                "hand_over": lambda: deeds.hand_over(worker),
                "answer": lambda: deeds.answer(worker, word),
                "die": lambda: deeds.die(worker, which % 3),
                "end": lambda: deeds.end(worker, is_troubled=which % 2 == 1),
            }[act]()

    @rule(what=st.sampled_from(["all", "all", "all", "leases", "waits"]))
    def time_passes(self, what):
        if what in {"all", "leases"}:
            self.deeds.end_leases()
        if what in {"all", "waits"}:
            self.deeds.end_waits()
        if what == "all":
            self.deeds.promote()

    @rule(act=st.sampled_from(["promote", "close"]), dies=DIES)
    def a_clock_looks(self, act, dies):
        getattr(self.deeds, act)(dies=dies)

    @rule(
        act=st.sampled_from(
            ["pause", "resume", "cancel", "stop", "expire", "free", "drop_stuck", "move_chunk", "retry", "drop"]
        ),
        which=SOME,
        dies=DIES,
    )
    def people_decide(self, act, which, dies):
        deeds = self.deeds
        {
            "pause": lambda: deeds.pause(dies),
            "resume": lambda: deeds.resume(dies),
            "cancel": lambda: which % 3 or (deeds.end_leases(), deeds.cancel(dies)),
            "stop": deeds.stop,
            "expire": lambda: which % 2 or deeds.expire(),
            "free": lambda: deeds.free(which, dies),
            "drop_stuck": lambda: deeds.drop_stuck(which, dies),
            "move_chunk": lambda: deeds.move_chunk(which, dies),
            "retry": lambda: deeds.retry(("deferred", "refused", "unknown")[which % 3], dies),
            "drop": lambda: which % 3 or deeds.drop(("deferred", "unknown")[which % 2], dies),
        }[act]()

    @rule(which=SOME)
    def a_reader_leaves(self, which):
        reader = self.deeds.model.readers[which % len(CAST)]
        (self.deeds.leave if which % 2 else self.deeds.suppress)(reader)

    @invariant()
    def the_ledger_says_what_the_model_says(self):
        assert rows_of(self.deeds.send) == self.deeds.model.as_rows()

    @invariant()
    def it_balances(self):
        now = progress.of_send(self.deeds.pk)
        assert now.balances, now
        assert ledger.strays(self.deeds.pk) == 0

    @invariant()
    def what_is_said_is_true(self):
        deeds = self.deeds
        for reader in deeds.model.readers:
            fate = deeds.model.fate(reader)
            assert deeds.wire[reader] <= deeds.most[reader]
            assert fate != "sent" or deeds.wire[reader]
            assert fate != "untouched" or not deeds.wire[reader]

    def teardown(self):
        """Nobody dies any more, and all comes to its end."""
        deeds = self.deeds
        if deeds.pulled:
            deeds.stop()
        deeds.resume()
        while deeds.workers:
            deeds.die(deeds.workers[0], 3)
        for _ in range(9):
            self.time_passes("all")
            for which in range(len(deeds.model.chunks)):
                deeds.drop_stuck(which) if which % 2 else deeds.free(which)
                self.a_worker_lives(which, ["sent"] * SIZE)
            self.the_ledger_says_what_the_model_says()
            if deeds.close() != "sending":
                break
        assert deeds.model.state in {"finished", "cancelled"}
        assert not {deeds.model.fate(reader) for reader in deeds.model.readers} & {"untouched", "in_flight", "deferred"}
        self.it_balances()
        self.what_is_said_is_true()


@pytest.mark.django_db
def test_whoever_dies_wherever_the_ledger_agrees_with_its_model(
    newsletter, make_edition, subscribe, settings_of_delivery, tmp_path
):
    settings_of_delivery(chunk=SIZE, journal=tmp_path)
    relays.save("other", "fake://")
    people, slots = [subscribe(name).pk for name in CAST], iter(range(10_000))

    def begin(policy):
        Newsletter.objects.update(ambiguity=policy)
        Subscription.objects.update(state="active")
        Suppression.objects.all().delete()
        return ledger.enlist(make_edition(f"story:{next(slots)}").pk), people

    machine = type("Delivery", (Delivery,), {"begin": staticmethod(begin)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
