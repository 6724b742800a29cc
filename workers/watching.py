"""A clock that is gone cannot say so: a worker for upkeep looks, and tells people in its place."""

import logging
import threading
from typing import Any

from celery import signals
from django.db import Error, connection
from django.utils import timezone

from dispatch.desk import surroundings, telling

log = logging.getLogger(__name__)
EVERY = 20.0


def look() -> bool:
    """Tell people what there is, if no clock does. Whether it was necessary."""
    if not surroundings.is_clockless(timezone.now()):
        return False
    telling.look()
    return True


def install() -> None:
    """Let a worker's main process look, from its start to its end."""
    ended = threading.Event()

    def look_until_the_end() -> None:
        while not ended.wait(EVERY):
            try:
                look()
            except Error:
                connection.close()
            except Exception:  # whoever watches must go on watching
                log.exception("a look for the clock failed")

    thread = threading.Thread(target=look_until_the_end, name="watching", daemon=True)

    def end(**_: Any) -> None:
        ended.set()
        if thread.is_alive():
            thread.join(2)

    signals.worker_ready.connect(lambda **_: thread.start(), weak=False)
    signals.worker_shutdown.connect(end, weak=False)
