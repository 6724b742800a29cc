"""What a connection reads is acknowledged at once where the relay may keep its next reply back until then."""

import select
import socket

import pytest

from dispatch.delivery.mailers import line as lines
from dispatch.delivery.mailers.base import Message, always
from dispatch.delivery.mailers.dialling import Dialled, Relay
from dispatch.delivery.mailers.envelopes import Offers
from dispatch.delivery.mailers.line import Line
from dispatch.delivery.mailers.window import Window

pytestmark = pytest.mark.skipif(lines.QUICKACK is None, reason="this system acknowledges as it likes")


class Told(socket.socket):
    """Keeps what it was told."""

    __slots__ = ("heard",)

    def setsockopt(self, *option):
        self.heard.append(option)
        super().setsockopt(*option)


@pytest.fixture
def ours_and_theirs():
    with socket.create_server(("127.0.0.1", 0)) as listening, Told() as ours:
        ours.connect(listening.getsockname())
        ours.setblocking(False)
        theirs, _ = listening.accept()
        with theirs:
            yield ours, theirs


def test_a_reply_is_acknowledged_at_once_while_another_is_due_and_nothing_of_ours_goes(ours_and_theirs):
    ours, theirs = ours_and_theirs
    line = Line(Dialled(ours, Offers(pipelining=True)), Relay("localhost"))
    window = Window(
        [Message("news@example.org", "alice@example.org", b"To: alice@example.org\r\n\r\nA letter\r\n")], always
    )
    line.dialogue.begin(window)
    line.write(window)
    at_once = (socket.IPPROTO_TCP, lines.QUICKACK, 1)

    def hears(said):
        ours.heard = []
        theirs.sendall(said)
        select.select([ours], [], [], 10)
        line.read(window)
        return at_once in ours.heard

    assert hears(b"250 ok\r\n")
    assert not hears(b"250 ok\r\n354 go on\r\n")  # the letter takes it along
    line.write(window)
    assert not hears(b"250 taken\r\n")
