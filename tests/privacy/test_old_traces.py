"""A week after a send's end a thief of everything, its keys included, does not find out who was sent what."""

import logging
from datetime import timedelta

import newsroom
import pytest
import time_machine
from django.utils import timezone
from privacy import searching
from privacy.test_the_whole_life import journals

from dispatch import logs, vault
from dispatch.audience.models import Subscriber, Subscription
from dispatch.delivery import closing, events, forgetting, heaps, ledger, personalizing, relays, statements, verp
from dispatch.delivery.bounces import recording
from dispatch.delivery.bounces.kinds import Kind, Verdict
from dispatch.delivery.mailers.fake import Fake
from dispatch.delivery.models import Chunk, Send, SoftBounce
from dispatch.outcomes import Deferred, Refused, Sent
from dispatch.workers import email

pytestmark = pytest.mark.django_db(transaction=True)
FIRST = 7_771_000_000
"""Numbers like no other, so that a reader is found wherever one is named."""
READING = {"audience_subscriber", "audience_subscription", "delivery_softbounce"}
"""That somebody reads a newsletter must be known, and how often their mailbox sent something back; not what it was."""
SEQUENCE = "SELECT setval(pg_get_serial_sequence('audience_subscriber', 'id'), %s)"


@pytest.fixture
def readers(office, is_gate):
    """Their numbers."""
    before = statements.value("SELECT nextval(pg_get_serial_sequence('audience_subscriber', 'id'))")
    statements.value(SEQUENCE, FIRST)
    newsroom.readers(office, be=500 if is_gate else 30)
    yield list(Subscriber.objects.order_by("pk").values_list("pk", flat=True))
    statements.value(SEQUENCE, before)


@pytest.fixture
def said(caplog):
    """Everything that was logged, as each formatter writes it."""
    caplog.set_level(logging.DEBUG)
    return lambda: "\n".join(
        form.format(record) for record in caplog.records for form in (logs.Line(), logs.Json())
    ).encode()


def answer(message):
    """One in ten is refused, one in ten put off; one letter is for somebody whose address cannot be read."""
    number = Subscriber.objects.get(address_index=vault.blind_index(message.recipient)).pk
    refused = Refused(reason="gone", code="550 5.1.1")
    return {0: refused, 1: Deferred(until=None, reason="later", code="450 4.2.0")}.get(number % 10, Sent())


@pytest.fixture
def send(office, readers, said, monkeypatch):
    """Over, after everything that leaves a trace of a reader: exceptions, a retry, acts, bounces of each kind."""
    newsroom.relay()
    monkeypatch.setattr(relays, "open_mailer", lambda _: Fake(answer))
    Subscriber.objects.filter(pk=readers[5]).update(address=b"not sealed by us")
    one = newsroom.send(office, newsroom.story("be"))
    email.send_chunk(one.pk, 1)
    put_off, refused = [number for number in readers if number % 10 == 1], next(n for n in readers if n % 10 == 0)
    monkeypatch.setattr(relays, "open_mailer", lambda _: Fake(lambda _: Sent()))
    assert heaps.one(one.pk, put_off[0], "retry", None, "they wrote to us")
    assert heaps.one(one.pk, refused, "retry", None, "they wrote to us, too")
    for number in put_off[1:]:
        assert heaps.one(one.pk, number, "drop", None, "it is old")
    for place, number in ledger.promote_due():
        email.send_chunk(place, number)
    recording.record(one.pk, readers[2], Verdict(Kind.SOFT, "452 4.2.2"), "first")
    events.record(one.pk, readers[3], "bounced", "5.1.1")
    assert closing.close(one) == "finished"
    return one


def marks(send, readers):
    """What stands for one of these letters to whoever has the keys."""
    keyed = [vault.mac("soft bounce", personalizing.mark(send, number).encode())[:16].hex() for number in readers]
    return {*keyed, *(personalizing.mark(send, number) for number in readers)} | {
        verp.address(send, number, "x").partition("@")[0] for number in readers
    }


def found_marks(send, readers):
    kept = searching.database().decode()
    return {mark for mark in marks(send, readers) if mark in kept}


@pytest.mark.promise("Old traces go: after a week nobody was sent anything")
def test_a_week_later_nothing_says_who_was_sent_what(send, readers, said, broker, promise):
    assert searching.tables(*readers) == READING | {"delivery_exception", "delivery_mended", "delivery_chunk"}
    assert found_marks(send.pk, readers)
    Send.objects.update(finished_at=statements.now() - forgetting.KEPT - timedelta(minutes=1))
    while forgetting.begin() or forgetting.go_on():
        pass
    with time_machine.travel(timezone.now() + timedelta(days=9)):
        recording.forget_old()
    assert searching.tables(*readers) == READING
    assert found_marks(send.pk, readers) == set()
    assert set(Chunk.objects.values_list("recipients", "seal")) == {(None, None)}
    beside = b"".join([said(), journals(), *searching.messages(broker)])
    assert [number for number in readers if str(number).encode() in beside] == []
    assert SoftBounce.objects.count() == 1
    assert Subscription.objects.count() == len(readers)
    promise(f"{len(readers)} readers' numbers, and marks of their letters, in every table: none beside who reads")
