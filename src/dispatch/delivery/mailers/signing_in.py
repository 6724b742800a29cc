"""AUTH (RFC 4954): SCRAM-SHA-256 (RFC 7677), PLAIN (RFC 4616), LOGIN, and XOAUTH2 where it is asked for by name."""

import base64
import binascii
import smtplib
from collections.abc import Generator

import scramp

Exchange = Generator[bytes | None, bytes, None]
"""What we say at each step, first of all (None: nothing yet), to what the other side asks."""


def sign_in(client: smtplib.SMTP, user: str, password: str, mechanism: str = "") -> None:
    """By `mechanism`, or by the best that is offered. Raises SMTPAuthenticationError where the other side refuses or does not
    prove itself, SMTPNotSupportedError where no mechanism fits."""
    offered = client.esmtp_features.get("auth", "").upper().split()
    wanted = (mechanism.upper(),) if mechanism else PREFERRED
    chosen = next((one for one in wanted if one in offered), None)
    if chosen is None:
        raise smtplib.SMTPNotSupportedError(f"the relay lets nobody sign in with {' or '.join(wanted)}")
    try:
        _talk(client, chosen, MECHANISMS[chosen](user, password))
    except (scramp.ScramException, binascii.Error, UnicodeDecodeError) as error:
        raise smtplib.SMTPAuthenticationError(535, "the relay does not prove that it knows the password") from error


def _talk(client: smtplib.SMTP, mechanism: str, exchange: Exchange) -> None:
    first = next(exchange)
    code, text = client.docmd("AUTH", mechanism if first is None else f"{mechanism} {_encoded(first)}")
    while code == 334:
        answer = _answer(exchange, text)
        code, text = client.docmd("*" if answer is None else _encoded(answer))
    if code != 235:
        raise smtplib.SMTPAuthenticationError(code, text)
    _answer(exchange, b"")  # one that waits for the other side's proof does not take this for it


def _answer(exchange: Exchange, challenge: bytes) -> bytes | None:
    try:
        return exchange.send(base64.b64decode(challenge))
    except StopIteration:
        return None


def _encoded(answer: bytes) -> str:
    return base64.b64encode(answer).decode()


def _plain(user: str, password: str) -> Exchange:
    yield f"\0{user}\0{password}".encode()


def _login(user: str, password: str) -> Exchange:
    yield None
    yield user.encode()
    yield password.encode()


def _xoauth2(user: str, token: str) -> Exchange:
    yield f"user={user}\1auth=Bearer {token}\1\1".encode()
    yield b""  # after a refusal it tells why, and waits for this


def _scram(user: str, password: str) -> Exchange:
    client = scramp.ScramClient(["SCRAM-SHA-256"], user, password)
    client.set_server_first((yield client.get_client_first().encode()).decode())
    client.set_server_final((yield client.get_client_final().encode()).decode())
    yield b""


MECHANISMS = {"SCRAM-SHA-256": _scram, "PLAIN": _plain, "LOGIN": _login, "XOAUTH2": _xoauth2}
PREFERRED = ("SCRAM-SHA-256", "PLAIN", "LOGIN")
"""SCRAM first: it does not show the password even to the relay."""
