"""Posts go out at their moment also while the broker or the clock is away: then a worker for posts looks for what is due by
itself."""

import logging
import threading
import time
from typing import Any

from celery import signals
from django.db import Error, connection

from dispatch import queue
from dispatch.social import abreast, publishing

log = logging.getLogger(__name__)
EVERY = 0.25
"""Seconds between two looks; with PATIENCE less than the second within which a due post is begun."""
PATIENCE = 0.4
"""Seconds that a due post waits for its doorbell before anybody asks whether there are doorbells at all."""
AGAIN = 5.0
"""Seconds between two questions to the broker."""


class StandingBy:
    """What one worker knows of the broker."""

    def __init__(self) -> None:
        self.asked_at = float("-inf")
        self.is_deaf = False

    def look(self) -> int:
        """Publish what nobody was told of, if the broker does not answer; else ring for it, since the clock may be away. How
        many were published."""
        if not publishing.is_overdue(PATIENCE):
            return 0
        if time.monotonic() - self.asked_at > AGAIN:
            self.is_deaf, self.asked_at = bool(queue.ping(1)), time.monotonic()
        if self.is_deaf:
            return abreast.publish_due(0)
        queue.enqueue("social.publish_post", 0)
        return 0


def install() -> None:
    """Let a worker's main process look, from its start to its end."""
    standing, ended = StandingBy(), threading.Event()

    def look_until_the_end() -> None:
        while not ended.wait(EVERY):
            try:
                standing.look()
            except Error:
                connection.close()
            except Exception:  # one post that cannot be published must not leave the others without a look
                log.exception("a look for due posts failed")

    thread = threading.Thread(target=look_until_the_end, name="standing by", daemon=True)

    def end(**_: Any) -> None:
        ended.set()
        if thread.is_alive():
            thread.join(2)

    signals.worker_ready.connect(lambda **_: thread.start(), weak=False)
    signals.worker_shutdown.connect(end, weak=False)
