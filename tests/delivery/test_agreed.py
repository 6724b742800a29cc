"""What a second person agreed to is what leaves: rows that were changed afterwards are refused by whoever claims them."""

import newsroom
import pytest
from django.db import connection

from dispatch.audience.models import Subscription
from dispatch.delivery import acts, approving, ledger, sending
from dispatch.delivery.models import Approval, Chunk, DeliveryException, Send
from dispatch.editions.models import Variant, digest

pytestmark = pytest.mark.django_db


@pytest.fixture
def send(settings, monkeypatch):
    """To six readers of English in three chunks, and one of Belarusian; Bob agreed to it."""
    settings.DELIVERY = settings.DELIVERY | {"approve_from": 5, "chunk": 2}
    monkeypatch.setattr(sending, "TURN", 0.0)  # one chunk each time
    office = newsroom.newsletter()
    newsroom.readers(office, en=6, be=1)
    waiting = approving.enlist(newsroom.edition(office, newsroom.story("en", "be")).pk)
    seen = bytes(Approval.objects.get(send=waiting).hash).hex()
    assert approving.agree(waiting.pk, seen, newsroom.person("approver", "Bob"), "read it")
    return waiting


def chunks(send, language="en"):
    of = Variant.objects.get(edition=send.edition_id, language=language)
    return Chunk.objects.filter(send=send, variant=of, is_retry=False).order_by("number")


def left(fake, send, chunk):
    """How many letters leave when a worker hears of this chunk; what it says when it is held."""
    before = len(fake.taken)
    sending.send_chunk(send.pk, chunk.number)
    chunk.refresh_from_db()
    assert (chunk.state == Chunk.State.STUCK) is bool(chunk.trouble)
    return len(fake.taken) - before, chunk.trouble


def deferred(send, chunk, reader):
    """As if the relay had said 4xx to one reader, and the time for the next try had come."""
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO delivery_exception
            (send_id, subscriber_id, chunk, state, code, attempts, doubts, next_attempt_at, at)
            VALUES (%s, %s, %s, 'deferred', '451', 1, 0, now() - interval '1 s', now())""",
            [send.pk, reader, chunk.number],
        )
    return Chunk.objects.get(send=send, number=ledger.promote_due()[0][1])


def test_what_was_agreed_to_leaves_and_whoever_was_deferred_is_tried_again(fake, send):
    assert [left(fake, send, chunk) for chunk in send.chunks.order_by("pk")] == [(2, ""), (2, ""), (2, ""), (1, "")]
    chunk = chunks(send).first()
    retry = deferred(send, chunk, chunk.recipients[0])
    assert left(fake, send, retry) == (1, "")
    assert not DeliveryException.objects.filter(send=send).exists()


def another_letter(chunk):
    """With a hash that fits it."""
    words = (chunk.variant.subject, "<p>Something else</p>", "Something else")
    Variant.objects.filter(pk=chunk.variant_id).update(html=words[1], text=words[2], hash=digest(*words))


def another_reader(chunk):
    office = chunk.send.edition.newsletter
    newsroom.readers(office, en=1)
    stranger = Subscription.objects.latest("pk").subscriber_id
    Chunk.objects.filter(pk=chunk.pk).update(recipients=[chunk.recipients[0], stranger])


def another_language(chunk):
    other = Variant.objects.filter(edition=chunk.send.edition_id).exclude(pk=chunk.variant_id).get()
    Chunk.objects.filter(pk=chunk.pk).update(variant=other)


def a_chunk_twice(chunk):
    """The readers and the seal of one in another's place."""
    other = Chunk.objects.filter(send=chunk.send_id, variant=chunk.variant_id).exclude(pk=chunk.pk).first()
    Chunk.objects.filter(pk=chunk.pk).update(recipients=other.recipients, seal=other.seal)


def no_seal(chunk):
    Chunk.objects.filter(pk=chunk.pk).update(seal=None)


@pytest.mark.parametrize("change", [another_letter, another_reader, another_language, a_chunk_twice, no_seal])
def test_a_row_that_was_changed_afterwards_lets_nothing_leave(fake, send, change):
    chunk = chunks(send).first()
    change(chunk)
    held = (0, "The letter or its readers are not those that somebody agreed to: nobody gets it.")
    assert left(fake, send, chunk) == held
    acts.free_stuck(send.pk, chunk.number, None, "try")
    assert left(fake, send, chunk) == held


def test_a_stranger_among_those_who_are_tried_again_holds_them_all(fake, send):
    first, last = chunks(send).first(), chunks(send).last()
    left(fake, send, first)
    retry = deferred(send, first, first.recipients[0])
    Chunk.objects.filter(pk=retry.pk).update(recipients=[*retry.recipients, 0])
    assert left(fake, send, retry)[1].startswith("A reader who is tried again is not among those")
    Chunk.objects.filter(pk=retry.pk).update(recipients=[retry.recipients[0], last.recipients[0]])
    acts.free_stuck(send.pk, retry.number, None, "mended")
    assert left(fake, send, retry) == (2, "")


def test_nobody_is_tried_again_from_a_chunk_that_was_changed(fake, send):
    first, last = chunks(send).first(), chunks(send).last()
    left(fake, send, first)
    Chunk.objects.filter(pk=last.pk).update(recipients=[*last.recipients, 0])
    retry = deferred(send, first, first.recipients[0])
    assert left(fake, send, retry) == (
        0,
        "Readers were changed after somebody agreed to them: nobody is tried again.",
    )


def test_a_send_that_was_never_agreed_to_does_not_leave_by_changing_its_state(fake, settings):
    settings.DELIVERY = settings.DELIVERY | {"approve_from": 1}
    office = newsroom.newsletter()
    newsroom.readers(office, en=2)
    waiting = approving.enlist(newsroom.edition(office, newsroom.story("en")).pk)
    Send.objects.filter(pk=waiting.pk).update(state=Send.State.SENDING)
    assert left(fake, waiting, waiting.chunks.get())[0] == 0


def test_where_nobody_was_asked_there_is_no_seal(fake, settings):
    settings.DELIVERY = settings.DELIVERY | {"approve_from": 0}
    office = newsroom.newsletter()
    newsroom.readers(office, en=2)
    send = newsroom.send(office, newsroom.story("en"))
    assert send.chunks.get().seal is None
    assert left(fake, send, send.chunks.get()) == (2, "")
