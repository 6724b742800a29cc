"""Tasks that hang: one that got on with nothing for as long as its kind never takes is ended, as a kill would end it.

Celery's own limits count from a task's start, so that a chunk at a slow relay would be ended in the middle of good work; and
they are kept by the main loop, which may hang itself. Here a task says that it gets on (hands.advance), and the worker's
thread for signs of life judges. What dies so dies as any process may: ledger, journal and leases were made for it.
"""

import contextlib
import faulthandler
import logging
import os
import signal
import time
from pathlib import Path

from django.db import Error, connection
from django.db.models import F
from django.utils import timezone

from dispatch import env, hands, queue, saying
from dispatch.delivery.counting import HungTask
from dispatch.workers import ending

log = logging.getLogger(__name__)
USUALLY = 900.0
BOUNDS = {
    "articles": 900.0,  # a feed's stories, each fetched; a batch of webhooks gets on by each
    "editions.render_edition": 1800.0,
    "editions.enlist_edition": 3600.0,  # one statement over all readers
    "email.enlist": 3600.0,
    "email": 2400.0,  # an answer may take 10 minutes (RFC 5321, 4.5.3.2.6), and new connections their patience before that
    "social": 1800.0,  # pictures and films are put there and made ready by the network
    "upkeep.back_up": 3600.0,  # rows are counted before the first is kept
    "upkeep.look_at_domains": 1800.0,
}
"""Seconds without getting on, by task or by queue. Generous: what waits for it was given to others long before (a lease of
mail is eleven minutes), so that only the process is to be had back."""
SETTING = "DISPATCH_HUNG_SECONDS"
SURE_AFTER = 2
"""Looks in a row that must say so; at the first the task is asked where it stands."""
LAPSE = 30.0
"""Seconds between two looks after which this worker itself stood still, and so did everything below it."""
TELL = signal.SIGUSR2


def bounds() -> dict[str, float]:
    """Those above, or what DISPATCH_HUNG_SECONDS says instead: `upkeep.back_up=7200 email=3600`.

    Raises env.Misconfigured.
    """
    found = dict(BOUNDS)
    for word in env.words(SETTING):
        kind, _, seconds = word.partition("=")
        try:
            found[kind] = float(seconds)
        except ValueError as error:
            raise env.Misconfigured(f"{SETTING}: {word!r} is not like upkeep.back_up=7200.") from error
        if kind.partition(".")[0] not in queue.QUEUES or found[kind] <= 0:
            raise env.Misconfigured(f"{SETTING}: {word!r} names no queue or task, or no time.")
    return found


def can_be_asked(**_: object) -> None:
    """A process that gets this signal writes to its log where each of its threads stands: files, lines, and names of
    functions, never what is in them. It answers also from within a library that has hung."""
    faulthandler.register(TELL, all_threads=True)


class Watch:
    """Over the processes of this worker."""

    def __init__(self) -> None:
        self.bounds = bounds()
        self.excused_at = self.looked_at = time.monotonic()
        self.suspected: dict[tuple[int, float], int] = {}  # looks in a row, by process and its last step
        self.hung: set[int] = set()  # processes that were ended, and are still there

    def excuse(self) -> None:
        """Nobody can get on now: the database does not answer, or the worker is ending and has a limit of its own."""
        self.excused_at = time.monotonic()

    def look(self) -> None:
        """At all of them, once. Those that hang are asked where they stand, and at the next look ended."""
        now = time.monotonic()
        if queue.is_stopping() or now - self.looked_at > LAPSE:
            self.excuse()
        self.looked_at = now
        idle = [(one, now - max(one.advanced, self.excused_at)) for one in hands.at_work() if _is_child(one.process)]
        self.hung &= {one.process for one, _ in idle}
        hanging = [(one, seconds) for one, seconds in idle if seconds > self.bound(one)]
        self.suspected = {_step(one): self.suspected.get(_step(one), 0) + 1 for one, _ in hanging}
        for one, seconds in hanging:
            if self.suspected[_step(one)] < SURE_AFTER:
                _ask(one, seconds)
            elif one.process not in self.hung:
                self.end(one, seconds)

    def bound(self, hand: hands.Hand) -> float:
        """Seconds that what it is at may take without getting on."""
        return self.bounds.get(hand.kind, self.bounds.get(hand.kind.partition(".")[0], USUALLY))

    def busy(self) -> int:
        """Processes at work that are not given up."""
        return sum(one.process not in self.hung for one in hands.at_work())

    def end(self, hand: hands.Hand, seconds: float) -> None:
        """As a kill: another process takes its place, and what it held is taken up by others."""
        self.hung.add(hand.process)
        ending.verdicts.append(f"hung for {saying.span(seconds)}")
        with contextlib.suppress(ProcessLookupError):
            os.kill(hand.process, signal.SIGKILL)
        log.error("a task that hung is ended", extra=_told(hand, seconds))
        try:
            _count(hand.kind, hand.task, round(seconds))
        except Error:  # the log has it
            connection.close()


def _step(hand: hands.Hand) -> tuple[int, float]:
    return hand.process, hand.advanced


def _ask(hand: hands.Hand, seconds: float) -> None:
    log.warning("a task gets on with nothing; it says where it stands", extra=_told(hand, seconds))
    with contextlib.suppress(ProcessLookupError):
        os.kill(hand.process, TELL)


def _told(hand: hands.Hand, seconds: float) -> dict[str, str | int]:
    return {"hung": hand.task, "pid": hand.process, "seconds": round(seconds)}


def _count(kind: str, task: str, seconds: int) -> None:
    last = {"last": task[:160], "last_at": timezone.now(), "last_seconds": seconds}
    found, is_new = HungTask.objects.get_or_create(kind=kind, defaults={**last, "count": 1})
    if not is_new:
        HungTask.objects.filter(pk=found.pk).update(**last, count=F("count") + 1)


def _is_child(process: int) -> bool:
    """Of this one, and no stranger with its number; where /proc does not say, yes."""
    try:
        status = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except OSError:
        return not Path("/proc/self").exists()
    return int(status.rpartition(")")[2].split()[1]) == os.getpid()  # proc_pid_stat(5)
