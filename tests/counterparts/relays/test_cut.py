"""Postfix, Exim and OpenSMTPD behind a line that breaks: what we say of each letter is what they did with it."""

import contextlib
import itertools
import random
import socket
import threading
import time

import pytest
from faulty_relay import CAST, letter

from dispatch.delivery.mailers import dialling
from dispatch.delivery.mailers.base import Trouble
from dispatch.outcomes import Deferred, Sent, Unknown

pytestmark = pytest.mark.counterpart
BREAKS = 10


class Breaking:
    """A way to a port on which each connection ends after so many bytes of ours, as long as there are `lengths`."""

    def __init__(self, port, lengths):
        self.beyond, self.lengths = port, itertools.chain(lengths, itertools.repeat(1 << 30))
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self.listening.accept()
                far = socket.create_connection(("127.0.0.1", self.beyond))
                for ends, length in (((near, far), next(self.lengths)), ((far, near), 1 << 30)):
                    threading.Thread(target=self.carry, args=(*ends, length), daemon=True).start()

    @staticmethod
    def carry(source, target, left):
        with contextlib.suppress(OSError):
            while left and (data := source.recv(min(left, 4096))):
                target.sendall(data)
                left -= len(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def close(self):
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()


def has_come_to(real, message):
    return any(message.recipient in one.recipients for one in list(real.onward.taken))


def came_to(real, message):
    """Whether it comes out at the other end within twenty seconds."""
    deadline = time.monotonic() + 20
    while not has_come_to(real, message) and time.monotonic() < deadline:
        time.sleep(0.05)
    return has_come_to(real, message)


@pytest.mark.parametrize("seed", [1, 3])
def test_what_we_say_of_each_letter_is_what_became_of_it(real, opened, seed):
    chance = random.Random(seed)
    messages, last = [letter(f"{name}.cut{seed}") for name in CAST[:40]], letter(f"last.cut{seed}")
    with contextlib.closing(Breaking(real.port, [chance.randrange(20, 1200) for _ in range(BREAKS)])) as way:
        relay = dialling.Relay("127.0.0.1", way.port, security="none", connections=2)
        answers = list(opened(relay).send(messages))
    assert list(opened(real.relay()).send([last])) == [Sent()]
    assert came_to(real, last)
    for message, answer in itertools.zip_longest(messages, answers):
        if answer == Sent():
            assert came_to(real, message)
        elif not isinstance(answer, Unknown):
            assert answer is None or isinstance(answer, Trouble | Deferred), (
                answer
            )  # held up while a later one was answered
            assert not has_come_to(real, message)
    assert sum(isinstance(answer, Unknown) for answer in answers) <= BREAKS
    assert Sent() in answers
