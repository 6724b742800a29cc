"""The doorbell: Celery messages that carry ids and may be lost, doubled, late or reordered without harm.

What is due lives in PostgreSQL; the clock rings again for what nobody took. So publishing never waits, never retries and
never fails a request: a bounded queue and one thread a process hand the messages to the broker.
"""

import atexit
import contextlib
import functools
import gc
import logging
import mmap
import os
import queue as standard_queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, cast

from celery import Celery
from celery.app.amqp import AMQP
from django.db import transaction
from kombu import Connection

from dispatch import brokers, env, logs, signs, tracing

P = ParamSpec("P")
log = logging.getLogger(__name__)

QUEUES = brokers.QUEUES


class _Persistent(Connection):
    """Tries again each two seconds, however long the broker is away: Celery names no interval, and kombu's grows to 30."""

    def _ensure_connection(self, *arguments: Any, **options: Any) -> Any:
        return super()._ensure_connection(*arguments, **{"interval_max": 2, **options})


class _Amqp(AMQP):
    """Celery's, with connections of that kind."""

    Connection = _Persistent


app = Celery("dispatch", amqp=_Amqp)
app.conf.update(
    broker_url=env.broker_url(),
    **brokers.transport(env.broker_url()),
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_channel_error_retry=True,
    task_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    task_acks_late=False,
    task_create_missing_queues=False,
    task_routes={f"{name}.*": {"queue": name} for name in QUEUES},
    task_default_queue="upkeep",
    task_send_sent_event=False,
    worker_send_task_events=env.flag("DISPATCH_TASK_EVENTS"),  # for Flower; a doorbell's ids are not in them
    worker_prefetch_multiplier=1,
    worker_cancel_long_running_tasks_on_connection_loss=True,  # those acknowledged late: none; else Celery warns each time
    worker_hijack_root_logger=False,
    worker_proc_alive_timeout=signs.STARTS,  # Celery's 4 s kill a process that a busy machine has just forked, for ever
    worker_max_tasks_per_child=2000,
    worker_max_memory_per_child=400_000,
    imports=[f"dispatch.workers.{name}" for name in QUEUES],
    timezone="UTC",
)

LATER = {"email.send_chunk"}
"""Doorbells that come after all others of their queue: somebody waits for each confirmation, and for no single chunk."""

EXPIRES = 600
"""Seconds after which an unheard doorbell is worthless: the clock has rung again long before."""

Doorbell = tuple[str, tuple[int | str, ...]]
NOTHING: Mapping[str, str] = {}


class _Bell:
    """One thread a process that publishes; a full queue or a dead broker drops doorbells, which the clock replaces."""

    def __init__(self, size: int = 10_000) -> None:
        self.size = size
        self.forget()

    def forget(self) -> None:
        """Start anew: a forked child inherits neither the thread nor what it was about to publish."""
        self.pending: standard_queue.Queue[tuple[Doorbell, Mapping[str, str], bool]] = standard_queue.Queue(self.size)
        self.lock = threading.Lock()
        self.thread: threading.Thread | None = None
        self.trouble = ""

    def ring(self, doorbell: Doorbell, along: Mapping[str, str] = NOTHING, *, is_later: bool = False) -> None:
        """Never waits, never raises. What goes `along` beside the ids: the trail and the trace that it belongs to."""
        self._start_once()
        try:
            self.pending.put_nowait((doorbell, along, is_later))
        except standard_queue.Full:
            self._note("more doorbells than the broker takes")

    def flush(self, seconds: float = 1.0) -> None:
        """Wait for what is pending, `seconds` at most; for programs about to end."""
        deadline = time.monotonic() + seconds
        while self.pending.unfinished_tasks and time.monotonic() < deadline:
            time.sleep(0.005)

    def _start_once(self) -> None:
        with self.lock:
            if self.thread is None:
                self.thread = threading.Thread(target=self._publish_forever, name="doorbell", daemon=True)
                self.thread.start()

    def _publish_forever(self) -> None:
        pending = self.pending
        while True:
            (name, ids), along, is_later = pending.get()
            try:
                said: dict[str, Any] = {"expires": EXPIRES, "retry": False, "argsrepr": "(…)", "headers": along or None}
                app.send_task(name, args=ids, priority=brokers.priority(env.broker_url(), is_later=is_later), **said)
                self._note("")
            except Exception as error:  # noqa: BLE001 - each transport has its own; none may end this thread
                self._note(type(error).__name__)
            finally:
                pending.task_done()

    def _note(self, trouble: str) -> None:
        """Say it once, not once a doorbell."""
        if trouble and not self.trouble:
            log.warning("doorbells do not get through, the clock will ring again", extra={"error": trouble})
        if self.trouble and not trouble:
            log.info("doorbells get through again")
        self.trouble = trouble


