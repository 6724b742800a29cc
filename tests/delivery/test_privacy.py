"""What a send leaves behind: no reader's address or name in a log, a code, or an error."""

import logging

import pytest
from django.db import connection

from dispatch import vault
from dispatch.audience.models import Subscriber
from dispatch.delivery import ledger, personalizing, relays, sending
from dispatch.delivery.mailers import base
from dispatch.delivery.models import DeliveryException, Relay

pytestmark = pytest.mark.django_db
LOUD = "alice@example.org (Alice) is not known here"


@pytest.fixture
def send_to_alice(edition, subscribe):
    """Sends it."""

    def go():
        subscribe("alice")
        sending.send_chunk(ledger.enlist(edition.pk).pk, 1)

    return go


@pytest.mark.parametrize(
    ("verb", "reply"),
    [
        ("RCPT", f"550 5.1.1 {LOUD}"),
        ("RCPT", f"450 4.2.0 {LOUD}"),
        ("RCPT", f"535 5.7.8 {LOUD}"),
        ("DATA", f"554 5.7.1 {LOUD}"),
        (".", f"554 5.7.1 {LOUD}"),
        (".", "drop"),
        ("MAIL", f"550 5.7.1 {LOUD}"),
        ("EHLO", f"550 {LOUD}"),
    ],
)
def test_a_reply_that_quotes_the_reader_is_not_kept(server, send_to_alice, caplog, verb, reply):
    caplog.set_level(logging.DEBUG)
    relays.save("main", f"smtp://127.0.0.1:{server.port}")
    server.says[verb] = [reply, reply]
    send_to_alice()
    with connection.cursor() as cursor:
        cursor.execute("SELECT (SELECT json_agg(x)::text FROM delivery_exception x)")
        (kept,) = cursor.fetchone()
    said = "".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records)
    for text in (kept or "", said, Relay.objects.get().trouble):
        assert "alice" not in text.lower()


def test_a_letter_that_cannot_be_made_is_left_out_and_the_others_go(fake, edition, subscribe, caplog):
    alice, bob, charlie = (subscribe(name) for name in ("alice", "bob", "charlie"))
    Subscriber.objects.filter(pk=alice.pk).update(address=b"not sealed by us")
    two = vault.seal("bob@example.org,eve@example.org", f"subscriber:{bob.pk}:address")
    Subscriber.objects.filter(pk=bob.pk).update(address=two)
    send = ledger.enlist(edition.pk)
    sending.send_chunk(send.pk, 1)
    assert [message.recipient for message in fake.taken] == ["charlie@example.org"]
    assert ledger.fate(send.pk, charlie.pk) == "sent"
    codes = dict(DeliveryException.objects.values_list("subscriber_id", "code"))
    assert codes == {alice.pk: "unreadable", bob.pk: "valueerror"}
    assert "eve" not in caplog.text


def test_a_letter_to_another_than_its_reader_never_reaches_a_mailer(fake, edition, subscribe, monkeypatch):
    alice, bob = subscribe("alice"), subscribe("bob")
    right = personalizing.fill

    def mixed_up(compiled, reader):
        other = personalizing.Reader(reader.number, "bob@example.org", reader.name, reader.handle)
        return right(compiled, other)

    monkeypatch.setattr(personalizing, "fill", mixed_up)
    send = ledger.enlist(edition.pk)
    sending.send_chunk(send.pk, 1)
    assert [message.recipient for message in fake.taken] == ["bob@example.org"]
    assert ledger.fate(send.pk, alice.pk) == "failed_render"
    assert ledger.fate(send.pk, bob.pk) == "sent"


@pytest.mark.parametrize("head", [b"Cc: eve@example.org", b"bcc : eve@example.org", b"to:eve@example.org"])
def test_a_second_recipient_in_the_head_is_stopped(head):
    data = b"To: alice@example.org\r\n" + head + b"\r\n\r\nHello\r\n"
    with pytest.raises(base.Misaddressed) as stopped:
        base.Message("news@example.org", "alice@example.org", data)
    assert "alice" not in str(stopped.value)
