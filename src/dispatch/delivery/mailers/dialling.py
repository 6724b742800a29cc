"""Connecting to a relay: the standard library connects, greets, secures and signs in."""

import dataclasses
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from dispatch import logs
from dispatch.delivery.mailers import dane, roll, signing_in
from dispatch.delivery.mailers.base import Trouble
from dispatch.delivery.mailers.envelopes import Offers


@dataclass(frozen=True)
class Patience:
    """Seconds to wait: RFC 5321 section 4.5.3.2, by phase."""

    connect: float = 30.0
    greeting: float = 300.0
    hello: float = 300.0  # EHLO, STARTTLS and its handshake
    auth: float = 120.0  # each step of signing in
    command: float = 300.0  # MAIL, RCPT, RSET
    data: float = 120.0  # DATA's 354
    block: float = 180.0  # for some of what we write to be taken
    final: float = 600.0  # the reply after the final dot

    def at_most(self, seconds: float) -> "Patience":
        """The same, but never longer."""
        return Patience(*(min(each, seconds) for each in dataclasses.astuple(self)))


@dataclass(frozen=True)
class Relay:
    """Where to connect, and how."""

    host: str
    port: int = 25
    security: str = "starttls"  # starttls, tls (from the first byte), none
    cafile: str = ""  # trust these certificates (PEM) and no others
    user: str = ""
    password: str = field(default="", repr=False)
    password_file: str = ""  # read at each sign-in, for tokens that another program renews
    auth: str = ""  # a mechanism; empty: the best that is offered
    dane: str = (
        "no"  # yes: hold it to what the DNS demands of its certificate; must: and do without it where that is nothing
    )
    requiretls: bool = False  # RFC 8689: every hop after this one, too
    helo: str = "localhost"  # neutral: the machine's own name would leak with every mail
    connections: int = 4  # kept by each worker; measured: 32 slow a Postfix on two cores down
    messages: int = 1000  # a connection carries
    seconds: float = 600.0  # a connection lives
    patience: Patience = Patience()
    name: str = field(default="", compare=False)  # under which its connections are told of; empty: they are not


@dataclass(frozen=True)
class Dialled:
    """A connection that stands, signed in."""

    sock: socket.socket
    offers: Offers


NO_CONNECTION: dict[type[Exception], str] = {
    socket.gaierror: "its name is not known to the DNS",
    TimeoutError: "it does not answer in time",
    ConnectionRefusedError: "nobody listens at its port",
    smtplib.SMTPServerDisconnected: "it hung up",
}
Reached = Callable[[str], None]
"""Told of each step that was taken: looked up (DANE), connected, greeted, encrypted, signed in."""


def dial(relay: Relay, reached: Reached = lambda _: None) -> Dialled | Trouble:
    """Connect, secure, sign in."""
    demand = dane.of(relay.host, relay.port, relay.dane)
    if isinstance(demand, Trouble):
        return demand
    if relay.dane != "no":
        reached("looked up")
    try:
        with roll.opening(relay.name), _client(relay, _context(relay, demand), reached) as client:
            _greet(client, relay)
            return _take_over(client, relay)
    except dane.NotAsNamed as error:
        dane.forget(relay.host, relay.port)
        return Trouble(f"the relay's certificate is not one of those that the DNS names at {error} (DANE)")
    except (smtplib.SMTPException, OSError) as error:
        return _trouble(error)


def _trouble(error: Exception) -> Trouble:
    match error:
        case smtplib.SMTPAuthenticationError():
            return Trouble("the relay refuses the user name or password", str(error.smtp_code), _said(error))
        case smtplib.SMTPNotSupportedError():
            return Trouble(str(error))
        case ssl.SSLCertVerificationError():
            return Trouble(f"the relay's certificate is not to be trusted ({error.verify_message})")
        case smtplib.SMTPResponseException():
            return Trouble("no connection to the relay: it does not let us in", str(error.smtp_code), _said(error))
    why = next((words for kind, words in NO_CONNECTION.items() if isinstance(error, kind)), "")
    return Trouble(
        f"no connection to the relay: {why}" if why else f"no connection to the relay ({type(error).__name__})"
    )


