"""The end of a worker, in order and in time; and what systemd is told about its life (sd_notify(3))."""

import contextlib
import logging
import os
import signal
import socket
import threading
from collections import deque
from typing import Any

from billiard import process
from billiard.exceptions import WorkerLostError

from dispatch import env, queue

log = logging.getLogger(__name__)


deaths: deque[str] = deque(maxlen=1)
"""How the last process of this worker died by itself; whoever writes it down takes it out."""
verdicts: deque[str] = deque(maxlen=1)
"""Why this worker itself ended one, until its death is noticed."""


def mourn(exception: BaseException, **_: Any) -> None:
    """A process that ran a task is gone: out of memory, or killed by what it did."""
    if isinstance(exception, WorkerLostError):
        how = str(exception).removeprefix("Worker exited prematurely: ").partition(" Job:")[0]
        deaths.append(verdicts.pop() if verdicts else how)
        log.error("a process died in its task", extra={"how": deaths[-1]})


def begin(**_: Any) -> None:
    """No new work; tasks under way end at their next good moment, for which they have DISPATCH_DRAIN_SECONDS."""
    queue.begin_stopping()
    tell("STOPPING=1")
    limit = threading.Timer(env.number("DISPATCH_DRAIN_SECONDS", 60), give_up)
    limit.daemon = True
    limit.start()


def give_up() -> None:
    """A relay that never answers must not keep a worker from ending: whoever takes over finds its letter in doubt."""
    log.error("what was under way did not end in time; the worker ends all the same")
    for child in process.active_children():
        if child.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child.pid, signal.SIGKILL)
    os._exit(1)


def tell(what: str) -> None:
    """Say it to systemd, if it listens ("READY=1", "WATCHDOG=1", "STOPPING=1")."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.settimeout(1)
        line.sendto(what.encode(), "\0" + address[1:] if address.startswith("@") else address)


def ask_for_another(why: str) -> None:
    """Have systemd, if it listens, replace this worker at once; the log says why."""
    if os.environ.get("NOTIFY_SOCKET"):
        log.error("asks to be replaced", extra={"why": why})
        tell("WATCHDOG=trigger")
