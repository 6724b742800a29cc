"""One connection's transactions, without the connection: what to write next, and what each reply means for whom.

With PIPELINING (RFC 2920) an envelope is one write, and the next letter's envelope leaves with the body of the one before it,
so that a letter costs one round trip; with CHUNKING (RFC 3030) the body follows as one BDAT, else after DATA's 354. A body is
written only when its own MAIL and RCPT were taken since the last clean boundary: at most one letter is in doubt.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from dispatch.delivery.mailers import envelopes, replies
from dispatch.delivery.mailers.base import Answer, Trouble
from dispatch.delivery.mailers.envelopes import Offers
from dispatch.delivery.mailers.replies import Astray, Reply
from dispatch.delivery.mailers.window import Letter, Window
from dispatch.outcomes import Unknown


@dataclass(frozen=True, slots=True, eq=False)
class Verb:
    """What a reply is awaited to."""

    answered: Callable[["Dialogue", Window, bytes], None]
    phase: str  # of Patience


class Dialogue:
    """`out` is to be written, `wrote` hears how far that got, `hear` what arrived.

    `letters` is how many a connection carries, `until` the end of its time on the monotonic clock.
    """

    def __init__(self, offers: Offers, *, letters: int, until: float) -> None:
        self.offers, self.letters, self.until = offers, letters, until
        self.out: list[bytes | memoryview] = []
        self.said = self.written = self.end_at = 0  # bytes; the last is where the closing letter ends
        self.awaiting: deque[Verb] = deque()
        self.unsaid: deque[tuple[Verb, bytes]] = deque()  # without pipelining, what waits for the reply before it
        self.cutter = replies.Cutter()
        self.opening: Letter | None = None  # its envelope is said, nothing of its body is
        self.closing: Letter | None = None  # its body is said, the reply to it is not heard
        self.objection: Answer | None = None  # to the opening letter
        self.is_begun = False  # the relay took the opening letter's MAIL, so no other letter's recipient is left over
        self.begun = self.done = 0  # letters

    @property
    def is_idle(self) -> bool:
        """Nothing is under way."""
        return not self.awaiting and not self.out

    @property
    def is_worn(self) -> bool:
        """It has carried what one connection should, or long enough."""
        return self.begun >= self.letters or (self.begun > 0 and time.monotonic() >= self.until)

    def wear_out(self) -> None:
        """No letter goes this way any more; the one under way is still answered."""
        self.letters = 0

    def begin(self, window: Window) -> None:
        """The envelope of the next letter that can go this way, if there is one; of the others it is said why."""
        while not self.is_worn and (letter := window.pull()) is not None:
            objection = envelopes.unfit(letter.message, self.offers)
            if objection is None:
                self.opening, self.objection, self.is_begun = letter, None, False
                self.begun += 1
                verbs = (self.MAIL, self.RCPT) if self.offers.chunking else (self.MAIL, self.RCPT, self.DATA)
                self._say(verbs, envelopes.write(letter.message, self.offers))
                return
            window.settle(letter, objection)

    def part(self) -> None:
        """QUIT, once."""
        if self.QUIT not in self.awaiting:
            self._say((self.QUIT,), b"QUIT\r\n")

    def wrote(self, size: int) -> None:
        """That many bytes of `out` are out of our hands."""
        self.written += size
        if self.written == self.said:
            self.out.clear()
            return
        while size >= len(self.out[0]):
            size -= len(self.out.pop(0))
        self.out[0] = memoryview(self.out[0])[size:]

    def hear(self, window: Window, data: bytes) -> None:
        """Take replies in. Raises Astray."""
        awaiting = self.awaiting
        for line in self.cutter.cut(data):
            if not awaiting:
                raise Astray("the relay speaks unasked", str(replies.read(line)))
            verb = awaiting.popleft()
            if line.startswith(b"421"):
                self._closed(window, verb, line)
            verb.answered(self, window, line)
            if self.unsaid and not awaiting:
                next_verb, text = self.unsaid.popleft()
                self._put(next_verb, text)

    def lost(self, window: Window, gone: Astray) -> None:
        """The connection is over: one letter may be in doubt, another may be untouched."""
        closing, opening, self.closing, self.opening = self.closing, self.opening, None, None
        if closing is not None and self.written >= self.end_at:
            window.settle(closing, Unknown(reason=f"no reply after the final dot ({gone.reason})"))
        elif closing is not None:
            self._spare(window, closing, gone)
        if opening is not None and self.objection is not None:
            window.settle(opening, self.objection)
        elif opening is not None:
            self._spare(window, opening, gone)

    def _spare(self, window: Window, letter: Letter, gone: Astray) -> None:
        trouble = Trouble(f"the connection was lost before the message was handed over ({gone.reason})", gone.code)
        window.put_back(letter, trouble, counts=self.done == 0)

    def _say(self, verbs: tuple[Verb, ...], text: bytes) -> None:
        """A line of `text` to each verb; without pipelining, each once the one before it is answered."""
        if self.offers.pipelining:
            self.awaiting.extend(verbs)
            self.out.append(text)
            self.said += len(text)
            return
        self.unsaid.extend(zip(verbs, text.splitlines(keepends=True), strict=True))
        if not self.awaiting:
            self._put(*self.unsaid.popleft())

    def _put(self, verb: Verb, *pieces: bytes) -> None:
        self.awaiting.append(verb)
        self.out += pieces
        self.said += sum(map(len, pieces))

    def _write_body(self, window: Window) -> None:
        """The opening letter leaves, and with it the envelope of the next."""
        letter = self.opening
        assert letter is not None
        if not window.may_leave(letter):
            raise Astray("it is held back")
        self.opening, self.closing, message = None, letter, letter.message
        self.awaiting.append(self.END)
        if self.offers.chunking:
            command = b"BDAT %d LAST\r\n" % message.size
            self.out += (command, message.data, *message.more)
            self.said += len(command) + message.size
        else:
            self.out += (message.data, *message.more, b".\r\n")
            self.said += message.size + 3
        self.end_at = self.said
        self.begin(window)

    def _mail(self, window: Window, line: bytes) -> None:
        self.is_begun = line.startswith(b"2")
        if not self.is_begun:
            self._refused(window, line, replies.of_sender)

    def _rcpt(self, window: Window, line: bytes) -> None:
        if not line.startswith(b"2"):
            self._refused(window, line, replies.of_reader)
        if self.offers.chunking and self.opening is not None:
            self._write_body(window) if self.objection is None else self._give_up(window)

    def _data(self, window: Window, line: bytes) -> None:
        if not line.startswith(b"354"):
            self._refused(window, line, replies.of_message)
            if self.opening is not None:
                self._give_up(window)
        elif self.objection is None:
            self._write_body(window)
        elif self.is_begun:  # RFC 2920 section 3.1: nobody is left to take it, so it ends before it begins
            self._put(self.NOTHING, b".\r\n")
        else:
            raise Astray("the relay wants a message after it refused the sender")

    def _end(self, window: Window, line: bytes) -> None:
        is_early, is_taken = self.written < self.end_at, line.startswith(b"2")
        if is_early and not line.startswith((b"4", b"5")):
            raise Astray("the relay answers a message that it does not have yet")
        letter, self.closing = self.closing, None
        assert letter is not None
        self.done += 1
        if is_taken:
            window.settle(letter, replies.SENT)
            return
        reply = replies.read(line)
        if not reply.is_refusal:
            window.settle(letter, Unknown(reason=f"the reply to the final dot makes no sense ({reply})"))
        else:
            window.settle(letter, replies.of_message(reply))
        if is_early or not reply.is_refusal:
            raise Astray("the relay answers in a way that makes no sense here", str(reply))
        if self.opening is None:
            self._say((self.RSET,), b"RSET\r\n")

    def _nothing(self, window: Window, line: bytes) -> None:
        if line.startswith(b"2"):
            raise Astray("the relay took a message for nobody")
        self._give_up(window)

    def _rset(self, _: Window, line: bytes) -> None:
        if not line.startswith(b"2"):
            raise Astray("the relay does not reset", str(replies.read(line)))

    def _quit(self, _: Window, line: bytes) -> None:
        raise Astray("goodbye", line[:3].decode())

    def _closed(self, window: Window, verb: Verb, line: bytes) -> None:
        """421: it will not go on. Said in place of the reply to a final dot, the message was not taken."""
        gone = Astray("the relay closes the connection", str(replies.read(line)))
        if verb is self.END and self.closing is not None:
            letter, self.closing = self.closing, None
            self._spare(window, letter, gone)
        raise gone

    def _refused(self, window: Window, line: bytes, meaning: Callable[[Reply], Answer]) -> None:
        """The opening letter is objected to; what follows from that objection is none of its own."""
        reply = replies.read(line)
        if self.objection is None and not reply.is_refusal:
            raise Astray("the relay answers in a way that makes no sense here", str(reply))
        self.objection = self.objection or meaning(reply)
        if self.unsaid:
            self.unsaid.clear()
            self._give_up(window)

    def _give_up(self, window: Window) -> None:
        """The opening letter will not go; the session is reset before the next."""
        letter, self.opening = self.opening, None
        assert letter is not None
        assert self.objection is not None
        self.done += 1
        window.settle(letter, self.objection)
        self._say((self.RSET,), b"RSET\r\n")
        self.begin(window)

    MAIL, RCPT, DATA = Verb(_mail, "command"), Verb(_rcpt, "command"), Verb(_data, "data")
    END = Verb(_end, "final")  # the final dot, or the last BDAT
    NOTHING = Verb(_nothing, "final")  # the dot of a message that has no recipient left
    RSET, QUIT = Verb(_rset, "command"), Verb(_quit, "command")
