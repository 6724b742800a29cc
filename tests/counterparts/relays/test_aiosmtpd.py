"""aiosmtpd: a server that checks what it is told strictly, over TLS and with a password."""

import dataclasses
import socket
import ssl

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult
from faulty_relay import letters

from dispatch.delivery.mailers import dialling, shelf
from dispatch.outcomes import Sent

pytestmark = pytest.mark.counterpart


class Office:
    """Knows one person, and keeps what it takes."""

    def __init__(self):
        self.took = []

    def __call__(self, server, session, envelope, mechanism, login):
        return AuthResult(handled=False, success=(login.login, login.password) == (b"office", b"open sesame"))

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        self.took.append((envelope.rcpt_tos, envelope.content))
        return "250 2.0.0 taken"


class Guarded(Controller):
    """Nothing is said to it without TLS."""

    def __init__(self, handler, certificate):
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.context.load_cert_chain(certificate)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        super().__init__(handler, "127.0.0.1", port)

    def factory(self):
        return SMTP(self.handler, tls_context=self.context, require_starttls=True, authenticator=self.handler)


@pytest.mark.filterwarnings("ignore:Session.login_data:DeprecationWarning")
@pytest.mark.parametrize("auth", ["plain", "login", ""])
def test_letters_go_over_tls_after_the_right_password_only(certificate, opened, auth):
    office = Office()
    server = Guarded(office, certificate)
    server.start()
    try:
        relay = dialling.Relay(
            "127.0.0.1", server.port, cafile=str(certificate), user="office", password="open sesame", auth=auth
        )
        assert opened(dataclasses.replace(relay, password="guess")).knock().code == "535"
        mailer = opened(relay)
        assert list(mailer.send(letters(5))) == [Sent()] * 5
        assert sorted(office.took) == sorted(([one.recipient], one.data) for one in letters(5))
        mailer.close()
        shelf.clear()
    finally:
        server.stop()
