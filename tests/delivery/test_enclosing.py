"""Letters of a reader with a key: outside nothing but the way, inside the whole letter; encrypted or not sent at all."""

import logging
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import dkim
import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import ed25519
from pysequoia import Tsk, decrypt

from dispatch import openpgp, vault
from dispatch.audience import preferences
from dispatch.delivery import enclosing, ledger, sending, signing
from dispatch.delivery.models import DeliveryException, Relay

pytestmark = pytest.mark.django_db
OWNER = Tsk.generate(user_id="Alice <alice@example.org>", validity_seconds=10 * 24 * 3600)
PUBLIC = str(OWNER.extract_certificate())


@pytest.fixture
def alice(subscribe):
    alice = subscribe("alice")
    preferences.encrypt_to(alice, openpgp.read(PUBLIC))
    return alice


def sent(fake, edition):
    send = ledger.enlist(edition.pk)
    for number in (1, 2):
        sending.send_chunk(send.pk, number)
    return send, {message.recipient: message.whole() for message in fake.taken}


def opened(raw):
    """The parts that RFC 3156 asks for, and the message inside."""
    outer = message_from_bytes(raw, policy=policy.default)
    assert (outer.get_content_type(), outer["Content-Type"].params["protocol"]) == (
        "multipart/encrypted", "application/pgp-encrypted",
    )  # fmt: skip
    version, sealed = outer.iter_parts()
    assert (version.get_content_type(), version.get_content().strip()) == ("application/pgp-encrypted", b"Version: 1")
    assert sealed.get_content_type() == "application/octet-stream"
    content = decrypt(decryptor=OWNER.decryptor(), bytes=sealed.get_content()).bytes
    return outer, message_from_bytes(content, policy=policy.default), content


def test_a_reader_with_a_key_gets_the_whole_letter_inside_an_encrypted_one(fake, edition, alice, subscribe):
    subscribe("bob")
    send, taken = sent(fake, edition)
    outer, inner, _ = opened(taken["alice@example.org"])
    assert inner["Subject"] == "News in en"
    assert "Hello, Alice!" in inner.get_body(("plain",)).get_content()
    assert "Hello, Alice!" in inner.get_body(("html",)).get_content()
    assert [str(inner[name]) for name in ("To", "From", "List-Id", "Message-ID")] == [
        "alice@example.org", "Офіс <news@example.org>", "<office.mail.invalid>", outer["Message-ID"],
    ]  # fmt: skip
    assert b"Subject: News in en" in taken["bob@example.org"]
    assert ledger.fate(send.pk, alice.pk) == "sent"


