"""Whatever a relay says, however its words are cut or merged on the way: each letter's fate is true.

A relay that knows what it took and what it said stands at the other end of a dialogue, without sockets.
"""

from dataclasses import dataclass, field

from faulty_relay import letters
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatch.delivery.mailers.base import Trouble, always
from dispatch.delivery.mailers.dialogue import Dialogue
from dispatch.delivery.mailers.envelopes import Offers
from dispatch.delivery.mailers.replies import Astray, Cutter
from dispatch.delivery.mailers.window import Window
from dispatch.outcomes import Sent, Unknown

OFFERS = st.sampled_from([Offers(pipelining=True), Offers(pipelining=True, chunking=True), Offers()])
UNHURRIED = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
"""A busy machine is slow, and a long dialogue long; neither is wrong."""
USUAL = {
    "MAIL": "250 2.1.0 ok",
    "RCPT": "250 2.1.5 ok",
    "DATA": "354 go on",
    "END": "250-2.0.0 taken\r\n250 2.0.0 as it was",
    "RSET": "250",
}
OTHERWISE = (
    "421 4.3.2 closing",
    "450 4.2.0 later",
    "503 5.5.1 when",
    "550 5.1.1 no",
    "554-5.7.1 policy\r\n554 5.7.1 no",
)
WORDS = (
    *(f"{reply}\r\n".encode() for reply in ("250 ok", "354 go on", "550 5.1.1 no", "450 later")),
    b"what\n",
)
TEMPER = st.lists(st.sampled_from((None,) * 8 + OTHERWISE), max_size=16)
GARBAGE = (
    st.binary(max_size=20)
    .filter(lambda data: not any(48 <= byte <= 57 for byte in data))
    .map(lambda data: data + b"\n")
)
REPLY = st.from_regex(rb"\A[2-5]\d\d( [a-z .0-9]{0,9})?\r\n\Z|\A(250-[a-z]{0,5}\r\n){1,3}250 \r\n\Z")


@dataclass
class Relay:
    """One connection's other end. `temper`: what it says in turn instead of the usual, if anything."""

    temper: list
    arrived: bytes = b""
    said: bytes = b""
    sender: bool = False
    recipient: str = ""
    in_data: bool = False
    is_closed: bool = False
    taken: dict = field(default_factory=dict)  # by recipient: where in `said` it says so
    refused: dict = field(default_factory=dict)  # the same for a message that it has and does not want

    def hear(self, data):
        self.arrived += data
        while self.arrived and not self.is_closed and self.obey():
            pass

    def obey(self):
        """One command or message, if all of it is there."""
        if self.in_data:
            _, dot, rest = self.arrived.partition(b"\r\n.\r\n")
            return bool(dot) and self.end(rest)
        line, crlf, rest = self.arrived.partition(b"\r\n")
        if not crlf:
            return False
        verb, *words = line.decode().split()
        if verb == "BDAT":
            return len(rest) >= int(words[0]) and self.end(rest[int(words[0]) :])
        self.arrived = rest
        if verb == "RSET" or (verb == "MAIL" and not self.sender):
            self.sender, self.recipient = self.answer(verb) and verb == "MAIL", ""
        elif verb == "RCPT" and self.sender:
            self.recipient = words[0][4:-1] if self.answer(verb) else ""
        elif verb == "DATA" and self.recipient:
            self.in_data = self.answer(verb)
        else:
            self.say("503 5.5.1 bad sequence")
        return True

    def end(self, rest):
        recipient, at = self.recipient, len(self.said)
        self.arrived, self.in_data, self.sender, self.recipient = rest, False, False, ""
        if not recipient:
            self.say("503 5.5.1 for whom")
        elif self.answer("END"):
            self.taken[recipient] = at
        else:
            self.refused[recipient] = at
        return True

    def answer(self, verb):
        """Whether it does what it was asked."""
        instead = self.temper.pop() if self.temper else None
        self.say(instead or USUAL[verb])
        return instead is None

    def say(self, reply):
        self.said += reply.encode() + b"\r\n"
        self.is_closed = reply.startswith("421")


@dataclass
class Line:
    """Between the two: what was written, and how much of what was said has come."""

    relay: Relay
    written: bytes = b""
    come: int = 0

    def told(self, places, recipient):
        """Whether the relay's word on this recipient's message began to come."""
        return recipient in places and places[recipient] < self.come


