"""Postfix, Exim and OpenSMTPD take our letters and carry each to its reader, once."""

import dataclasses
import smtplib
import ssl
import time

import pytest
from faulty_relay import BODY, CAST, letter, letters

from dispatch.delivery.mailers import dialling
from dispatch.delivery.mailers.base import Message, Trouble
from dispatch.delivery.mailers.envelopes import Offers
from dispatch.outcomes import Deferred, Refused, Sent

pytestmark = pytest.mark.counterpart
MECHANISMS = {
    "postfix": ("plain", "login", "scram-sha-256", ""),  # with Dovecot
    "exim4-daemon-light": ("plain", "login", ""),
    "opensmtpd": ("plain", "login", ""),
}


def arrived(real, messages):
    """What came out at the other end for these readers, once everyone has something or a while has passed."""
    wanted = {message.recipient for message in messages}
    deadline, came = time.monotonic() + 120, []
    while time.monotonic() < deadline and len(came) < len(wanted):
        time.sleep(0.05)
        came = [one for one in list(real.onward.taken) if set(one.recipients) & wanted]
    return came


def people(tag, count):
    """Letters to readers whom no other test knows."""
    return [letter(f"{name}.{tag}") for name in CAST[:count]]


def test_it_is_spoken_to_by_what_it_offers(real):
    dialled = dialling.dial(real.relay())
    dialled.sock.close()
    modern = real.name != "opensmtpd"
    assert dialled.offers == Offers(
        pipelining=modern, chunking=modern, declares_size=True, size=100_000, smtputf8=modern, requiretls=False
    )


@pytest.fixture
def encrypting(real):
    """`real`, where its TLS works."""
    try:
        with smtplib.SMTP("127.0.0.1", real.port) as client:
            client.starttls(context=ssl.create_default_context(cafile=real.cafile))
    except ssl.SSLError:
        pytest.skip(f"this {real.name} cannot speak TLS (as Debian 12's OpenSMTPD: OpenSSL 3 lacks what it needs)")
    return real


def each_arrives_once_and_whole(real, mailer, messages):
    assert list(mailer.send(messages)) == [Sent()] * len(messages)
    came = arrived(real, messages)
    assert sorted(one.recipients for one in came) == sorted([one.recipient] for one in messages)
    bodies = {message.recipient: message.data.partition(b"\r\n\r\n")[2] for message in messages}
    for one in came:
        assert one.data.partition(b"\r\n\r\n")[2] == bodies[one.recipients[0]]


@pytest.mark.parametrize("connections", [1, 4])
def test_each_letter_arrives_once_and_whole(real, opened, connections):
    """Over one connection too, though Exim here takes no more than thirty on each."""
    each_arrives_once_and_whole(real, opened(real.relay(connections=connections)), people(f"by{connections}", 40))


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_each_letter_arrives_once_and_whole_over_tls(encrypting, opened, security):
    each_arrives_once_and_whole(encrypting, opened(encrypting.relay(security)), people(security, 20))


def test_who_is_refused_is_refused_alone(real, opened):
    around = people("around", 20)
    messages = [*around[:10], letter("bob"), *around[10:]]
    answers = list(opened(real.relay(connections=2)).send(messages))
    assert isinstance(answers[10], Refused | Deferred), answers[10]
    assert answers[10].code.startswith("5")
    assert answers[:10] + answers[11:] == [Sent()] * 20
    assert len(arrived(real, around)) == 20


def test_a_message_that_is_too_large_waits_and_the_next_one_goes(real, opened):
    first, second = people("large", 2)
    large = dataclasses.replace(first, data=first.data + b"a line of it\r\n" * 10_000)
    assert [type(one) for one in opened(real.relay(connections=1)).send([large, second])] == [Deferred, Sent]


def test_a_certificate_that_nobody_vouches_for_is_trouble(encrypting, opened):
    (answer,) = opened(dataclasses.replace(encrypting.relay("starttls"), cafile="")).send(letters(1))
    assert isinstance(answer, Trouble)
    assert "certificate" in answer.reason


def test_it_lets_us_in_with_the_right_password_only(encrypting, opened):
    relay = encrypting.relay("starttls", user="office", password="open sesame")
    for mechanism in MECHANISMS[encrypting.name]:
        assert opened(dataclasses.replace(relay, auth=mechanism)).knock() is None, mechanism
        refused = opened(dataclasses.replace(relay, auth=mechanism, password="guess")).knock()
        assert (refused.reason, refused.code) == ("the relay refuses the user name or password", "535")


def test_it_lets_us_in_with_a_token_where_it_knows_tokens(encrypting, opened, access_token):
    relay = encrypting.relay("starttls", user="office", password=access_token, auth="xoauth2")
    if encrypting.name != "postfix":
        assert opened(relay).knock() == Trouble("the relay lets nobody sign in with XOAUTH2")
        return
    assert opened(relay).knock() is None
    assert opened(dataclasses.replace(relay, password=f"{access_token}x")).knock().code == "535"


def test_an_international_address_goes_where_it_is_taken(real, opened):
    address = f"аліса.{real.name}@example.org"
    message = Message("news@example.org", address, BODY % (address.encode(), b"Alice"))
    (answer,) = opened(real.relay()).send([message])
    if real.name == "opensmtpd":
        assert answer == Refused(reason="the relay takes no international addresses", code="550 5.6.7")
        return
    assert answer == Sent()
    (came,) = arrived(real, [message])
    assert came.recipients == [address]


def test_an_international_domain_goes_anywhere(real, opened):
    address = f"alice.{real.name}@прыклад.бел"
    message = Message("news@example.org", address, BODY % (address.encode(), b"Alice"))
    assert list(opened(real.relay()).send([message])) == [Sent()]


def test_by_now_nobody_has_got_anything_twice(real):
    recipients = [recipient for one in real.onward.taken for recipient in one.recipients]
    assert len(recipients) == len(set(recipients))
