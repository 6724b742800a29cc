"""Several relays: shares by weight, and failover that never sends a letter twice, wherever a relay breaks."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import faulty_relay
import pytest
from faulty_relay import SURELY_NOT, Fault
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatch.delivery import ledger, progress, relays, sending, statements
from dispatch.delivery.mailers import shelf
from dispatch.delivery.models import Chunk, DeliveryException, Relay, Send

pytestmark = pytest.mark.django_db
URL = "smtp://127.0.0.1:{}?security=none&connections={}&wait_final=0.4&wait_data=0.4&wait_command=0.4"
MAYBE = [
    Fault("END", "take it and drop"), Fault("END", "drop"), Fault("END", "never"), Fault("END", "garbage"),
    Fault("BODY", "drop in the middle"), Fault("BODY", "drop before the dot"),
]  # fmt: skip


@pytest.fixture
def two():
    """Two relays, whose mailboxes are one world: two(faults, connections) gives them."""
    made = []

    def make(faults, connections=1):
        first, second = faulty_relay.Relay(*faults), faulty_relay.Relay()
        made.extend([first, second])
        for name, one in (("first", first), ("second", second)):
            relays.save(name, URL.format(one.port, connections))
        relays.weigh(Relay.objects.get(name="second"), 0)
        return first, second

    yield make
    shelf.clear()
    for one in made:
        one.close()


def had(*boxes):
    """How many letters each reader has, over all relays."""
    return Counter(name for box in boxes for taken in box.taken for name in taken.recipients)


def carry_on(send, *, rounds=12):
    """What the clock does: each round whatever waits may be tried again."""
    for _ in range(rounds):
        DeliveryException.objects.filter(state="deferred").update(next_attempt_at=statements.now())
        ledger.promote_due()
        Chunk.objects.filter(state="pending").update(not_before=None)
        for number in Chunk.objects.filter(send=send).exclude(state="done").values_list("number", flat=True):
            sending.send_chunk(send.pk, number)


def break_off(name):
    for _ in range(relays.OPENS_AFTER):
        relays.failed(Relay.objects.get(name=name), "no connection to the relay")


def enlisted(edition, ambiguity="never_twice"):
    send = ledger.enlist(edition.pk)
    Send.objects.filter(pk=send.pk).update(ambiguity=ambiguity)
    return send


@pytest.mark.parametrize("fault", SURELY_NOT, ids=lambda one: f"{one.verb} {one.act}")
def test_what_a_relay_surely_did_not_take_arrives_through_the_other_once(two, edition, subscribe, fault):
    for name in ("alice", "bob", "charlie"):
        subscribe(name)
    first, second = two([Fault(fault.verb, fault.act, n) for n in range(1, 40)])
    send = enlisted(edition)
    carry_on(send)
    assert had(first, second) == {f"{name}@example.org": 1 for name in ("alice", "bob", "charlie")}
    assert not first.taken
    assert progress.of_send(send.pk).sent == 3


@pytest.mark.parametrize("fault", [Fault("DATA", "451 4.3.0 later"), Fault("END", "451 4.3.0 later")])
def test_who_was_put_off_gets_theirs_through_the_other_once_the_first_is_broken(two, edition, subscribe, fault):
    subscribe("alice")
    first, second = two([Fault(fault.verb, fault.act, n) for n in range(1, 40)])
    send = enlisted(edition)
    carry_on(send, rounds=2)
    assert had(first, second) == {}
    break_off("first")
    carry_on(send, rounds=2)
    assert had(second) == {"alice@example.org": 1}


@pytest.mark.parametrize("fault", MAYBE, ids=lambda one: f"{one.verb} {one.act}")
def test_what_a_relay_may_have_taken_goes_through_no_other(two, edition, subscribe, fault):
    subscribe("alice")
    _, second = two([fault])
    send = enlisted(edition, "resend_once")
    carry_on(send, rounds=1)
    doubt = DeliveryException.objects.get()
    assert (doubt.state, doubt.relay) == ("deferred", Relay.objects.get(name="first").pk)
    break_off("first")
    carry_on(send, rounds=3)
    assert second.taken == []
    assert Chunk.objects.get(is_retry=True).tie == Chunk.Tie.ONLY


def test_a_letter_in_doubt_comes_through_its_own_relay_once_that_is_back(two, edition, subscribe):
    subscribe("alice")
    first, second = two([Fault("END", "drop")])
    send = enlisted(edition, "resend_once")
    carry_on(send, rounds=2)
    assert (len(first.taken), len(second.taken)) == (1, 0)
    assert progress.of_send(send.pk).sent == 1


def test_a_letter_in_doubt_whose_relay_never_comes_back_is_for_a_person(two, edition, subscribe):
    subscribe("alice")
    _, second = two([Fault("END", "take it and drop")])
    send = enlisted(edition, "resend_once")
    carry_on(send, rounds=1)
    relays.pause(Relay.objects.get(name="first"))
    carry_on(send, rounds=2)
    assert DeliveryException.objects.get().state == "deferred"
    Send.objects.update(expires_at=statements.now() - timedelta(seconds=1))
    carry_on(send, rounds=1)
    assert DeliveryException.objects.get().state == "unknown"
    assert second.taken == []


def test_a_dead_workers_letters_stay_with_the_relay_that_it_used(two, edition, subscribe):
    for name in ("alice", "bob"):
        subscribe(name)
    _, second = two([])
    send = enlisted(edition, "resend_once")
    claimed = replace(ledger.claim(send.pk, 1), relay=Relay.objects.get(name="first").pk)
    ledger.advance(claimed, ledger.Answers(), settled=0, ahead=1)
    Chunk.objects.update(lease_until=statements.now() - timedelta(seconds=1))
    break_off("first")
    carry_on(send, rounds=3)
    assert len(second.taken) == 1
    assert DeliveryException.objects.get().relay == claimed.relay


ACTS = [*SURELY_NOT, *MAYBE, Fault("RCPT", "450 4.2.1 busy"), Fault("END", "late"), Fault("GREETING", "never")]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    faults=st.lists(st.tuples(st.sampled_from(ACTS), st.integers(1, 6)), max_size=6),
    shape=st.tuples(st.integers(1, 3), st.integers(0, 4)),
)
def test_whatever_breaks_under_never_twice_nobody_has_two_and_nobody_is_lost(
    two, make_edition, subscribe, faults, shape
):
    (connections, broken_after), turn = shape, Send.objects.count()
    names = [f"reader{turn}x{number}" for number in range(4)]
    readers = {name: subscribe(name) for name in names}
    first, second = two([Fault(fault.verb, fault.act, nth) for fault, nth in faults], connections)
    Relay.objects.update(breaker="closed", failures=0, probe_at=None)
    send = enlisted(make_edition(slot=f"story:{turn + 1}"))
    for number in range(8):
        if number == broken_after:
            break_off("first")
        carry_on(send, rounds=1)
    counts = had(first, second)
    assert max(counts.values(), default=0) <= 1
    for name, reader in readers.items():
        fate = ledger.fate(send.pk, reader.pk)
        assert fate in {"sent", "unknown", "deferred"}
        assert fate != "sent" or counts[f"{name}@example.org"] == 1
        assert fate != "deferred" or counts[f"{name}@example.org"] == 0
    reader_count = Counter(ledger.fate(send.pk, one.pk) for one in readers.values())
    assert reader_count["unknown"] <= sum(fault.verb in {"END", "BODY"} for fault, _ in faults)
    for one in readers.values():
        one.delete()


def test_relays_share_by_weight_and_one_without_weight_stands_by():
    for name, weight in (("big", 3), ("small", 1), ("spare", 0)):
        relays.weigh(relays.save(name, "fake://"), weight)
    chosen = Counter(relays.choose().name for _ in range(800))
    assert 500 < chosen["big"] < 700
    assert chosen["small"] == 800 - chosen["big"]
    for name in ("big", "small"):
        relays.pause(Relay.objects.get(name=name))
    assert relays.choose().name == "spare"


def test_a_broken_relay_is_tried_again_though_another_takes_mail():
    for name in ("main", "spare"):
        relays.save(name, "fake://")
    break_off("main")
    assert {relays.choose().name for _ in range(20)} == {"spare"}
    Relay.objects.filter(name="main").update(probe_at=statements.now())
    assert relays.choose(for_one=True).name == "spare"
    assert relays.choose().name == "main"
    assert relays.choose().name == "spare"


def test_chunks_are_moved_to_another_relay_but_not_those_it_may_have_already(
    two, edition, subscribe, settings_of_delivery
):
    settings_of_delivery(chunk=1)
    for name in ("alice", "bob", "charlie"):
        subscribe(name)
    first, second = two([])
    send = enlisted(edition)
    Chunk.objects.filter(number=1).update(tie="only", relay=Relay.objects.get(name="first"))
    assert relays.move(send.pk, Relay.objects.get(name="second"), [1, 2]) == 1
    carry_on(send, rounds=1)
    assert (len(first.taken), len(second.taken)) == (2, 1)
