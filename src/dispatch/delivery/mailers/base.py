"""The contract of a mailer: it hands messages over one by one and says of each what the other side answered."""

from collections.abc import Iterator, Sequence
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


class Mailer(Protocol):
    """Kept by a worker from window to window; connections are its own business."""

    def send(self, messages: Sequence[Message]) -> Iterator[Answer]:
        """One answer a message, in order. After a Trouble none follow: the rest was not touched.

        `Unknown` means that the message may have been taken: the reply after its last byte never came.
        """
        ...

    def close(self) -> None:
        """Let connections go, politely where they still stand."""
        ...


def check(message: Message) -> None:
    """The last look before the wire: the header names the very recipient of the envelope, and nobody else. RFC 5322 3.6."""
    head, _, _ = message.data.partition(b"\r\n\r\n")
    named = [line[4:].strip() for line in head.split(b"\r\n") if line[:4].lower() == b"to: "]
    others = [line for line in head.split(b"\r\n") if line[:3].lower() == b"cc:" or line[:4].lower() == b"bcc:"]
    assert named == [message.recipient.encode()], "a message names another recipient than its envelope"
    assert not others, "a message names more than one recipient"
