"""Whether this worker hears: a doorbell of its own must come back through all that its work comes through.

It is rung on a list that only this worker listens to, beside its queues and by the same connection, so that its answer proves
the broker, that connection, the main loop and one of the processes. Nobody else would notice a worker that is alive and deaf.
"""

import mmap
import os
import socket
import struct
import time
from typing import Any

from celery import bootsteps
from celery.worker import state
from kombu import Exchange, Queue

from dispatch import env, hands, queue
from dispatch.workers import hanging

ASK_EVERY = 10.0
TURNS_EVERY = 2.0
FORGOTTEN_AFTER = 60
"""Seconds that an unheard doorbell of this kind is kept: a dead worker leaves nothing behind."""
_heard = mmap.mmap(-1, 8)
"""When one came last, on the monotonic clock: a worker shares it with the processes that it forks."""


@queue.task("hearing.prove")
def prove() -> None:
    """This came through."""
    _heard[:] = struct.pack("d", time.monotonic())


class Turning(bootsteps.StartStopStep):
    """That the main loop turns, busy or not: noted by its own timer, which each connection sets anew."""

    requires = ("celery.worker.consumer.tasks:Tasks",)
    at = float("-inf")

    def start(self, parent: Any) -> None:
        """Called when the worker has connected."""
        self.turn()
        parent.timer.call_repeatedly(TURNS_EVERY, self.turn)

    @staticmethod
    def turn() -> None:
        """It did."""
        Turning.at = time.monotonic()


class Hearing:
    """Of one worker. With RabbitMQ, whose heartbeats tell of a lost connection, its loop alone is proved."""

    def __init__(self, concurrency: int) -> None:
        self.concurrency = concurrency
        self.watch = hanging.Watch()
        self.list = f"hearing.{socket.gethostname()}.{os.getpid()}"
        self.by_doorbell = not env.broker_url().startswith("amqp")
        self.asked_at = float("-inf")
        self.busy_at = float("-inf")
        self.excused_at = time.monotonic()  # for its start
        queue.app.steps["consumer"].add(Turning)

    def queues(self) -> list[str]:
        """What this worker must listen to besides its queues."""
        if not self.by_doorbell:
            return []
        known = queue.app.amqp.queues
        known.add(Queue(self.list, expires=FORGOTTEN_AFTER))
        known[self.list].exchange = Exchange(
            ""
        )  # nothing is bound, so that a worker's end leaves nothing in the broker
        return [self.list]

    def is_busy(self) -> bool:
        """Whether each of its processes is at work: then it takes nothing, and is not deaf. One whose task hung and that
        could not even be killed is not at work, and of a task that Celery alone believes in no process knows."""
        at_work = self.watch.busy() >= min(self.concurrency, hands.PROCESSES)
        return at_work and len(state.reserved_requests) >= self.concurrency

    def has_heard(self) -> bool:
        """Whether anything ever came through to it. Until then it is starting, however long that takes on a busy machine."""
        heard_at: float = struct.unpack("d", _heard[:])[0]
        return Turning.at > float("-inf") and (heard_at > 0 or self.busy_at > float("-inf"))

    def seconds(self) -> float:
        """Since it last heard, or could not be expected to; asks anew when it is time."""
        now = time.monotonic()
        if now - self.asked_at >= ASK_EVERY:
            self._ask(now)
        if self.is_busy() or not self.by_doorbell:
            self.busy_at = now
        heard_at: float = struct.unpack("d", _heard[:])[0]
        return now - max(self.excused_at, min(max(self.busy_at, heard_at), Turning.at))

    def _ask(self, now: float) -> None:
        """A broker that does not answer is no reason to replace who listens to it."""
        self.asked_at = now
        if queue.ping(2):
            self.excused_at = time.monotonic()
        elif self.by_doorbell and not self.is_busy():
            queue.ring_on(self.list, "hearing.prove")