_bell = _Bell()
atexit.register(_bell.flush)
os.register_at_fork(after_in_child=_bell.forget)

_stopping = mmap.mmap(-1, 1)
"""One byte that a worker shares with the processes it forks."""


def begin_stopping() -> None:
    """Let this process's tasks, and those of its children, know that the end is near."""
    _stopping[0] = 1


def is_stopping() -> bool:
    """Whether a long task should end at its next good moment; the row it leaves is rung for again."""
    return bool(_stopping[0])


def enqueue(task: str, *ids: int | str) -> None:
    """Ring for `task` ("email.send_chunk") once the open transaction has committed; at once where none is open."""
    _ring_on_commit((task, ids), is_later=task in LATER)


def hurry(task: str, *ids: int | str) -> None:
    """The same, to be heard in one row with what is heard first."""
    _ring_on_commit((task, ids), is_later=False)


def _ring_on_commit(doorbell: Doorbell, *, is_later: bool) -> None:
    trail = logs.trail.get()
    along = tracing.carried() | ({"trail": trail} if trail else {})
    transaction.on_commit(lambda: _bell.ring(doorbell, along, is_later=is_later))


def ring_on(name: str, task: str) -> None:
    """Ring at once on a list that one worker alone listens to; a broker that is away is none of the caller's business."""
    with contextlib.suppress(Exception):
        app.send_task(task, queue=name, expires=60, retry=False, argsrepr="(…)")


def prepare() -> None:
    """Load what the first doorbell of a process would load (0.2 s), for programs where someone waits for it."""
    app.connection_for_write().get_transport_cls()


def settle_in() -> None:
    """What a process has loaded stays: it is not looked through for garbage again and again.

    That costs a worker 3 % of sending, and it made one page in some hundred wait 0.2 s.
    """
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


def flush(seconds: float = 1.0) -> None:
    """Hand pending doorbells to the broker before the process ends; gives up after `seconds`."""
    _bell.flush(seconds)


def empty(seconds: int = 3) -> int:
    """Throw away every doorbell that waits at the broker. How many. Raises whatever its transport raises."""
    with app.connection_for_write(connect_timeout=seconds) as connection:
        connection.ensure_connection(max_retries=1, timeout=seconds)
        return sum(one.bind(connection.default_channel).purge() or 0 for one in app.conf.task_queues)


def ping(seconds: int = 2) -> str:
    """An empty string when the broker answers within about `seconds`, else why not, in its words."""
    patience = {"socket_timeout": seconds, "socket_connect_timeout": seconds, "retry_on_timeout": False}
    options = {} if env.broker_url().startswith("amqp") else patience
    try:
        with app.connection_for_write(connect_timeout=seconds, transport_options=options) as connection:
            connection.ensure_connection(max_retries=1, timeout=seconds)
    except Exception as error:  # noqa: BLE001 - every transport has its own; each means: unreachable
        return str(error) or type(error).__name__
    return ""


def redis(seconds: float) -> Any:
    """A client of the broker where that is Redis or Valkey, however it is reached, which waits `seconds` for an answer."""
    return _client(env.broker_url(), seconds, os.getpid())


@functools.lru_cache(maxsize=8)
def _client(url: str, seconds: float, process: int) -> Any:  # noqa: ARG001 - what it is one of
    patience = {"socket_timeout": seconds, "socket_connect_timeout": seconds, "retry_on_timeout": False}
    channel: Any = app.connection_for_write(transport_options=patience).default_channel
    return channel.client


def waiting(seconds: float) -> dict[str, int]:
    """Doorbells that nobody has heard yet, by queue; none where the broker is not Redis or Valkey, or does not answer."""
    found = {}
    for name in QUEUES:
        if (waits := row(name, seconds)) is None:  # nor will it say of the others, and each would be waited for
            return {}
        found[name] = sum(waits)
    return found


def row(name: str, seconds: float) -> tuple[int, int] | None:
    """Of one queue: those that are heard first, and those that are heard later; None: the broker does not say."""
    if env.broker_url().startswith("amqp"):
        return None
    try:
        client = redis(seconds)
        first, later = (int(client.llen(found)) for found in brokers.lists(name))
    except Exception:  # noqa: BLE001 - every transport has its own; each means: not known
        return None
    return first, later


def clients(seconds: float) -> dict[str, int]:
    """Connections to a Redis or Valkey, by what each asked last; none where it does not answer, or is of another kind."""
    if env.broker_url().startswith("amqp"):
        return {}
    try:
        asked = Counter(f"last asked {one['cmd']}" for one in redis(seconds).client_list())
    except Exception:  # noqa: BLE001 - every transport has its own; each means: not known
        return {}
    return dict(sorted(asked.items()))


def task(name: str) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Register a worker's function under its doorbell's name."""
    return cast("Callable[[Callable[P, None]], Callable[P, None]]", app.task(name=name, ignore_result=True))
