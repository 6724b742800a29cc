"""The counting receiver, of its own mind about some readers, by what their address begins with."""

import asyncio
import re
import sys
from collections import Counter

import sink

PATH = re.compile(rb"<([^>]*)>")
REFUSED, LATER = b"550 5.1.1 nobody here\r\n", b"450 4.2.1 not now\r\n"
UNWANTED, BUSY = b"554 5.6.0 not this\r\n", b"451 4.3.0 not now\r\n"


class Moody(sink.Sink):
    """later, busy and silent are so the first time that an edition's sender writes to them."""

    met = Counter()
    sender = recipient = b""

    def answer(self, verb, line):
        if verb == b"MAIL":
            self.sender, self.recipient = PATH.search(line)[1], b""
        if verb == b"RCPT":
            return self.receive(PATH.search(line)[1])
        if verb == b"DATA" and not self.recipient:
            return b"503 5.5.1 to whom?\r\n"
        return super().answer(verb, line)

    def receive(self, recipient):
        if recipient.startswith(b"refused"):
            return REFUSED
        if recipient.startswith(b"later") and self.is_first(recipient):
            return LATER
        self.recipient = recipient
        return b"250 2.1.5 ok\r\n"

    def judge(self):
        if self.recipient.startswith(b"unwanted"):
            return UNWANTED
        if self.recipient.startswith((b"busy", b"silent")) and self.is_first(self.recipient):
            return BUSY if self.recipient.startswith(b"busy") else sink.SILENCE
        return sink.TAKEN

    def is_first(self, recipient):
        self.met[self.sender, recipient] += 1
        return self.met[self.sender, recipient] == 1


if __name__ == "__main__":
    asyncio.run(sink.main(sys.argv[1], sys.argv[2], Moody))
