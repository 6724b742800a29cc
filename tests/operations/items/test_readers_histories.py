"""A reader's page tells all that happened to that reader's letter, and nothing that happened to another's."""

import newsroom
import pytest

from dispatch import queue
from dispatch.delivery import acts, events, heaps, ledger, progress, relays, sending
from dispatch.delivery.mailers.fake import Fake
from dispatch.delivery.models import Chunk, DeliveryException, Send
from dispatch.operations import sweeping
from dispatch.operations.items import history
from dispatch.operations.items import wanted as wanting
from dispatch.outcomes import Deferred, Refused, Sent

pytestmark = pytest.mark.django_db
LATER, NO = Deferred(until=None, reason="greylisted", code="450 4.2.1"), Refused(reason="gone", code="550 5.1.1")


@pytest.fixture
def answers():
    """What the relay says to the next letters; then it takes them."""
    return [LATER, NO, LATER]


@pytest.fixture
def send(answers, monkeypatch):
    """Five readers: the first and the third are deferred, the second refused, the others have it."""
    monkeypatch.setattr(queue, "enqueue", lambda *_: None)
    office = newsroom.newsletter(languages=["en"])
    newsroom.readers(office, en=5)
    newsroom.relay()
    monkeypatch.setattr(relays, "open_mailer", lambda _: Fake(lambda _: answers.pop(0) if answers else Sent()))
    one = newsroom.send(office, newsroom.story("en"))
    sending.send_chunk(one.pk, 1)
    return one


@pytest.fixture
def alice():
    return newsroom.person("operator", "Alice")


def readers():
    return list(DeliveryException.objects.order_by("subscriber_id").values_list("subscriber_id", flat=True))


def told(send, reader):
    """The page's lines, the oldest first: (state, words, who, why)."""
    events = history.of("reader", f"{send.pk}-{reader}").events
    return [(event.word, event.words, event.who, event.why) for event in reversed(events)]


def try_again(send):
    DeliveryException.objects.filter(state="deferred").update(next_attempt_at="2020-01-01T00:00Z")
    ledger.promote_due()
    for number in Chunk.objects.filter(send=send, state="pending").values_list("number", flat=True):
        sending.send_chunk(send.pk, number)


def test_an_act_upon_another_reader_is_not_this_ones(send, alice):
    first, second, third = readers()
    assert heaps.one(send.pk, first, "retry", alice, "Bob rang us")
    assert heaps.one(send.pk, third, "drop", alice, "Dora left")
    assert told(send, second) == [("refused", "550 5.1.1 from main", "", "")]
    assert told(send, first)[1:] == [("", "reader.retry", "Alice", "Bob rang us")]
    assert told(send, third) == [
        ("deferred", "450 4.2.1 from main", "", ""),
        ("", "reader.drop", "Alice", "Dora left"),
    ]


def test_an_act_upon_many_is_told_to_whom_it_reached(send, alice):
    first, second, third = readers()
    sweeping.begin("retry", wanting.Wanted(code="450 4.2.1"), alice, "their server is back")
    while sweeping.open_ones():
        sweeping.go_on()
    assert [who for *_, who, why in told(send, first) if why] == ["Alice"]
    assert told(send, first)[-1][1:] == (
        "readers.retry", "Alice", "kind=reader&code=450+4.2.1: their server is back"
    )  # fmt: skip
    assert told(send, third)[-1] == told(send, first)[-1]
    assert told(send, second) == [("refused", "550 5.1.1 from main", "", "")]


@pytest.mark.parametrize("do", [acts.retry, acts.drop])
def test_an_act_from_what_waits_loses_no_answer_and_no_moment(send, alice, do):
    first, second, _ = readers()
    answered = DeliveryException.objects.get(subscriber_id=first).at
    assert do(send.pk, alice, "their server is back", state="deferred") == 2
    one = DeliveryException.objects.get(subscriber_id=first)
    assert one.at > answered
    assert one.past[0] == f"{answered:%Y-%m-%dT%H:%M:%S.%fZ} deferred {one.answered_by} 450 4.2.1"
    assert told(send, first) == [
        ("deferred", "450 4.2.1 from main", "", ""),
        ("", f"send.{do.__name__}", "Alice", "their server is back"),
    ]
    assert len(told(send, second)) == 1


def test_a_refused_one_that_is_tried_again_stays_refused_in_its_history(send, alice, answers):
    _, second, _ = readers()
    answers += [LATER, LATER, LATER]
    heaps.one(send.pk, second, "retry", alice, "their server is back")
    acts.retry(send.pk, alice, "hurry", state="deferred")
    try_again(send)
    assert told(send, second) == [
        ("refused", "550 5.1.1 from main", "", ""),
        ("", "reader.retry", "Alice", "their server is back"),
        ("", "send.retry", "Alice", "hurry"),
        ("deferred", "450 4.2.1 from main", "", ""),
    ]


def test_the_end_of_the_editions_time_is_told_and_the_last_answer_stays(send):
    first, *_ = readers()
    Send.objects.update(expires_at="2020-01-01T00:00Z")
    assert ledger.promote_due() == []
    assert told(send, first) == [
        ("deferred", "450 4.2.1 from main", "", ""),
        ("refused", "The edition's time to be tried was over.", "", ""),
    ]


def test_a_bounce_and_its_moment_follow_what_was_answered_before(send):
    first, *_ = readers()
    before = DeliveryException.objects.get(subscriber_id=first).at
    events.record(send.pk, first, "bounced", "5.1.1")
    assert told(send, first) == [("deferred", "450 4.2.1 from main", "", ""), ("bounced", "5.1.1", "", "")]
    assert DeliveryException.objects.get(subscriber_id=first).at > before


def test_a_cancelled_sends_reader_keeps_the_answer_before_it(send, alice):
    first, *_ = readers()
    acts.cancel(send.pk, alice, "withdrawn")
    assert told(send, first) == [
        ("deferred", "450 4.2.1 from main", "", ""),
        ("", "send.cancel", "Alice", "withdrawn"),
        ("cancelled", "", "", ""),
    ]


def test_what_ended_well_keeps_its_page(send, answers, alice):
    first, *_ = readers()
    heaps.one(send.pk, first, "retry", alice, "Bob rang us")
    answers += [LATER, LATER]
    try_again(send)
    try_again(send)
    item = history.of("reader", f"{send.pk}-{first}")
    assert (item.row.word, item.row.acts, item.row.tries) == ("sent", (), 3)
    assert [line[:3] for line in told(send, first)] == [
        ("deferred", "450 4.2.1 from main", ""),
        ("", "reader.retry", "Alice"),
        ("deferred", "450 4.2.1 from main", ""),
        ("sent", "from main", ""),
    ]
    assert progress.of_send(send.pk).exceptions == {"refused": 1}


def test_a_bounce_after_a_late_acceptance_keeps_what_was_before(send):
    first, *_ = readers()
    try_again(send)
    events.record(send.pk, first, "bounced", "5.1.1")
    assert [line[:2] for line in told(send, first)] == [
        ("deferred", "450 4.2.1 from main"),
        ("sent", "from main"),
        ("bounced", "5.1.1"),
    ]
