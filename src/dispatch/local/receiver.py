"""The demo's SMTP receiver: takes everything on a loopback port and keeps it, and never passes anything on.

Each message is committed before it is answered, all that came in the same moment in one transaction: a reply of 250 means
that it will be counted, whatever is killed next. Pipelining (RFC 2920) is understood.
"""

import argparse
import asyncio
import re
import signal
import socket
import sqlite3
from pathlib import Path

from dispatch.local import inbox

GREETING = "220 inbox.example.org ready (a demonstration: nothing leaves this machine)"
OFFERS = ("inbox.example.org", "PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "SIZE 30000000")
LARGEST = 30_000_000
LONGEST_LINE = 2048
PATH = re.compile(rb"(?:FROM|TO):\s*<([^<>\r\n]*)>", re.IGNORECASE)
END = b"\r\n.\r\n"


class Receiver:
    """What all connections share: who waits for a commit."""

    def __init__(self, keeper: inbox.Keeper) -> None:
        self.keeper = keeper
        self.waiting: list[tuple[Conversation, inbox.Arrived]] = []

    def take(self, conversation: "Conversation", message: inbox.Arrived) -> None:
        """Keep it with whatever else is arriving in this turn of the loop, then answer."""
        if not self.waiting:
            asyncio.get_running_loop().call_soon(self._keep)
        self.waiting.append((conversation, message))

    def _keep(self) -> None:
        waiting, self.waiting = self.waiting, []
        try:
            self.keeper.keep(message for _, message in waiting)
            reply = "250 2.0.0 kept"
        except sqlite3.Error as error:
            reply = f"452 4.3.1 cannot be kept ({type(error).__name__})"
        for conversation, _ in waiting:
            conversation.kept(reply)


class Conversation(asyncio.Protocol):
    """One connection (RFC 5321)."""

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver
        self.buffer = bytearray()
        self.sought = 0  # how much of the buffer holds no end of the message, for certain
        self.in_data = self.in_doubt = False
        self.sender: str | None = None
        self.recipients: list[str] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        if (client := transport.get_extra_info("socket")) is not None and client.family != socket.AF_UNIX:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._say(GREETING)

    def data_received(self, data: bytes) -> None:
        """Commands, or a message's next part."""
        self.buffer += data
        self._go_on()

    def kept(self, reply: str) -> None:
        """The message is safe, or not; what was pipelined after it comes next."""
        self.in_doubt = False
        self._forget()
        if not self.transport.is_closing():
            self._say(reply)
            self._go_on()

    def _go_on(self) -> None:
        while not self.in_doubt and (self._take_message() if self.in_data else self._take_command()):
            pass

    def _take_command(self) -> bool:
        end = self.buffer.find(b"\r\n")
        if end < 0:
            if len(self.buffer) > LONGEST_LINE:
                self._end("500 5.5.2 line too long")
            return False
        line = bytes(self.buffer[:end])
        verb = line[:4].upper()
        # DATA's own line end stays, so that a dot alone is found in an empty message too.
        del self.buffer[: end if verb == b"DATA" and self.recipients else end + 2]
        self._obey(verb, line)
        return not self.transport.is_closing()

    def _obey(self, verb: bytes, line: bytes) -> None:
        match verb:
            case b"EHLO":
                self._forget()
                self._say("\r\n".join([*(f"250-{offer}" for offer in OFFERS[:-1]), f"250 {OFFERS[-1]}"]))
            case b"HELO" | b"RSET" | b"NOOP":
                if verb != b"NOOP":
                    self._forget()
                self._say("250 2.0.0 fine")
            case b"MAIL" | b"RCPT":
                self._say(self._envelope(verb, line))
            case b"DATA" if self.recipients:
                self.in_data, self.sought = True, 0
                self._say("354 go on, end with a dot")
            case b"DATA":
                self._say("503 5.5.1 first MAIL and RCPT")
            case b"QUIT":
                self._end("221 2.0.0 bye")
            case _:
                self._say("500 5.5.1 not understood")

    def _envelope(self, verb: bytes, line: bytes) -> str:
        found = PATH.search(line)
        if not found:
            return "501 5.5.4 an address in angle brackets is missing"
        address = found[1].decode("utf-8", "replace")
        if verb == b"MAIL":
            self._forget()
            self.sender = address
        elif self.sender is None:
            return "503 5.5.1 first MAIL"
        else:
            self.recipients.append(address)
        return "250 2.1.0 fine"

    def _take_message(self) -> bool:
        end = self.buffer.find(END, self.sought)
        if end < 0:
            self.sought = max(0, len(self.buffer) - len(END) + 1)
            if len(self.buffer) > LARGEST:
                self._end("552 5.3.4 too large")
            return False
        raw = bytes(self.buffer[: end + 2]).replace(b"\r\n..", b"\r\n.")[2:]
        del self.buffer[: end + len(END)]
        self.in_data, self.in_doubt = False, True
        assert self.sender is not None
        self.receiver.take(self, inbox.Arrived(self.sender, tuple(self.recipients), raw))
        return False

    def _forget(self) -> None:
        self.sender, self.recipients = None, []

    def _say(self, text: str) -> None:
        self.transport.write(f"{text}\r\n".encode())

    def _end(self, text: str) -> None:
        self._say(text)
        self.transport.close()


async def receive(listening: socket.socket, file: Path) -> None:
    """Take mail until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    receiver = Receiver(inbox.Keeper(file))
    server = await loop.create_server(lambda: Conversation(receiver), sock=listening, backlog=256)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with server:
        await stop.wait()
        server.close()


def main() -> None:
    """`python -m dispatch.local.receiver --listening N --store FILE`: N is an inherited socket, or --port opens one."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--listening", type=int)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--store", type=Path, required=True)
    options = parser.parse_args()
    inherited = options.listening is not None
    listening = (
        socket.socket(fileno=options.listening) if inherited else socket.create_server(("127.0.0.1", options.port))
    )
    asyncio.run(receive(listening, options.store))


if __name__ == "__main__":
    main()
