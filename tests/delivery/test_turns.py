"""Sends that are under way side by side share the workers: none waits for another's end, whoever was rung for."""

from datetime import timedelta

import newsroom
import pytest

from dispatch import logs
from dispatch.accounts import stopping
from dispatch.delivery import ledger, relays, sending, statements, turns
from dispatch.delivery.mailers.fake import Fake
from dispatch.delivery.models import Chunk, Send
from dispatch.outcomes import Sent

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def one_chunk_at_a_time(settings, monkeypatch):
    settings.DELIVERY = settings.DELIVERY | {"chunk": 6, "window": 2}
    monkeypatch.setattr(relays, "open_mailer", lambda relay: Fake(lambda message: Sent()))
    monkeypatch.setattr(sending, "TURN", 0.0)


def under_way(slug, count=18):
    letter = newsroom.newsletter(slug, languages=["en"])
    newsroom.readers(letter, en=count)
    newsroom.relay()
    return newsroom.send(letter, newsroom.story("en"))


@pytest.fixture
def weekly():
    return under_way("weekly")


@pytest.fixture
def daily():
    return under_way("daily")


def left(send):
    return Chunk.objects.filter(send=send, state="pending").count()


def test_with_nobody_else_at_work_a_worker_sends_what_it_was_rung_for(weekly, daily):
    sending.send_chunk(daily.pk, 2)
    assert (left(weekly), left(daily)) == (3, 2)
    assert Chunk.objects.get(send=daily, number=2).state == "done"


def test_a_send_that_nobody_is_at_goes_before_one_that_has_workers(weekly, daily):
    ledger.claim(weekly.pk, 1)
    sending.send_chunk(weekly.pk, 2)
    assert (left(weekly), left(daily)) == (2, 2)


def test_workers_are_shared_evenly_however_many_doorbells_one_send_has(weekly, daily):
    for number in range(1, 5):
        turn = turns.whose(weekly.pk, number)
        assert ledger.claim(*turn, or_next=True), number
    assert (left(weekly), left(daily)) == (1, 1)


def test_a_doorbell_of_a_send_that_is_through_is_of_use_to_another(weekly, daily):
    for number in range(1, 4):
        sending.send_chunk(weekly.pk, number)
    sending.send_chunk(weekly.pk, 1)
    assert left(daily) == 2


def abandon(send, number):
    ledger.claim(send.pk, number)
    Chunk.objects.filter(send=send, number=number).update(lease_until="2020-01-01T00:00:00Z")


def test_what_a_dead_worker_left_behind_goes_first_whichever_chunk_was_rung_for(weekly):
    abandon(weekly, 2)
    sending.send_chunk(weekly.pk, 3)
    assert Chunk.objects.get(send=weekly, number=2).state == "done"
    assert left(weekly) == 2


def test_what_was_left_behind_goes_before_a_send_that_nobody_is_at(weekly, daily):
    ledger.claim(weekly.pk, 1)
    abandon(weekly, 2)
    assert turns.whose(daily.pk, 1) == (weekly.pk, 2)


def test_what_was_left_behind_and_may_not_go_keeps_nothing_else(weekly):
    """As a variant under embargo, or one that waits for a free connection."""
    Chunk.objects.filter(send=weekly, number=2).update(provider_class=2)
    abandon(weekly, 2)
    assert turns.whose(weekly.pk, 3, [2]) == (weekly.pk, 3)
    Chunk.objects.filter(send=weekly, number=2).update(not_before=statements.now() + timedelta(minutes=1))
    assert turns.whose(weekly.pk, 3) == (weekly.pk, 3)


def test_whose_worker_died_is_served_before_who_has_one(weekly, daily):
    ledger.claim(weekly.pk, 1)
    ledger.claim(daily.pk, 1)
    ledger.claim(daily.pk, 2)
    Chunk.objects.filter(send=weekly).exclude(number=1).update(state="done")
    Chunk.objects.filter(send=weekly, number=1).update(lease_until="2020-01-01T00:00:00Z")
    assert turns.whose(daily.pk, 1) == (weekly.pk, 1)


def test_who_took_a_chunk_long_ago_and_moved_nothing_since_is_no_worker(weekly, daily):
    """Of a host that is gone the leases stand for minutes."""
    for number in (1, 2):
        ledger.claim(weekly.pk, number)
    ledger.claim(daily.pk, 1)
    assert turns.whose(weekly.pk, 1) == (daily.pk, 2)
    Chunk.objects.filter(send=weekly, state="leased").update(
        claimed_at=statements.now() - timedelta(seconds=61), rung_at=None
    )
    assert turns.whose(daily.pk, 1) == (weekly.pk, 3)


def test_under_an_embargo_another_has_the_turn(weekly, daily):
    third = under_way("third")
    weekly.edition.stories.get().story.__class__.objects.filter(pk__in=weekly.edition.stories.values("story")).update(
        embargo_until=statements.now() + timedelta(hours=1)
    )
    ledger.claim(daily.pk, 1)
    sending.send_chunk(daily.pk, 2)
    assert (left(weekly), left(daily), left(third)) == (3, 2, 2)


@pytest.mark.parametrize("state", [Send.State.PAUSED, Send.State.CANCELLED, Send.State.READY])
def test_what_does_not_go_on_has_no_turn(weekly, daily, state):
    Send.objects.filter(pk=weekly.pk).update(state=state)
    assert turns.whose(weekly.pk, 1) == (daily.pk, 1)


def test_what_is_stopped_has_no_turn(weekly):
    stopping.stop("newsletter", weekly.edition.newsletter_id, None, "a test")
    assert turns.whose(weekly.pk, 1) is None


def test_a_class_without_a_free_connection_has_no_turn(weekly, daily):
    Chunk.objects.filter(send=weekly).update(provider_class=2)
    assert turns.whose(weekly.pk, 1, [2]) == (daily.pk, 1)


def test_where_the_one_in_turn_cannot_go_the_worker_does_what_it_was_rung_for(weekly, daily, monkeypatch):
    monkeypatch.setattr(turns, "whose", lambda send, number, full, besides: None if besides else (weekly.pk, 1))
    stopping.stop("newsletter", weekly.edition.newsletter_id, None, "a test")
    sending.send_chunk(daily.pk, 1)
    assert (left(weekly), left(daily)) == (3, 2)


def test_its_lines_carry_the_trail_of_the_send_they_are_about(weekly, daily, monkeypatch):
    Send.objects.filter(pk=daily.pk).update(trail="webhook:12")
    seen = []
    monkeypatch.setattr(relays, "open_mailer", lambda relay: Fake(lambda _: seen.append(logs.trail.get()) or Sent()))
    ledger.claim(weekly.pk, 1)
    with logs.following("webhook:11"):
        sending.send_chunk(weekly.pk, 2)
        assert logs.trail.get() == "webhook:11"
    assert set(seen) == {"webhook:12"}
