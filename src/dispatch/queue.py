"""The doorbell: Celery messages that carry ids and may be lost, doubled, late or reordered without harm.

What is due lives in PostgreSQL; the clock rings again for what nobody took. So publishing never waits, never retries and
never fails a request: a bounded queue and one thread a process hand the messages to the broker.
"""

import atexit
import logging
import os
import queue as standard_queue
import threading
import time
from collections.abc import Callable
from typing import ParamSpec, cast

import kombu.exceptions
from celery import Celery
from django.db import transaction
from kombu import Queue

from dispatch import env

P = ParamSpec("P")
log = logging.getLogger(__name__)

QUEUES = ("articles", "editions", "email", "social", "upkeep")

app = Celery("dispatch")
app.conf.update(
    broker_url=env.broker_url(),
    broker_transport_options={
        "visibility_timeout": 300,
        "socket_timeout": 30,
        "socket_connect_timeout": 5,
        "socket_keepalive": True,
        "health_check_interval": 25,
        "retry_on_timeout": True,
        "global_keyprefix": "dispatch:",
    },
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_channel_error_retry=True,
    task_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    task_acks_late=False,
    task_create_missing_queues=False,
    task_queues=[Queue(name) for name in QUEUES],
    task_routes={f"{name}.*": {"queue": name} for name in QUEUES},
    task_default_queue="upkeep",
    task_send_sent_event=False,
    worker_send_task_events=False,
    worker_prefetch_multiplier=1,
    worker_disable_prefetch=True,
    worker_soft_shutdown_timeout=60,
    worker_enable_soft_shutdown_on_idle=False,
    worker_hijack_root_logger=False,
    worker_max_tasks_per_child=2000,
    worker_max_memory_per_child=400_000,
    imports=[f"dispatch.workers.{name}" for name in QUEUES],
    timezone="UTC",
)

EXPIRES = 600
"""Seconds after which an unheard doorbell is worthless: the clock has rung again long before."""

Doorbell = tuple[str, tuple[int | str, ...]]


class _Bell:
    """One thread a process that publishes; a full queue or a dead broker drops doorbells, which the clock replaces."""

    def __init__(self, size: int = 10_000) -> None:
        self.pending: standard_queue.Queue[Doorbell] = standard_queue.Queue(size)
        self.pid = 0
        self.lock = threading.Lock()

    def ring(self, doorbell: Doorbell) -> None:
        self._start_once_a_process()
        try:
            self.pending.put_nowait(doorbell)
        except standard_queue.Full:
            log.warning("doorbell dropped, the clock will ring again", extra={"task": doorbell[0]})

    def flush(self, seconds: float = 1.0) -> None:
        """Wait for what is pending, `seconds` at most; for programs about to end."""
        deadline = time.monotonic() + seconds
        while self.pending.unfinished_tasks and self.pid == os.getpid() and time.monotonic() < deadline:
            time.sleep(0.005)

    def _start_once_a_process(self) -> None:
        if self.pid == os.getpid():
            return
        with self.lock:
            if self.pid != os.getpid():
                self.pending = standard_queue.Queue(self.pending.maxsize)
                self.pid = os.getpid()
                threading.Thread(target=self._publish_forever, name="doorbell", daemon=True).start()

    def _publish_forever(self) -> None:
        pending = self.pending
        while True:
            name, ids = pending.get()
            try:
                app.send_task(name, args=ids, expires=EXPIRES, retry=False, argsrepr="(…)")
            except (OSError, kombu.exceptions.OperationalError) as error:
                log.warning("broker unreachable, the clock will ring again", extra={"error": type(error).__name__})
            finally:
                pending.task_done()


_bell = _Bell()
atexit.register(_bell.flush)


def enqueue(task: str, *ids: int | str) -> None:
    """Ring for `task` ("email.send_chunk") once the open transaction has committed; at once where none is open."""
    transaction.on_commit(lambda: _bell.ring((task, ids)))


def flush(seconds: float = 1.0) -> None:
    """Hand pending doorbells to the broker before the process ends; gives up after `seconds`."""
    _bell.flush(seconds)


def ping(seconds: int = 2) -> str:
    """An empty string when the broker answers, else why not, in its words."""
    try:
        with app.connection_for_write(connect_timeout=seconds) as connection:
            connection.ensure_connection(max_retries=1, timeout=seconds)
    except Exception as error:  # noqa: BLE001 - every transport has its own; each means: unreachable
        return str(error) or type(error).__name__
    return ""


def task(name: str) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Register a worker's function under its doorbell's name."""
    return cast("Callable[[Callable[P, None]], Callable[P, None]]", app.task(name=name, ignore_result=True))
