"""The contract of a mailer: it hands messages over one by one and says of each what the other side answered."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from dispatch.outcomes import Outcome


@dataclass(frozen=True, slots=True)
class Message:
    """One message for one reader. `data` has CRLF line ends and no line that begins with a dot."""

    sender: str  # the envelope's
    recipient: str
    data: bytes


@dataclass(frozen=True)
class Trouble:
    """It is the relay, not a reader: connection, sign-in, policy. Nothing from this message on was taken."""

    reason: str
    code: str = ""


Answer = Outcome | Trouble
ALONE = re.compile(r"[^\s\0<>,]+")
OTHERS = {b"cc", b"bcc", b"resent-to", b"resent-cc", b"resent-bcc"}


class Misaddressed(Exception):
    """A message is not for exactly the reader of its envelope: a bug, stopped before the wire. Names nobody."""


class Mailer(Protocol):
    """Kept by a worker for a chunk; connections are its own business, and more than one may share a window."""

    def send(self, messages: Iterable[Message]) -> Iterator[Answer]:
        """One answer a message, in order. After a Trouble none follow: the rest was not touched.

        A message is asked for when it is about to leave, so whoever gives them may stop at any moment. `Unknown` means that
        it may have been taken: the reply after its last byte never came. Raises Misaddressed.
        """
        ...

    def knock(self) -> Trouble | None:
        """Whether the other side lets us in; nothing is sent."""
        ...

    def close(self) -> None:
        """Let connections go, politely where they still stand."""
        ...


def check(message: Message) -> None:
    """The last look before the wire: the header names the very recipient of the envelope, and nobody else. RFC 5322 3.6."""
    head, _, _ = message.data.partition(b"\r\n\r\n")
    names = [line.partition(b":") for line in head.split(b"\r\n")]
    to = [value.strip() for name, _, value in names if name.strip().lower() == b"to"]
    if (
        not ALONE.fullmatch(message.recipient)
        or to != [message.recipient.encode()]
        or any(name.strip().lower() in OTHERS for name, _, _ in names)
    ):
        raise Misaddressed("a message does not name its envelope's recipient and nobody else")
