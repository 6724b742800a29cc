"""Over TLS a letter's fate is known as exactly as without: what counts as written is what the other side can read."""

import contextlib
import socket
import ssl

import certificates
import pytest
from faulty_relay import Fault, letters

from dispatch.delivery.mailers.base import Message, always
from dispatch.delivery.mailers.dialling import Dialled, Relay
from dispatch.delivery.mailers.envelopes import Offers
from dispatch.delivery.mailers.line import Line
from dispatch.delivery.mailers.window import Window
from dispatch.outcomes import Sent, Unknown


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return certificates.make(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def serving(certificate):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def pair(serving, certificate):
    """Two ends of one connection; neither waits."""
    left, right = socket.socketpair()
    left.setblocking(False)
    right.setblocking(False)
    ours = ssl.create_default_context(cafile=str(certificate)).wrap_socket(
        left, server_hostname="localhost", do_handshake_on_connect=False
    )
    theirs = serving.wrap_socket(right, server_side=True, do_handshake_on_connect=False)
    for _ in range(4):
        for end in (ours, theirs):
            with contextlib.suppress(ssl.SSLWantReadError):
                end.do_handshake()
    yield ours, theirs
    ours.close()
    theirs.close()


def everything(end):
    """What it can read."""
    read = b""
    with contextlib.suppress(ssl.SSLWantReadError, ssl.SSLEOFError):
        while data := end.recv(65_536):
            read += data
    return read


@pytest.fixture
def secured(relay, mailer, serving, certificate):
    """secured(Fault("RCPT", "drop")) is such a relay, spoken to over TLS, and a mailer to it."""

    def start(*faults, connections):
        server = relay(*faults, tls=serving)
        return server, mailer(server, security="tls", cafile=str(certificate), connections=connections)

    return start


@pytest.mark.parametrize("pieces", [0, 1, 100])
def test_what_is_written_is_what_the_other_side_can_read(pair, pieces):
    """Also where its buffers fill up in the middle of a message."""
    ours, theirs = pair
    (letter,), more = letters(1), [b"a line of it\r\n" * 1000] * pieces
    line = Line(Dialled(ours, Offers(pipelining=True, chunking=True)), Relay("localhost"))
    window = Window([Message(letter.sender, letter.recipient, letter.data, more)], always)
    line.dialogue.begin(window)
    line.write(window)
    theirs.send(b"250 ok\r\n250 ok\r\n")
    line.read(window)
    line.write(window)
    read = everything(theirs)
    assert line.dialogue.written == len(read)
    while line.dialogue.out:
        line.write(window)
        read += everything(theirs)
    assert line.dialogue.written == len(read)
    assert read.endswith(b" LAST\r\n" + letter.data + b"".join(more))


@pytest.mark.parametrize("act", ["drop", "reset", "half a reply", "take it and drop"])
def test_a_letter_whose_final_reply_is_lost_is_in_doubt_alone(secured, act):
    _, post = secured(Fault("END", act, 2), connections=1)
    assert [type(answer) for answer in post.send(letters(4))] == [Sent, Unknown, Sent, Sent]


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("act", ["drop", "reset", "half a reply", "garbage", "421 4.3.2 closing"])
def test_a_letter_that_did_not_leave_goes_over_another_connection(secured, verb, act):
    server, post = secured(Fault(verb, act, 2), connections=2)
    assert list(post.send(letters(6))) == [Sent()] * 6
    assert len(server.taken) == 6
