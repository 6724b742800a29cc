"""`dispatch check --live` against a mail server that encrypts and wants a password, and stand-in networks."""

import argparse
import socket
import ssl
import threading

import certificates
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from dispatch.delivery import relays
from dispatch.delivery.mailers import shelf
from dispatch.local import check, live
from dispatch.local.networks import speakers
from dispatch.local.networks.server import Server
from dispatch.social import channels

pytestmark = pytest.mark.django_db


class Visitors:
    """What an SMTP server was told: sign-ins, goodbyes, and mail that should not have come."""

    def __init__(self):
        self.signed_in, self.goodbyes, self.mails = [], 0, []

    def __call__(self, server, session, envelope, mechanism, login):
        self.signed_in.append((session.ssl is not None, login.login))
        return AuthResult(success=login.password == b"secret", handled=False)

    async def handle_QUIT(self, server, session, envelope):  # noqa: N802 - the library's name
        self.goodbyes += 1
        return "221 Bye"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - the library's name
        self.mails.append(envelope)
        return "250 OK"


@pytest.fixture
def certificate(tmp_path):
    """A certificate for localhost that vouches for itself, with its key, in one file."""
    return certificates.make(tmp_path)


@pytest.fixture
def submission(certificate):
    """A server that takes a password over STARTTLS only."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    visitors = Visitors()
    with socket.create_server(("127.0.0.1", 0)) as free:
        visitors.port = free.getsockname()[1]
    controller = Controller(
        visitors, "127.0.0.1", visitors.port, tls_context=context, require_starttls=True, authenticator=visitors
    )
    controller.start()
    yield visitors
    shelf.clear()
    controller.stop()


@pytest.fixture
def networks(tmp_path):
    server = Server(0, tmp_path / "posts.sqlite", speakers.SPEAKERS)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    server.store.connection.close()


def relay(port, password="secret", **options):
    more = "&".join(f"{name}={value}" for name, value in options.items())
    return relays.save("main", f"smtp://alice:{password}@localhost:{port}?security=starttls&{more}")


def told():
    return [(found.state, found.words) for found in live.counterparts()]


def test_a_relay_lets_us_in_as_its_address_says_and_gets_no_mail(submission, certificate):
    relay(submission.port, cafile=certificate)
    words = f"Relay main: localhost:{submission.port} lets us in, encrypted by STARTTLS, signed in."
    assert told() == [("ok", words)]
    shelf.clear()  # as when the command ends
    assert submission.signed_in == [(True, b"alice")]
    assert (submission.goodbyes, submission.mails) == (1, [])


def test_a_wrong_password_a_stranger_s_certificate_and_a_closed_door_are_told(submission, certificate):
    relay(submission.port, "wrong", cafile=certificate)
    assert told() == [("WRONG", "Relay main: the relay refuses the user name or password 535.")]
    relay(submission.port)
    assert told() == [("WRONG", "Relay main: the relay's certificate is not to be trusted (self-signed certificate).")]
    relay(9, cafile=certificate)
    assert told() == [("WRONG", "Relay main: no connection to the relay: nobody listens at its port.")]


def test_a_provider_s_api_is_said_to_prove_itself_only_by_a_mail():
    relays.save("brevo", "anymail+brevo://?api_key=k")
    assert told() == [
        ("todo", "Relay brevo: A provider's API; its settings are complete, only a mail tells more."),
    ]


def test_a_channel_is_asked_by_its_own_network_and_what_it_says_is_kept(networks):
    credentials = {"access_token": "t"}
    masto = channels.connect(
        "masto", name="Masto", network="mastodon", credentials=credentials, server=f"{networks}/mastodon"
    )
    ((state, words),) = told()
    assert (state, words.partition(";")[0]) == ("ok", "Channel masto: it can post to Mastodon")
    masto.refresh_from_db()
    assert masto.probed_at is not None
    channels.connect("masto", name="Masto", network="mastodon", credentials=credentials, server="http://127.0.0.1:9")
    ((state, words),) = told()
    assert state == "WRONG"
    assert words.startswith("Channel masto: it cannot post to Mastodon; the network cannot be reached.")
    assert "dispatch channel add mastodon --slug masto" in words


def test_what_is_switched_off_is_not_asked(submission):
    one = relay(submission.port)
    one.active = False
    one.save()
    assert told() == []


def test_credentials_that_the_keys_at_hand_do_not_open_are_told():
    for made in (
        relays.save("main", "smtp://localhost"),
        channels.connect("tele", name="Tele", network="telegram", credentials={"token": "t"}),
    ):
        field = "url" if made.__class__.__name__ == "Relay" else "credentials"
        setattr(made, field, b"\1" + b"x" * 40)
        made.save()
    assert [state for state, _ in told()] == ["WRONG", "WRONG"]
    assert all("cannot be opened with the keys at hand" in words for _, words in told())


def test_live_findings_come_last_where_they_are_asked_for_and_trouble_is_the_exit_status(
    submission, certificate, capsys
):
    relay(submission.port, cafile=certificate)
    assert [found.words for found in check.findings(ask_live=True)][-1].startswith("Relay main: localhost")
    assert not any("lets us in" in found.words for found in check.findings())
    relay(submission.port, "wrong", cafile=certificate)
    parser = argparse.ArgumentParser()
    check.add_arguments(parser)
    assert check.run(parser.parse_args(["--live"])) == 1
    assert "WRONG Relay main: the relay refuses the user name or password 535." in capsys.readouterr().out
