"""Berths against a plain model of processes that come, look, rest and die: the limits hold, and the shares are fair."""

import os

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from dispatch.delivery import berths, relays, statements
from dispatch.delivery.models import Berth

EXAMPLES = int(os.environ.get("DISPATCH_TEST_EXAMPLES", "25"))
OTHER, GMAIL = 0, 1


class Process:
    """What one has open, by its own knowledge."""

    def __init__(self, name):
        self.name, self.room, self.open, self.provider = name, None, 0, berths.NOBODY


class Quay(RuleBasedStateMachine):
    """Processes that come with letters, ask anew, rest and die, at one relay with a limit of its own and one for gmail."""

    relay = None  # the test's
    become = None

    @initialize(most=st.integers(1, 7), gmail=st.integers(1, 4))
    def open_up(self, most, gmail):
        Berth.objects.all().delete()
        berths.set_limits(self.relay, most, {"gmail": gmail})
        self.most, self.gmail = most, gmail
        self.living = {number: Process(f"{number}:1:1") for number in range(5)}

    def at(self, number):
        process = self.living[number]
        type(self).become(process.name)
        return process

    @rule(
        number=st.integers(0, 4),
        provider=st.sampled_from([OTHER, GMAIL]),
        wanted=st.integers(1, 5),
        opens=st.integers(0, 5),
    )
    def it_begins(self, number, provider, wanted, opens):
        process = self.at(number)
        if process.room is None and (room := berths.take(self.relay, provider, wanted)):
            process.room, process.provider = room, provider
            self.settle(process, opens)

    @rule(number=st.integers(0, 4), opens=st.integers(0, 5))
    def it_looks(self, number, opens):
        process = self.at(number)
        if process.room is not None:
            process.room.look(process.open)
            self.settle(process, opens)

    @rule(number=st.integers(0, 4))
    def it_is_slow_to_close(self, number):
        """Its letters are still under way: what is above its share stands a while longer."""
        process = self.at(number)
        if process.room is not None:
            process.room.look(process.open)
            process.open = max(process.open, 0)

    @rule(number=st.integers(0, 4))
    def it_ends(self, number):
        process = self.at(number)
        if process.room is not None:
            kept, _ = process.room.rest(process.open)
            assert kept <= process.open
            process.open, process.room, process.provider = kept, None, berths.NOBODY

    @rule(number=st.integers(0, 4))
    def it_dies(self, number):
        self.living[number] = Process(f"{self.at(number).name}x")

    @rule()
    def time_passes(self):
        """Leases that nobody renews are over, and what rested is closed."""
        kept = [process.name for process in self.living.values() if process.room is not None]
        Berth.objects.exclude(holder__in=kept).update(until=statements.now())
        for process in self.living.values():
            if process.room is None:
                process.open = 0

    @invariant()
    def never_more_stand_than_may(self):
        if not hasattr(self, "living"):
            return
        processes = self.living.values()
        assert sum(process.open for process in processes) <= self.most
        assert sum(process.open for process in processes if process.provider == GMAIL) <= self.gmail
        held = dict(Berth.objects.filter(until__gt=statements.now()).values_list("holder", "held"))
        assert all(process.open <= held.get(process.name, 0) for process in processes)

    def settle(self, process, opens):
        """Close what is above the share, and open some of what is below."""
        process.open = min(process.open, process.room.allowed)
        process.open = min(process.room.allowed, process.open + opens)

    def teardown(self):
        """Once nobody begins or dies any more, each has its fair share."""
        if not hasattr(self, "living"):
            return
        self.time_passes()
        for _ in range(3):
            for number in self.living:
                self.it_looks(number, 9)
        at_work = [process for process in self.living.values() if process.room is not None]
        for provider in (OTHER, GMAIL):
            same = [process for process in at_work if process.provider == provider]
            for process in same:
                lacks = process.open < process.room.wanted
                assert not lacks or max(one.open for one in same) <= process.open + 1
        wishes = sum(process.room.wanted for process in at_work if process.provider == OTHER)
        wishes += min(self.gmail, sum(process.room.wanted for process in at_work if process.provider == GMAIL))
        assert sum(process.open for process in at_work) == min(self.most, wishes)


def test_whoever_comes_goes_and_dies_the_limits_hold_and_the_shares_are_fair(db, monkeypatch):
    def become(name):
        monkeypatch.setattr(berths, "_holder", lambda: name)

    monkeypatch.setattr(berths, "_full", {})
    relay = relays.save("main", "fake://")
    machine = type("AQuay", (Quay,), {"relay": relay, "become": staticmethod(become)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