class _Client(smtplib.SMTP):
    """The library's, with a time-out of its own for the greeting, and TLS before it where that is wanted."""

    def __init__(self, relay: Relay, context: ssl.SSLContext | None, reached: Reached) -> None:
        self.relay, self.context, self.reached = relay, context, reached
        super().__init__(relay.host, relay.port, local_hostname=relay.helo, timeout=relay.patience.connect)
        reached("greeted")

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        sock = socket.create_connection((host, port), timeout)
        self.reached("connected")
        sock.settimeout(self.relay.patience.greeting)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.context is None or self.relay.security != "tls":
            return sock
        try:
            secured = self.context.wrap_socket(sock, server_hostname=host)
        except BaseException:
            sock.close()
            raise
        self.reached("encrypted")
        return secured


@contextmanager
def _client(relay: Relay, context: ssl.SSLContext | None, reached: Reached) -> Iterator[_Client]:
    client = _Client(relay, context, reached)
    try:
        yield client
    except BaseException:
        client.close()
        raise


def _context(relay: Relay, demand: dane.Demand | dane.Nothing) -> ssl.SSLContext | None:
    """Always one that verifies. None: encryption is not asked for."""
    if relay.security == "none":
        return None
    if isinstance(demand, dane.Demand):
        return dane.context(demand)
    return ssl.create_default_context(cafile=relay.cafile or None)


def _greet(client: _Client, relay: Relay) -> None:
    assert client.sock is not None
    client.sock.settimeout(relay.patience.hello)
    _hello(client)
    if relay.security == "starttls":
        if not client.has_extn("starttls"):
            raise smtplib.SMTPNotSupportedError("the relay offers no encryption (STARTTLS)")
        client.starttls(context=client.context)
        client.reached("encrypted")
        _hello(client)
    if relay.requiretls and not (client.has_extn("requiretls") and isinstance(client.sock, ssl.SSLSocket)):
        raise smtplib.SMTPNotSupportedError("the relay does not promise encryption on every hop (REQUIRETLS)")
    if relay.user:
        client.sock.settimeout(relay.patience.auth)
        signing_in.sign_in(client, relay.user, _password(relay), relay.auth)
        client.reached("signed in")


def _said(error: smtplib.SMTPResponseException) -> str:
    """The relay's own words, before any reader was named to it; an address in them is the account's."""
    words = error.smtp_error
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
    return logs.scrub(" ".join(text.split()))[:160]


def _hello(client: _Client) -> None:
    code, text = client.ehlo()
    if code // 100 == 5:  # one from before 1995
        code, text = client.helo()
    if code // 100 != 2:
        raise smtplib.SMTPHeloError(code, text)


def _password(relay: Relay) -> str:
    if not relay.password_file:
        return relay.password
    return Path(relay.password_file).read_text(encoding="utf-8").strip()


def _take_over(client: _Client, relay: Relay) -> Dialled:
    """The socket, once the library has nothing of it left to read."""
    sock, offered = client.sock, client.esmtp_features
    assert sock is not None
    sock.setblocking(False)
    if client.file is not None:
        with suppress(ssl.SSLWantReadError):
            if client.file.peek(1):
                raise smtplib.SMTPServerDisconnected("the relay speaks unasked")
        client.file.close()
    size = offered.get("size", "")
    offers = Offers(
        pipelining="pipelining" in offered,
        chunking="chunking" in offered,
        declares_size="size" in offered,
        size=int(size) if size.isdecimal() else 0,
        smtputf8="smtputf8" in offered and "8bitmime" in offered,
        requiretls=relay.requiretls,
    )
    return Dialled(sock, offers)
