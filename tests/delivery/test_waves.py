"""The first wave: a few go ahead of a large send, and the rest only once it is known that theirs were taken well."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from dispatch.accounts.models import AuditEntry
from dispatch.delivery import acts, closing, events, ledger, sending, statements, ticks, waves
from dispatch.delivery.models import Chunk, DeliveryException, Send
from dispatch.outcomes import Deferred, Refused, Sent

pytestmark = pytest.mark.django_db
MANY, FEW = 40, 8
GONE = Refused(reason="gone", code="550 5.1.1")


@pytest.fixture
def readers(subscribe, settings_of_delivery):
    """Forty: a fifth of them goes first, where more than twenty make a large send."""
    settings_of_delivery(chunk=3, first_wave_from=20, first_wave_share=FEW / MANY, first_wave_wait_seconds=60)
    return [subscribe(f"reader{number}") for number in range(MANY)]


@pytest.fixture
def send(readers, edition, fake):
    return ledger.enlist(edition.pk)


def deliver(send):
    """A worker hears every doorbell."""
    for number in Chunk.objects.filter(send=send).order_by("number").values_list("number", flat=True):
        sending.send_chunk(send.pk, number)


def let_wait_end():
    Send.objects.exclude(wave_until=None).update(wave_until=statements.now() - timedelta(seconds=1))


def now(send):
    send.refresh_from_db()
    return send


def test_the_wave_leaves_and_the_rest_after_its_answers_and_a_wait(send, fake):
    deliver(send)
    assert (send.state, len(fake.taken)) == ("first_wave", FEW)
    ticks.watch_waves()
    deliver(send)
    wait = now(send).wave_until - statements.now()
    assert timedelta(seconds=50) < wait <= timedelta(seconds=60)
    assert len(fake.taken) == FEW
    let_wait_end()
    ticks.watch_waves()
    assert now(send).state == "sending"
    deliver(send)
    assert len({message.recipient for message in fake.taken}) == len(fake.taken) == MANY
    assert closing.close(send) == "finished"


def test_doorbells_are_rung_for_the_wave_alone(send):
    assert {number for _, number in ledger.due_chunks()} == {
        chunk.number for chunk in Chunk.objects.filter(send=send, in_wave=True)
    }


def test_a_send_that_is_not_large_goes_at_once(readers, edition, fake, settings_of_delivery):
    settings_of_delivery(first_wave_from=MANY)
    send = ledger.enlist(edition.pk)
    assert (send.state, send.first_wave) == ("sending", 0)


def test_nothing_above_turns_waves_off(readers, edition, settings_of_delivery):
    settings_of_delivery(first_wave_from=0)
    assert ledger.enlist(edition.pk).state == "sending"


def test_no_wave_is_larger_than_the_most(readers, edition, settings_of_delivery):
    settings_of_delivery(first_wave_most=2)
    assert ledger.enlist(edition.pk).first_wave == 2


def test_the_newsrooms_own_mailboxes_lead_and_do_not_count_as_the_share(readers, edition, fake, settings_of_delivery):
    settings_of_delivery(seeds=["Reader7@example.org", "nobody@example.org"])
    send = ledger.enlist(edition.pk)
    assert send.first_wave == FEW + 1
    assert Chunk.objects.get(number=1).recipients == [readers[7].pk]


def test_who_is_put_off_does_not_hold_up_everyone(send, fake):
    fake.answer = lambda _: Deferred(until=None, reason="greylisted", code="450 4.2.0")
    deliver(send)
    ticks.watch_waves()
    assert now(send).wave_until is not None
    DeliveryException.objects.update(next_attempt_at=statements.now())
    fake.answer = lambda _: Sent()
    ledger.promote_due()
    deliver(send)
    assert (now(send).state, len(fake.taken)) == ("first_wave", FEW)


def test_one_in_twenty_refused_pauses_the_send_and_it_says_why(send, fake):
    answers = iter([GONE])
    fake.answer = lambda _: next(answers, Sent())
    deliver(send)
    ticks.watch_waves()
    send = now(send)
    assert (send.state, send.is_held) == ("paused", True)
    assert send.trouble == "1 of the first 8 letters failed, most with 550 5.1.1."
    assert AuditEntry.objects.get().reason == send.trouble


def test_one_refusal_in_a_wave_of_hundreds_is_what_lists_are_like(send, fake):
    Send.objects.update(first_wave=500)
    answers = iter([GONE])
    fake.answer = lambda _: next(answers, Sent())
    deliver(send)
    assert waves.look(send.pk) == "first_wave"


def test_any_complaint_pauses_it(send, fake):
    deliver(send)
    Send.objects.update(first_wave=500)
    events.record(send.pk, Chunk.objects.get(number=1).recipients[0], "complained")
    assert waves.look(send.pk) == "paused"
    assert now(send).trouble == "1 reader of the first 500 complained of spam."


def test_a_person_lets_the_rest_go_whatever_the_wave_showed(send, fake):
    fake.answer = lambda _: GONE
    deliver(send)
    waves.look(send.pk)
    assert acts.send_rest(send.pk, None, "an old list, we know")
    ticks.watch_waves()
    send = now(send)
    assert (send.state, send.trouble, send.is_held) == ("sending", "", False)
    fake.answer = lambda _: Sent()
    deliver(send)
    assert closing.close(send) == "finished"
    assert not acts.send_rest(send.pk, None, "again")


def test_a_person_keeps_it_paused_and_home_is_told_once(send, fake):
    fake.answer = lambda _: GONE
    deliver(send)
    waves.look(send.pk)
    assert acts.keep_paused(send.pk, None, "we ask the provider")
    assert not acts.keep_paused(send.pk, None, "again")
    assert (now(send).state, send.is_held) == ("paused", False)
    assert send.trouble


def test_paused_by_a_person_in_its_wave_it_goes_on_with_the_wave(send, fake):
    acts.pause(send.pk, None, "a look")
    deliver(send)
    assert fake.taken == []
    acts.resume(send.pk, None, "fine")
    assert now(send).state == "first_wave"
    deliver(send)
    assert len(fake.taken) == FEW


def test_cancelled_in_its_wave_nobody_of_the_rest_gets_it(send, fake):
    deliver(send)
    acts.cancel(send.pk, None, "withdrawn")
    assert closing.close(send) == "cancelled"
    assert Counter(DeliveryException.objects.values_list("state", flat=True)) == {"cancelled": MANY - FEW}
    assert len(fake.taken) == FEW


STEPS = st.lists(st.sampled_from(["deliver", "look", "pause", "resume", "wait", "ring", "promote"]), max_size=12)


@given(steps=STEPS)
@how(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_never_more_than_the_wave_leaves_before_its_wait_is_over_and_nobody_gets_two(
    steps, readers, make_edition, fake
):
    fake.taken.clear()
    Send.objects.update(state=Send.State.CANCELLED)  # those of other examples, which workers would go to as well
    send = ledger.enlist(make_edition(f"story:{Send.objects.count() + 2}").pk)
    do = {
        "deliver": lambda: deliver(send),
        "look": lambda: waves.look(send.pk),
        "pause": lambda: acts.pause(send.pk, None, "a look"),
        "resume": lambda: acts.resume(send.pk, None, "fine"),
        "wait": let_wait_end,
        "ring": ledger.due_chunks,
        "promote": ledger.promote_due,
    }
    has_waited = False
    for step in steps:
        has_waited = has_waited or (step == "wait" and now(send).wave_until is not None)
        do[step]()
        if not has_waited:
            assert len(fake.taken) <= FEW
    assert max(Counter(message.recipient for message in fake.taken).values(), default=0) <= 1
