"""What an SMTP server says, and what it means. RFC 5321 section 4.2, RFC 3463.

A reply means something only beside the verb that it answers: 550 to RCPT is a reader's address, 550 to MAIL is our own.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dispatch.delivery.mailers.base import Answer, Trouble
from dispatch.outcomes import Deferred, Refused, Sent

LONGEST = 8192
"""Bytes of a reply, all its lines together; RFC 5321 section 4.5.3.1.5 allows 512 a line."""
ENHANCED = re.compile(rb"([245]\.\d{1,3}\.\d{1,3})\b")
WHOLE = re.compile(rb"(?:\d{3} [^\r\n]*\r\n)+")
"""What most often arrives: replies of one line each, none of them torn."""
LATER = "the relay takes it later"
RELAYS_OWN = ("5.7.", "4.7.")
NOT_NOW = {421, 530, 535}
LOST_THREAD = {500, 502, 503, 504, 555}
"""Not understood or out of order, unless the enhanced code speaks of something other than the protocol (x.5.x)."""
SENT = Sent()


class Astray(Exception):
    """The two sides no longer agree where they are: the connection is of no use. The text says why and quotes nothing."""

    def __init__(self, reason: str, code: str = "") -> None:
        super().__init__(reason)
        self.reason, self.code = reason, code


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply's code and enhanced code; its text may quote an address, so it is not kept."""

    code: int
    enhanced: str

    def __str__(self) -> str:
        return f"{self.code} {self.enhanced}".strip()

    @property
    def is_refusal(self) -> bool:
        """Whether it says no to what it answers, rather than that one of us has lost the thread."""
        is_lost = self.code in LOST_THREAD and (not self.enhanced or self.enhanced.startswith("5.5."))
        return self.code // 100 in {4, 5} and not is_lost


class Cutter:
    """Cuts what arrives, however it was split or merged on its way, into replies: the last line of each."""

    __slots__ = ("code", "rest", "size")

    def __init__(self) -> None:
        self.rest = b""
        self.code = b""  # of the reply whose lines are arriving
        self.size = 0

    def cut(self, data: bytes) -> Iterable[bytes]:
        """The replies that `data` completes. Raises Astray where it is not SMTP."""
        if not self.rest and not self.code and WHOLE.fullmatch(data):
            return data.split(b"\n")[:-1]
        return self._pieced(data)

    def _pieced(self, data: bytes) -> Iterator[bytes]:
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            code, mark = line[:3], line[3:4]
            if not code.isdigit() or len(code) != 3 or mark not in b"- \r" or (self.code and self.code != code):
                raise Astray("the relay answers in a way that is not SMTP")
            if mark == b"-":
                self.code, self.size = code, self.size + len(line)
                continue
            if self.code:
                self.code, self.size = b"", 0
            yield line
        if self.size + len(self.rest) > LONGEST:
            raise Astray("the relay's answer does not end")


def read(line: bytes) -> Reply:
    """A reply from its last line."""
    found = ENHANCED.match(line, 4)
    return Reply(int(line[:3]), found[1].decode() if found else "")


def of_sender(reply: Reply) -> Answer:
    """A refusal of MAIL is the relay's own matter, but for a message that it finds too big or in letters that it lacks."""
    if reply.code == 552 or reply.enhanced == "5.3.4":
        return Deferred(until=None, reason="the message is larger than the relay takes", code=str(reply))
    if reply.enhanced == "5.6.7":
        return Refused(reason="the relay takes no international addresses", code=str(reply))
    return Trouble("the relay does not take our sender", str(reply))


def of_reader(reply: Reply) -> Answer:
    """A refusal of RCPT. What speaks of policy may be about us: nobody is struck off for it, the reader waits."""
    return _of_any(reply) or Refused(reason="the relay refuses this address", code=str(reply))


def of_message(reply: Reply) -> Answer:
    """A refusal of DATA, or of the message itself."""
    return _of_any(reply) or Refused(reason="the relay refuses this message", code=str(reply))


def _of_any(reply: Reply) -> Answer | None:
    if reply.code in NOT_NOW:
        return Trouble("the relay does not talk to us now", str(reply))
    if reply.code // 100 == 4 or reply.enhanced.startswith(RELAYS_OWN):
        return Deferred(until=None, reason=LATER, code=str(reply))
    return None