def test_outside_nothing_says_what_it_is(fake, edition, alice):
    _, taken = sent(fake, edition)
    raw = taken["alice@example.org"]
    outer, _, _ = opened(raw)
    assert (outer["Subject"], outer["From"]) == ("[...]", "news@example.org")
    assert set(outer) == {
        "From", "To", "Subject", "Date", "Message-ID", "Reply-To", "MIME-Version", "Content-Type", "List-Unsubscribe",
        "List-Unsubscribe-Post",
    }  # fmt: skip
    assert outer["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert not [word for word in (b"News", b"Alice", b"office", b"=?utf-8") if word in raw]
    assert max(map(len, raw.split(b"\r\n"))) <= 78
    assert not any(line.startswith(b".") for line in raw.split(b"\r\n"))


def test_mail_programs_are_told_which_header_is_the_real_one(fake, edition, alice):
    """RFC 9788 sections 2.1 and 2.2."""
    _, taken = sent(fake, edition)
    outer, inner, _ = opened(taken["alice@example.org"])
    assert inner["Content-Type"].params["hp"] == "cipher"
    assert inner["Content-Type"].params["protected-headers"] == "v1"
    told = {tuple(str(value).split(": ", 1)) for value in inner.get_all("HP-Outer")}
    ours = {(name, str(value)) for name, value in outer.items() if name not in {"MIME-Version", "Content-Type"}}
    assert {name for name, _ in told} == {name for name, _ in ours}
    assert ("Subject", "[...]") in told


def test_the_outer_letter_is_what_is_signed(alice):
    head = b"From: news@example.org\r\nTo: alice@example.org\r\nSubject: News\r\nContent-Type: text/plain\r\n\r\n"
    outer, body = enclosing.enclose(head, [b"Hello\r\n"], PUBLIC)
    private = ed25519.Ed25519PrivateKey.generate()
    signed = signing.sign(outer, body, [signing.key("a._domainkey.example.org", private)]) + b"".join(body)
    record = signing.record(private).replace('"', "").encode()
    assert dkim.verify(signed, dnsfunc=lambda *_, **__: record)


def test_a_discreet_letters_own_kind_of_body_comes_out_as_it_was(alice):
    head = (
        b"From: a@example.net\r\nTo: alice@example.org\r\nSubject: Letter\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: text/plain; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
    )
    outer, body = enclosing.enclose(head, [b"=D0=9D=D0=B0\r\n"], PUBLIC)
    _, inner, content = opened(outer + b"".join(body))
    assert inner.get_content().strip() == "На"
    assert content.endswith(b"\r\n\r\n=D0=9D=D0=B0\r\n")


@pytest.mark.parametrize("days", [11, 400])
def test_who_has_an_expired_key_gets_nothing_and_that_is_said(fake, edition, alice, subscribe, days):
    bob = subscribe("bob")
    with time_machine.travel(datetime.now(UTC) + timedelta(days=days)):
        send, taken = sent(fake, edition)
    assert set(taken) == {"bob@example.org"}
    assert (ledger.fate(send.pk, alice.pk), ledger.fate(send.pk, bob.pk)) == ("failed_render", "sent")
    assert DeliveryException.objects.get().code == "key expired"
    assert ledger.totals(send.pk).exceptions == {"failed_render": 1}


def test_whatever_goes_wrong_a_letter_never_leaves_in_the_clear(fake, edition, alice, monkeypatch, caplog):
    caplog.set_level(logging.DEBUG)

    def broken(**_):
        raise RuntimeError("Alice <alice@example.org>")

    monkeypatch.setattr("pysequoia.encrypt", broken)
    send, taken = sent(fake, edition)
    assert taken == {}
    assert DeliveryException.objects.get().code == "key unfit"
    assert "alice" not in caplog.text.lower()
    assert ledger.fate(send.pk, alice.pk) == "failed_render"


def test_a_key_that_was_moved_to_another_reader_opens_nothing(fake, edition, alice, subscribe):
    bob = subscribe("bob")
    bob.openpgp = alice.openpgp
    bob.save()
    send, taken = sent(fake, edition)
    assert set(taken) == {"alice@example.org"}
    assert ledger.fate(send.pk, bob.pk) == "failed_render"


def test_a_provider_that_builds_its_own_mail_gets_none_of_them(fake, edition, alice):
    Relay.objects.update(kind=Relay.Kind.ANYMAIL)
    send, taken = sent(fake, edition)
    assert taken == {}
    assert DeliveryException.objects.get().code == "key needs smtp"
    assert ledger.fate(send.pk, alice.pk) == "failed_render"


def test_a_letter_without_a_key_is_not_touched(fake, edition, subscribe, monkeypatch):
    subscribe("bob")
    monkeypatch.setattr(enclosing, "enclose", None)
    _, taken = sent(fake, edition)
    assert b"Subject: News in en" in taken["bob@example.org"]


def test_a_stored_key_opens_with_the_vaults_keys_only(alice):
    assert b"PUBLIC KEY" not in bytes(alice.openpgp)
    assert vault.unseal(bytes(alice.openpgp), f"subscriber:{alice.pk}:openpgp") == PUBLIC