def talk(data, line, dialogue, window):
    """Until it breaks or all is said."""
    dialogue.begin(window)
    try:
        while not dialogue.is_idle:
            writes, reads = bool(dialogue.out), line.come < len(line.relay.said)
            if not (writes or reads):
                raise Astray("silence")
            act = data.draw(st.sampled_from(["write"] * 8 * writes + ["read"] * 8 * reads + ["break", "garble"]))
            if act == "write":
                write(data.draw, line, dialogue)
            elif act == "read":
                piece = line.relay.said[line.come :][: data.draw(st.integers(1, 80))]
                line.come += len(piece)
                dialogue.hear(window, piece)
            elif act == "garble":
                dialogue.hear(window, data.draw(GARBAGE))
            else:
                raise Astray("broken")
    except Astray as gone:
        dialogue.lost(window, gone)


def write(draw, line, dialogue):
    """Some of what is to be written; of the last of it, some may never arrive."""
    waiting = b"".join(dialogue.out)
    piece = waiting[: draw(st.integers(1, len(waiting)) | st.just(len(waiting)))]
    line.written += piece
    dialogue.wrote(len(piece))
    arriving = draw(st.just(len(piece)) | st.integers(0, len(piece)))
    line.relay.hear(piece[:arriving])
    line.relay.is_closed |= arriving < len(piece)


@UNHURRIED
@given(data=st.data(), offers=OFFERS, count=st.integers(1, 5))
def test_a_letters_fate_is_what_the_relay_knows_of_it(data, offers, count):
    messages = letters(count)
    window, lines = Window(messages, always), []
    while window.has_more():
        lines.append(Line(Relay(data.draw(TEMPER))))
        talk(data, lines[-1], Dialogue(offers, letters=data.draw(st.integers(1, 9)), until=float("inf")), window)
    answers = list(window.rest())
    assert len(answers) == count or isinstance(answers[-1], Trouble)
    for place, message in enumerate(messages):
        hold(message, answers[place] if place < len(answers) else None, offers, lines)


def hold(message, answer, offers, lines):
    """Against every connection that may have carried it."""
    whole = to_its_end(message, offers)
    taking = [line for line in lines if message.recipient in line.relay.taken]
    carrying = [line for line in lines if whole in line.written]
    assert len(taking) <= 1, "twice"
    if isinstance(answer, Sent):
        assert any(line.told(line.relay.taken, message.recipient) for line in taking)
    elif isinstance(answer, Unknown):
        assert carrying
    else:
        assert not taking
        assert all(line.told(line.relay.refused, message.recipient) for line in carrying)


def to_its_end(message, offers):
    return message.whole() + (b"" if offers.chunking else b".\r\n")


@UNHURRIED
@given(data=st.data(), offers=OFFERS, count=st.integers(1, 4))
def test_nothing_is_sent_before_its_last_byte_nor_untouched_after_it(data, offers, count):
    """Though the relay says anything at any time."""
    messages = letters(count)
    window, written = Window(messages, always), []
    while window.has_more():
        written.append(b"")
        dialogue = Dialogue(offers, letters=9, until=float("inf"))
        dialogue.begin(window)
        try:
            while not dialogue.is_idle:
                if dialogue.out and data.draw(st.booleans()):
                    waiting = b"".join(dialogue.out)
                    piece = waiting[: data.draw(st.integers(1, len(waiting)) | st.just(len(waiting)))]
                    written[-1] += piece
                    dialogue.wrote(len(piece))
                else:
                    fitting = b"354 go on\r\n" if [*dialogue.awaiting][:1] == [Dialogue.DATA] else b"250 ok\r\n"
                    dialogue.hear(window, data.draw(st.sampled_from((fitting,) * 20 + WORDS)))
        except Astray as gone:
            dialogue.lost(window, gone)
        for place, fate in window.fates.items():
            if isinstance(fate, Sent | Unknown):
                assert any(to_its_end(messages[place], offers) in each for each in written)
    answers = list(window.rest())
    for message in messages[len(answers) - isinstance(answers[-1], Trouble) :]:
        assert not any(to_its_end(message, offers) in each for each in written)


@UNHURRIED
@given(replies=st.lists(REPLY | GARBAGE, max_size=6), cuts=st.lists(st.integers(1, 40), max_size=20))
def test_replies_are_the_same_however_they_are_cut(replies, cuts):
    """In one piece, in any pieces, byte by byte."""
    said = b"".join(replies)
    whole = cut(said, [len(said)])
    assert cut(said, cuts) == cut(said, [1] * len(said)) == whole


def cut(said, sizes):
    cutter, found, at = Cutter(), [], 0
    for size in [*sizes, len(said)]:
        piece, at = said[at : at + size], at + size
        try:
            found += cutter.cut(piece)
        except Astray as astray:
            return [*found, astray.reason]
    return found
