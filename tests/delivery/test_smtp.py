"""The SMTP mailer against a server that answers as it is told, verb by verb, over a real socket."""

import socket
import threading

import pytest

from dispatch.delivery import relays
from dispatch.delivery.mailers import smtp
from dispatch.delivery.mailers.base import Message, Trouble
from dispatch.outcomes import Deferred, Refused, Sent, Unknown

DROP = "drop"
DATA = b"From: news@example.org\r\nTo: %s\r\n\r\nHello\r\n"


def letter(name="alice"):
    return Message("news@example.org", f"{name}@example.org", DATA % f"{name}@example.org".encode())


@pytest.fixture
def mailer(server):
    made = smtp.Smtp(smtp.Relay(host="127.0.0.1", port=server.port, security="none"))
    yield made
    made.close()


def test_a_window_goes_over_one_connection_each_message_with_one_recipient(server, mailer):
    answers = list(mailer.send([letter("alice"), letter("bob")]))
    assert answers == [Sent(), Sent()]
    assert server.taken == [letter("alice").data, letter("bob").data]
    assert server.connections == 1
    assert [line for line in server.heard if line.startswith("RCPT")] == [
        "RCPT TO:<alice@example.org>",
        "RCPT TO:<bob@example.org>",
    ]


@pytest.mark.parametrize(
    ("verb", "reply", "outcome"),
    [
        ("RCPT", "450 4.2.0 greylisted", Deferred),
        ("RCPT", "451 4.3.0 later", Deferred),
        ("RCPT", "452 4.5.3 too many", Deferred),
        ("RCPT", "550 5.1.1 no such user", Refused),
        ("RCPT", "553 5.1.3 bad address", Refused),
        ("RCPT", "554 5.7.1 relay access denied", Deferred),
        ("RCPT", "535 5.7.8 sign in", Trouble),
        ("DATA", "451 4.3.0 later", Deferred),
        ("DATA", "554 5.5.1 no valid recipients", Refused),
        (".", "451 4.3.0 later", Deferred),
        (".", "552 5.3.4 too big", Refused),
        (".", "554 5.7.1 looks like spam", Deferred),
        ("MAIL", "451 4.3.0 later", Trouble),
        ("MAIL", "550 5.7.1 not your sender", Trouble),
        ("MAIL", "530 5.7.0 sign in", Trouble),
    ],
)
def test_what_a_reply_means_depends_on_its_verb(server, mailer, verb, reply, outcome):
    server.says[verb] = [reply]
    answers = list(mailer.send([letter("alice"), letter("bob")]))
    assert isinstance(answers[0], outcome), answers
    if outcome is Trouble:
        assert len(answers) == 1
        assert server.taken == []
        return
    assert answers[0].code == " ".join(reply.split()[:2])
    assert answers[1] == Sent()
    assert server.taken == [letter("bob").data]


def test_421_is_a_new_connection_and_nobodys_fault(server, mailer):
    server.says["RCPT"] = ["421 4.3.2 closing", "250 ok"]
    assert list(mailer.send([letter()])) == [Sent()]
    assert server.connections == 2


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
def test_a_connection_lost_before_the_message_was_handed_over_is_safe(server, mailer, verb):
    server.says[verb] = [DROP]
    assert list(mailer.send([letter()])) == [Sent()]
    assert len(server.taken) == 1


def test_a_connection_lost_after_the_final_dot_is_unknown_and_the_next_message_goes_on(server, mailer):
    server.says["."] = [DROP]
    answers = list(mailer.send([letter("alice"), letter("bob")]))
    assert isinstance(answers[0], Unknown)
    assert answers[1] == Sent()
    assert server.taken == [letter("bob").data]


def test_a_reply_that_never_comes_is_unknown(server, mailer, monkeypatch):
    monkeypatch.setattr(smtp, "FINAL", 0.2)
    monkeypatch.setattr(
        server, "answer", lambda c, v, usual=server.answer: threading.Event().wait(1) if v == "." else usual(c, v)
    )
    (answer,) = mailer.send([letter()])
    assert isinstance(answer, Unknown)


def test_nobody_listening_is_trouble():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    (answer,) = smtp.Smtp(smtp.Relay(host="127.0.0.1", port=port, security="none")).send([letter()])
    assert isinstance(answer, Trouble)


def test_a_failed_reset_means_a_new_connection(server, mailer):
    server.says["RCPT"] = ["550 5.1.1 no such user"]
    server.says["RSET"] = ["503 confused"]
    answers = list(mailer.send([letter("alice"), letter("bob")]))
    assert isinstance(answers[0], Refused)
    assert answers[1] == Sent()
    assert server.connections == 2


def test_an_international_address_needs_a_relay_that_takes_it(server, mailer):
    message = Message("news@example.org", "аліса@example.org", DATA % "аліса@example.org".encode())
    (answer,) = mailer.send([message])
    assert isinstance(answer, Refused)
    server.says["EHLO"] = ["250-hello\r\n250-SMTPUTF8\r\n250 8BITMIME"]
    mailer.close()
    assert list(mailer.send([message])) == [Sent()]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://example.org", "smtp://"),
        ("smtp://", "host"),
        ("smtp://u:p@mail.example.org?security=none", "password"),
        ("smtp://mail.example.org:many", "port"),
        ("smtp://mail.example.org?security=maybe", "security"),
        ("anymail+pigeon://", "pigeon"),
    ],
)
def test_a_relays_address_is_judged_in_words(url, words):
    with pytest.raises(relays.Unusable, match=words):
        relays.mailer_of(url)


def test_a_relays_address_may_hold_any_password():
    _, mailer = relays.mailer_of("smtps://user%40example.org:p%40ss%2F@mail.example.org")
    assert (mailer.relay.user, mailer.relay.password) == ("user@example.org", "p@ss/")
    assert (mailer.relay.port, mailer.relay.security) == (465, "tls")
