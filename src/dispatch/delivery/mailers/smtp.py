"""SMTP: several kept connections, each with one letter under way, driven together by one loop in the blocking worker.

What a reply means depends on the verb it answers. Before the final dot (or the end of BDAT) a failure is safe: nothing was
taken, and another connection gets the letter. After it, only a reply tells; a connection lost there is Unknown (RFC 5321
section 4.5.3.2.6, RFC 1047), for the one letter whose end was written. What is in an unknown state is not used again.
"""

import dataclasses
import select
import time
from collections.abc import Iterable, Iterator

from dispatch.delivery.mailers import dialling, shelf
from dispatch.delivery.mailers.base import Answer, Leaving, Message, Room, Trouble, always
from dispatch.delivery.mailers.dialling import Relay
from dispatch.delivery.mailers.line import Line
from dispatch.delivery.mailers.replies import Astray
from dispatch.delivery.mailers.window import Window

HURRY = 10.0
"""Seconds for each step towards a further connection: meanwhile nobody listens to those that stand."""
LISTEN, LISTEN_AND_WRITE = select.POLLIN, select.POLLIN | select.POLLOUT


class Smtp:
    """A mailer over the connections of a relay; `close` leaves them on the process's shelf for the next chunk."""

    def __init__(self, relay: Relay, room: Room | None = None) -> None:
        self.relay, self.room = relay, room
        self.one_more = dataclasses.replace(relay, patience=relay.patience.at_most(HURRY))
        self.most = relay.connections  # as far as the relay lets us
        self.lines: dict[int, Line] = {}  # by file descriptor
        self.parting: list[Line] = []
        self.poller = select.poll()
        self.tick = min(dataclasses.astuple(relay.patience)) / 10  # seconds between two looks at the clock
        self.look_at = 0.0

    def send(self, messages: Iterable[Message | None], leaving: Leaving = always) -> Iterator[Answer]:
        """See Mailer.send. A letter whose connection was lost before its end gets another; after two new ones, Trouble."""
        window = Window(messages, leaving)
        self._weed()
        try:
            while self._hand_out(window):
                are_busy = True
                while are_busy:
                    are_busy = self._listen(window)
                    yield from window.answers()
            yield from window.rest()
        finally:
            for line in [line for line in self.lines.values() if not line.dialogue.is_idle]:
                self._drop(line)

    def knock(self, reached: dialling.Reached = lambda _: None) -> Trouble | None:
        """Connect, secure and sign in, anew."""
        dialled = dialling.dial(self.relay, reached)
        if isinstance(dialled, Trouble):
            return dialled
        self._add(Line(dialled, self.relay))
        return None

    def close(self) -> None:
        """What still stands rests on the shelf; what is worn is seen off."""
        self._see_off()
        standing = list(self.lines.values())
        for line in standing:
            self._remove(line)
        if self.room is None:
            most, seconds = len(standing), shelf.REST
        else:
            most, seconds = self._rest(len(standing))
        for line in standing[:most]:
            shelf.put(self.relay, line, seconds)
        shelf.see_off(standing[most:])

    def _hand_out(self, window: Window) -> bool:
        """A letter to each connection that has none, over new ones where all are busy. Whether anything is under way."""
        most = self.most if self.room is None else self._keep_within(self.room)
        for line in list(self.lines.values()):
            if line.dialogue.is_idle:
                self._begin(line, window)
        if self.room is not None:
            self._see_off()  # a worn one counts until it is gone
        while (
            len(self.lines) < min(most, self.most) and window.has_more() and (opened := self._open(window)) is not None
        ):
            self._begin(opened, window)
        return any(not line.dialogue.is_idle for line in self.lines.values())

    def _keep_within(self, room: Room) -> int:
        """How many connections may stand. Those above it go: at once where idle, else after the letter under way."""
        most = room.most(len(self.lines) + shelf.count(self.relay))
        for line in list(self.lines.values())[max(0, most) :]:
            line.dialogue.wear_out()
            if line.dialogue.is_idle:
                self._remove(line)
                shelf.see_off([line])
        shelf.keep(self.relay, max(0, most - len(self.lines)))
        return most

    def _rest(self, standing: int) -> tuple[int, float]:
        """How many of those that stand may go to the shelf, beside those that are there, and for how long."""
        assert self.room is not None
        resting = shelf.count(self.relay)
        most, seconds = self.room.rest(standing + resting)
        shelf.keep(self.relay, most)
        return max(0, most - resting), shelf.REST if seconds is None else seconds

    def _see_off(self) -> None:
        shelf.see_off(self.parting)
        self.parting.clear()

    def _begin(self, line: Line, window: Window) -> None:
        if line.dialogue.is_worn:
            self._remove(line)
            line.part()
            self.parting.append(line)
            return
        line.dialogue.begin(window)
        self._write(line, window)

    def _open(self, window: Window) -> Line | None:
        """One more connection. Where others stand, being refused another is an answer to that wish only."""
        line = shelf.take(self.relay)
        if line is None:
            dialled = dialling.dial(self.one_more if self.lines else self.relay)
            if isinstance(dialled, Trouble):
                if not self.lines:
                    window.give_up(dialled)
                self.most = max(len(self.lines), 1)
                return None
            line = Line(dialled, self.relay)
        self._add(line)
        return line

    def _listen(self, window: Window) -> bool:
        """What happens next. Whether all of it leaves its connection busy: then there is no letter to hand out."""
        are_busy = True
        for descriptor, _ in self.poller.poll(self.tick * 1000):
            line = self.lines[descriptor]
            try:
                line.read(window)
            except Astray as gone:
                self._lose(line, window, gone)
            else:
                self._write(line, window)
            are_busy = are_busy and descriptor in self.lines and not line.dialogue.is_idle
        # Only after whatever has come in was read: a process that was frozen finds its answers waiting.
        if time.monotonic() >= self.look_at:
            self._lose_patience(window)
            return False
        return are_busy

    def _write(self, line: Line, window: Window) -> None:
        try:
            line.write(window)
        except Astray as gone:
            self._lose(line, window, gone)
            return
        if line.is_blocked != bool(line.dialogue.out):
            line.is_blocked = not line.is_blocked
            self.poller.modify(line.sock, LISTEN_AND_WRITE if line.is_blocked else LISTEN)

    def _lose_patience(self, window: Window) -> None:
        now = time.monotonic()
        self.look_at = now + self.tick
        for line in list(self.lines.values()):
            if not line.dialogue.is_idle and line.expires() <= now:
                self._lose(line, window, Astray("no reply in time"))

    def _lose(self, line: Line, window: Window, gone: Astray) -> None:
        self._drop(line)
        line.dialogue.lost(window, gone)

    def _weed(self) -> None:
        """A connection at rest has nothing to say: what spoke or hung up meanwhile is not used again."""
        for descriptor, _ in self.poller.poll(0):
            self._drop(self.lines[descriptor])

    def _add(self, line: Line) -> None:
        self.lines[line.sock.fileno()] = line
        self.poller.register(line.sock, LISTEN)

    def _remove(self, line: Line) -> None:
        self.poller.unregister(line.sock)
        del self.lines[line.sock.fileno()]

    def _drop(self, line: Line) -> None:
        self._remove(line)
        line.drop()
