"""A process's sign of life, a row written every few seconds, so that a dead or deaf one is noticed."""

import importlib.metadata
import os
import socket
import threading
from datetime import timedelta
from typing import Any

from celery import signals
from django.db import Error, connection
from django.utils import timezone

from dispatch import logs, queue
from dispatch.delivery.models import WorkerBeat
from dispatch.workers import hands

EVERY = 5.0
FORGOTTEN_AFTER = timedelta(days=1)
VERSION = importlib.metadata.version("dispatch")


class Beat:
    """The sign of life of this process."""

    def __init__(self, queues: str) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}"
        self.queues = queues
        self.started_at = timezone.now()

    def write(self, doing: str = "") -> None:
        """Say that we live, and what we do. A database that is away is no reason to stop."""
        values = {"queues": self.queues, "doing": doing, "started_at": self.started_at, "beat_at": timezone.now()}
        values |= {"version": VERSION, "memory": hands.memory(), "now": hands.now()}
        try:
            WorkerBeat.objects.update_or_create(name=self.name, defaults=values)
        except Error:
            connection.close()

    def end(self) -> None:
        """Take the row away, as one that stopped in order is not missed, and those long dead with it."""
        try:
            WorkerBeat.objects.filter(name=self.name).delete()
            WorkerBeat.objects.filter(beat_at__lt=timezone.now() - FORGOTTEN_AFTER).delete()
        except Error:
            connection.close()


def install(queues: str) -> None:
    """Let a Celery worker's main process beat from its start to its end, and its tasks' log lines name them."""
    beat, ended = Beat(queues), threading.Event()

    def beat_until_the_end() -> None:
        while not ended.is_set():
            beat.write("stopping" if queue.is_stopping() else "")
            ended.wait(EVERY)
        beat.end()

    thread = threading.Thread(target=beat_until_the_end, name="beat", daemon=True)

    def end(**_: Any) -> None:
        ended.set()
        if thread.is_alive():
            thread.join(2)

    def name_the_task(task: Any, args: tuple[object, ...], **_: Any) -> None:
        called = f"{task.name}({', '.join(map(str, args))})"
        logs.correlation.set(called)
        hands.take(called)
        logs.follow(str(getattr(task.request, "trail", "") or ""))

    # Celery would set the root logger to its own level, and our lines would be lost below it: whoever answers keeps it away.
    signals.setup_logging.connect(lambda **_: None, weak=False)
    signals.task_prerun.connect(name_the_task, weak=False)
    signals.task_postrun.connect(lambda **_: hands.let_go(), weak=False)
    signals.worker_process_init.connect(lambda **_: queue.settle_in(), weak=False)
    signals.worker_ready.connect(lambda **_: thread.start(), weak=False)
    signals.worker_shutting_down.connect(lambda **_: queue.begin_stopping(), weak=False)
    signals.worker_shutdown.connect(end, weak=False)
