"""A connection that stands, and the dialogue over it: bytes out without blocking, bytes in, patience."""

import contextlib
import os
import socket
import ssl
import time

from dispatch.delivery.mailers import roll
from dispatch.delivery.mailers.base import always
from dispatch.delivery.mailers.dialling import Dialled, Relay
from dispatch.delivery.mailers.dialogue import Dialogue
from dispatch.delivery.mailers.replies import Astray
from dispatch.delivery.mailers.window import Window

AT_ONCE = 4096
"""Bytes to read at a time: replies are short."""
PIECES = os.sysconf("SC_IOV_MAX")
"""To write at a time; more are refused by the system."""
RECORD = 16_384
"""Bytes of a TLS record, RFC 8446 section 5.1. Of several the library does not say which have left: the other side might have
a letter's end that does not count as written. Of one it can read all or nothing."""
QUICKACK = getattr(socket, "TCP_QUICKACK", None)
"""Linux's; it holds for a moment only."""
NOT_YET = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Line:
    """One of a mailer's connections. Astray leaves it useless; `drop` it then."""

    def __init__(self, dialled: Dialled, relay: Relay) -> None:
        self.sock, self.patience = dialled.sock, relay.patience
        self.is_secure = isinstance(self.sock, ssl.SSLSocket)
        self.record = b""  # over TLS: handed to the library, which may not have got rid of it yet
        self.is_blocked = False  # it waits until it may write
        self.since = time.monotonic()  # the last sign of life
        self.dialogue = Dialogue(dialled.offers, letters=relay.messages, until=self.since + relay.seconds)
        self.relay = relay.name
        self.state: roll.State | None = roll.State.AT_WORK
        roll.change(self.relay, None, self.state)

    def become(self, state: roll.State | None) -> None:
        """Tell what it is at now; None: it is gone."""
        roll.change(self.relay, self.state, state)
        self.state = state

    def write(self, window: Window) -> None:
        """As much as the other side takes now. Raises Astray."""
        dialogue = self.dialogue
        try:
            while dialogue.out:
                dialogue.wrote(self._send(dialogue.out))
                self.since = time.monotonic()
        except NOT_YET:
            return
        except OSError as error:
            with contextlib.suppress(OSError):  # what it said before it went may tell a letter's fate
                while data := self.sock.recv(AT_ONCE):
                    dialogue.hear(window, data)
            raise Astray(type(error).__name__) from error

    def read(self, window: Window) -> None:
        """What has arrived: until nothing more is there, or a short read says so. Raises Astray, also at the stream's end."""
        try:
            while data := self.sock.recv(AT_ONCE):
                self.since = time.monotonic()
                self.dialogue.hear(window, data)
                self._acknowledge()
                if len(data) < AT_ONCE and not self.is_secure:
                    return
        except NOT_YET:
            return
        except OSError as error:
            raise Astray(type(error).__name__) from error
        raise Astray("the relay hung up")

    def expires(self) -> float:
        """When patience with what is under way ends, on the monotonic clock."""
        phase = "block" if self.dialogue.out else self.dialogue.awaiting[0].phase
        return self.since + float(getattr(self.patience, phase))

    def is_silent(self) -> bool:
        """Whether it stands and says nothing, as one at rest should."""
        try:
            self.sock.recv(1)
        except NOT_YET:
            return True
        except OSError:
            return False
        return False

    def part(self) -> None:
        """QUIT, once."""
        self.dialogue.part()
        with contextlib.suppress(Astray):
            self.write(Window((), always))

    def see_off(self, until: float) -> None:
        """Close it once the other side has said goodbye, at the latest at `until`."""
        with contextlib.suppress(OSError):
            self.sock.settimeout(max(0.001, until - time.monotonic()))
            self.sock.recv(AT_ONCE)
        self.drop()

    def drop(self) -> None:
        """Close it as it is. Once is enough."""
        self.sock.close()
        self.become(None)

    def _acknowledge(self) -> None:
        """At once, where a further reply is due and nothing of ours would take it along: a relay may keep that reply until
        then (RFC 896). Linux would wait for 40 ms, with each letter where they leave one by one: 22 a second, not 160."""
        if QUICKACK is not None and self.dialogue.awaiting and not self.dialogue.out:
            with contextlib.suppress(OSError):
                self.sock.setsockopt(socket.IPPROTO_TCP, QUICKACK, 1)

    def _send(self, pieces: list[bytes | memoryview]) -> int:
        if not self.is_secure:
            return self.sock.sendmsg(pieces if len(pieces) <= PIECES else pieces[:PIECES])
        self.record = self.record or _beginning(pieces, RECORD)
        size = self.sock.send(self.record)
        self.record = b""
        return size


def _beginning(pieces: list[bytes | memoryview], size: int) -> bytes:
    taken = []
    for piece in pieces:
        taken.append(piece[:size])
        size -= len(taken[-1])
        if not size:
            break
    return b"".join(taken)
