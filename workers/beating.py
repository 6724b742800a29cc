"""A process's sign of life, a row written every few seconds, so that a dead or deaf one is noticed."""

import contextlib
import dataclasses
import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from celery import signals
from django.db import Error, connection
from django.utils import timezone

from dispatch import __version__, disks, hands, logs, queue, signs, tracing
from dispatch.delivery.mailers import roll
from dispatch.delivery.models import WorkerBeat
from dispatch.workers import ending, hanging
from dispatch.workers.hearing import Hearing

log = logging.getLogger(__name__)
FORGOTTEN_AFTER = timedelta(days=1)


class Beat:
    """The sign of life of this process."""

    def __init__(self, queues: str) -> None:
        self.name = signs.call()
        self.queues = queues
        self.started_at = timezone.now()

    def write(self, doing: str = "", heard_at: datetime | None = None, *, silent_for: float = 0.0) -> bool:
        """Say that we live, and what we do; or that we did, some seconds ago. False: the database did not take it, which is
        no reason to stop."""
        beat_at = timezone.now() - timedelta(seconds=silent_for)
        values = {"queues": self.queues, "doing": doing, "started_at": self.started_at, "beat_at": beat_at}
        values |= {"version": __version__, "memory": hands.memory(), "now": hands.now()}
        values["connections"] = roll.call()
        values["disks"] = [dataclasses.astuple(disk) for disk in disks.own.seen()]
        try:
            WorkerBeat.objects.update_or_create(name=self.name, defaults={**values, "heard_at": heard_at})
        except Error:
            connection.close()
            return False
        return True

    def end(self) -> None:
        """Take the row away, as one that stopped in order is not missed, and those long dead with it."""
        try:
            WorkerBeat.objects.filter(name=self.name).delete()
            WorkerBeat.objects.filter(beat_at__lt=timezone.now() - FORGOTTEN_AFTER).delete()
        except Error:
            connection.close()


def install(queues: str, hearing: Hearing, *, besides: Callable[[], object] = lambda: None) -> None:
    """Let a Celery worker's main process beat from before its start to its end, and its tasks' log lines name them.

    `besides` is done after each beat.
    """
    beat, ended = Beat(queues), threading.Event()

    def beat_until_the_end() -> None:
        while not ended.is_set():
            _beat_once(beat, hearing, besides)
            ended.wait(signs.BEATS)
        beat.end()

    thread = threading.Thread(target=beat_until_the_end, name="beat", daemon=True)

    def end(**_: Any) -> None:
        ended.set()
        if thread.is_alive():
            thread.join(2)

    # Celery would set the root logger to its own level, and our lines would be lost below it: whoever answers keeps it away.
    signals.setup_logging.connect(lambda **_: None, weak=False)
    signals.task_prerun.connect(_begin_task, weak=False)
    signals.task_postrun.connect(_end_task, weak=False)
    signals.worker_process_init.connect(lambda **_: queue.settle_in(), weak=False)
    signals.worker_process_init.connect(hanging.can_be_asked, weak=False)
    signals.worker_process_shutdown.connect(lambda **_: tracing.flush(), weak=False)
    signals.celeryd_after_setup.connect(lambda **_: thread.start(), weak=False)
    signals.worker_ready.connect(lambda **_: ending.tell("READY=1"), weak=False)
    signals.task_failure.connect(ending.mourn, weak=False)
    signals.worker_shutting_down.connect(ending.begin, weak=False)
    signals.worker_shutdown.connect(end, weak=False)


_traced: list[Callable[[], None]] = []
"""How the task under way ends its trace: one, as a process has one task at a time."""


def _begin_task(task: Any, args: tuple[object, ...], **_: Any) -> None:
    called = f"{task.name}({', '.join(map(str, args))})"
    logs.correlation.set(called)
    hands.take(called)
    logs.follow(str(getattr(task.request, "trail", "") or ""))
    _traced.append(tracing.opened(task.name, str(getattr(task.request, tracing.CARRIER, "") or "")))


def _end_task(**_: Any) -> None:
    while _traced:
        _traced.pop()()
    hands.let_go()


def _doing(sign: signs.Sign, hearing: Hearing) -> str:
    if queue.is_stopping():
        return "stopping"
    if sign.is_starting:
        return signs.STARTING
    if signs.is_deaf(sign, sign.beat_at):
        return "deaf"
    return "busy" if hearing.is_busy() else ""


def _beat_once(beat: Beat, hearing: Hearing, besides: Callable[[], object]) -> None:
    """One sign, to everybody who watches. Whatever fails: the next one must come."""
    try:
        now, silent_for = timezone.now(), timedelta(0) if queue.is_stopping() else timedelta(seconds=hearing.seconds())
        sign = signs.Sign(now, now - silent_for, not hearing.has_heard())
        if not beat.write(_doing(sign, hearing), sign.heard_at):
            hearing.watch.excuse()
        hearing.watch.look()
        is_deaf = signs.is_deaf(sign, now, signs.LONGEST_START)  # a start that is slow has the unit's TimeoutStartSec
        if is_deaf:
            ending.ask_for_another(signs.trouble(sign, now, signs.LONGEST_START))
        else:
            ending.tell("WATCHDOG=1")
        with contextlib.suppress(Error):
            besides()
    except Exception:  # a watched process that no longer says so would be killed
        log.exception("a sign of life failed")
