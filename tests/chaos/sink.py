"""A receiver that counts: each message's Message-ID is on the disk before its 250. `python sink.py LISTENING FILE`: an open
socket's number, or an address and port.

At SIGUSR1 the next message is taken, recorded, and its connection dropped without a reply: nobody there can know.
"""

import asyncio
import os
import re
import signal
import socket
import sys

MESSAGE_ID = re.compile(rb"^Message-ID: <([^>]+)>", re.MULTILINE)
END = b"\r\n.\r\n"
GREETING = b"220 sink\r\n"
EHLO = b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n"
USUAL = {b"EHLO": EHLO, b"DATA": b"354 go on\r\n", b"QUIT": b"221 2.0.0 bye\r\n"}
TAKEN, SILENCE = b"250 2.0.0 taken\r\n", b""


class Sink(asyncio.Protocol):
    """One connection."""

    record = -1
    to_drop = 0

    def connection_made(self, transport):
        self.transport, self.heard, self.in_data = transport, bytearray(), False
        transport.write(GREETING)

    def data_received(self, data):
        self.heard += data
        while self.take_message() if self.in_data else self.take_line():
            pass

    def take_line(self):
        line, end, rest = self.heard.partition(b"\r\n")
        if not end:
            return False
        self.heard = rest
        verb = bytes(line[:4]).upper()
        said = self.answer(verb, bytes(line))
        self.in_data = said.startswith(b"354")
        self.transport.write(said)
        if verb == b"QUIT":
            self.transport.close()
        return True

    def answer(self, verb, line):
        return USUAL.get(verb, b"250 2.0.0 ok\r\n")

    def take_message(self):
        at = self.heard.find(END)
        if at < 0:
            return False
        message, self.heard, self.in_data = self.heard[:at], self.heard[at + len(END) :], False
        said = self.judge()
        if said in {TAKEN, SILENCE}:
            os.write(Sink.record, MESSAGE_ID.search(message)[1] + b"\n")
        if said == SILENCE:
            self.transport.abort()
            return False
        self.transport.write(said)
        return True

    def judge(self):
        """What is answered to the message's last byte."""
        if Sink.to_drop:
            Sink.to_drop -= 1
            return SILENCE
        return TAKEN


async def main(listening, file, kind=Sink):
    Sink.record = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    loop = asyncio.get_running_loop()

    def drop():  # one at a time: what was asked for while nothing came would look like a relay in trouble
        Sink.to_drop = 1

    loop.add_signal_handler(signal.SIGUSR1, drop)
    host, _, port = listening.rpartition(":")
    own = socket.create_server((host, int(port)), backlog=256) if host else socket.socket(fileno=int(port))
    server = await loop.create_server(kind, sock=own)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
