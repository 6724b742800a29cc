"""A process's sign of life, written beside Celery every few seconds, so that a deaf worker is noticed."""

import os
import socket
import threading
import time
from typing import TYPE_CHECKING, Any, cast

from celery import signals
from django.db import Error, close_old_connections, connection
from django.utils import timezone

from dispatch.delivery.models import WorkerBeat

if TYPE_CHECKING:
    from django.db.backends.postgresql.base import DatabaseWrapper

EVERY = 5.0


def install(queues: str) -> None:
    """Let a Celery worker's main process beat, and its children start with connections of their own."""

    def begin(**_: Any) -> None:
        beat_beside(queues)

    def forget_connections(**_: Any) -> None:
        close_pools()

    signals.worker_ready.connect(begin, weak=False)
    signals.worker_process_init.connect(forget_connections, weak=False)
    signals.task_postrun.connect(lambda **_: close_old_connections(), weak=False)


def beat_beside(queues: str) -> None:
    """Beat from a thread for as long as the process lives."""
    threading.Thread(target=_beat_forever, args=(queues,), name="beat", daemon=True).start()


def close_pools() -> None:
    """A forked child must not share its parent's connections."""
    connection.connection = None
    cast("DatabaseWrapper", connection).close_pool()


def _beat_forever(queues: str) -> None:
    name = f"{socket.gethostname()}:{os.getpid()}"
    started = timezone.now()
    while True:
        try:
            values = {"queues": queues, "started_at": started, "beat_at": timezone.now()}
            WorkerBeat.objects.update_or_create(name=name, defaults=values)
        except Error:
            connection.close()
        time.sleep(EVERY)
