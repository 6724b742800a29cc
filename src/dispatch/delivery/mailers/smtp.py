"""SMTP: the standard library connects, greets, secures and signs in; the transaction is told verb by verb here.

What a reply means depends on the verb it answers. Before the final dot a failure is safe: nothing was taken. After it, only a
reply tells; a connection lost there is Unknown (RFC 5321 section 4.5.3.2.6, RFC 1047). Time-outs are RFC 5321's, by phase.
"""

import contextlib
import re
import smtplib
import socket
import ssl
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dispatch.delivery.mailers.base import Answer, Message, Trouble, check
from dispatch.outcomes import Deferred, Refused, Sent, Unknown

CONNECT, COMMAND, DATA, BLOCK, FINAL = 30.0, 300.0, 120.0, 180.0, 600.0
"""Seconds to wait: for a connection, for MAIL and RCPT, for DATA's 354, for each block, for the reply after the final dot."""
ENHANCED = re.compile(rb"^([245]\.\d{1,3}\.\d{1,3})\b")
RELAYS_OWN = ("5.7.", "4.7.")
NOT_THE_READER = {421, 450, 451, 452, 500, 501, 502, 503, 504, 530, 534, 535, 538}


@dataclass(frozen=True)
class Relay:
    """Where to connect, and how."""

    host: str
    port: int = 25
    security: str = "starttls"  # starttls, tls (from the first byte), none
    user: str = ""
    password: str = ""
    helo: str = "localhost"  # neutral: the machine's own name would leak with every mail


@dataclass(frozen=True)
class Reply:
    """An SMTP reply."""

    code: int
    enhanced: str

    def __str__(self) -> str:
        return f"{self.code} {self.enhanced}".strip()


class Smtp:
    """A mailer over one connection, kept from window to window."""

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        self.connection: smtplib.SMTP | None = None

    def send(self, messages: Iterable[Message]) -> Iterator[Answer]:
        """See Mailer.send. A message whose connection was lost before its final dot is tried on a new one, once."""
        for message in messages:
            check(message)
            answer = self._try(message)
            if isinstance(answer, Trouble) and answer.code[:3] in {"", "421"}:
                answer = self._try(message)
            yield answer
            if isinstance(answer, Trouble):
                return

    def knock(self) -> Trouble | None:
        """Connect, secure and sign in."""
        found = self._open()
        return found if isinstance(found, Trouble) else None

    def close(self) -> None:
        """QUIT, if anyone listens."""
        if self.connection is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                self._patience(2.0)
                self.connection.quit()
        self._drop()

    def _try(self, message: Message) -> Answer:
        connection = self._open()
        if isinstance(connection, Trouble):
            return connection
        try:
            if (objection := self._envelope(connection, message)) is not None:
                return objection
            self._patience(BLOCK)
            connection.send(message.data)
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            return Trouble(f"the connection was lost before the message was handed over ({type(error).__name__})")
        return self._finish(connection)

    def _open(self) -> smtplib.SMTP | Trouble:
        try:
            return self.connection or self._connect()
        except smtplib.SMTPAuthenticationError as error:
            self._drop()
            return Trouble("the relay refuses the user name or password", str(error.smtp_code))
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            return Trouble(f"no connection to the relay ({type(error).__name__})")

    def _connect(self) -> smtplib.SMTP:
        relay = self.relay
        context = ssl.create_default_context()
        if relay.security == "tls":
            made: smtplib.SMTP = smtplib.SMTP_SSL(
                relay.host, relay.port, local_hostname=relay.helo, timeout=CONNECT, context=context
            )
        else:
            made = smtplib.SMTP(relay.host, relay.port, local_hostname=relay.helo, timeout=CONNECT)
        self.connection = made
        if made.sock is not None:  # the final dot is a small packet of its own
            made.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        made.ehlo_or_helo_if_needed()
        if relay.security == "starttls":
            made.starttls(context=context)
            made.ehlo()
        if relay.user:
            made.login(relay.user, relay.password)
        return made

    def _envelope(self, connection: smtplib.SMTP, message: Message) -> Answer | None:
        """MAIL, RCPT and DATA. None: the relay waits for the message."""
        international = not message.recipient.isascii()
        if international and not connection.has_extn("smtputf8"):
            return Refused(reason="the relay takes no international addresses", code="550 5.6.7")
        options = " SMTPUTF8" if international else ""
        options += " BODY=8BITMIME" if international and connection.has_extn("8bitmime") else ""
        self._patience(COMMAND)
        reply = self._say(connection, f"MAIL FROM:<{message.sender}>{options}")
        if reply.code // 100 != 2:
            return self._recover(connection, Trouble("the relay does not take our sender", str(reply)), reply)
        reply = self._say(connection, f"RCPT TO:<{message.recipient}>")
        if reply.code // 100 != 2:
            return self._recover(connection, _of_reader(reply), reply)
        self._patience(DATA)
        reply = self._say(connection, "DATA")
        if reply.code != 354:
            return self._recover(connection, _of_message(reply), reply)
        return None

    def _finish(self, connection: smtplib.SMTP) -> Answer:
        """The final dot: from here on only a reply tells."""
        self._patience(FINAL)
        try:
            connection.send(b".\r\n")
            reply = _reply(*connection.getreply())
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            return Unknown(reason=f"no reply after the final dot ({type(error).__name__})")
        if reply.code // 100 == 2:
            return Sent()
        return self._recover(connection, _of_message(reply), reply)

    def _recover(self, connection: smtplib.SMTP, answer: Answer, reply: Reply) -> Answer:
        """After a refusal the session is reset; where it cannot be, the next message gets a new connection."""
        if reply.code == 421:
            self._drop()
            return answer
        try:
            if self._say(connection, "RSET").code != 250:
                self._drop()
        except (smtplib.SMTPException, OSError):
            self._drop()
        return answer

    def _say(self, connection: smtplib.SMTP, command: str) -> Reply:
        connection.send(f"{command}\r\n".encode())
        return _reply(*connection.getreply())

    def _patience(self, seconds: float) -> None:
        if self.connection is not None and self.connection.sock is not None:
            self.connection.sock.settimeout(seconds)

    def _drop(self) -> None:
        if self.connection is not None:
            self.connection.close()
        self.connection = None


def _reply(code: int, text: bytes) -> Reply:
    found = ENHANCED.match(text)
    return Reply(code, found[1].decode() if found else "")


def _of_reader(reply: Reply) -> Answer:
    """A refusal of RCPT. What speaks of policy may be about us: nobody is struck off for it, the reader waits."""
    if reply.code in {421, 530, 535}:
        return Trouble("the relay does not talk to us now", str(reply))
    if reply.code // 100 == 4 or reply.enhanced.startswith(RELAYS_OWN):
        return Deferred(until=None, reason="the relay takes it later", code=str(reply))
    if reply.code // 100 == 5 and reply.code not in NOT_THE_READER:
        return Refused(reason="the relay refuses this address", code=str(reply))
    return Trouble("the relay answers in a way that makes no sense here", str(reply))


def _of_message(reply: Reply) -> Answer:
    """A refusal of DATA or of the message itself."""
    if reply.code in {421, 530, 535}:
        return Trouble("the relay does not talk to us now", str(reply))
    if reply.code // 100 == 4 or reply.enhanced.startswith(RELAYS_OWN):
        return Deferred(until=None, reason="the relay takes it later", code=str(reply))
    if reply.code // 100 == 5:
        return Refused(reason="the relay refuses this message", code=str(reply))
    return Trouble("the relay answers in a way that makes no sense here", str(reply))
