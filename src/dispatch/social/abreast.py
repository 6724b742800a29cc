"""Several posts abreast in one worker: while one network's answer is on its way, others are told.

The worker's own thread talks to the database, one statement for all that stand at the same step; further threads talk to the
networks, one for each post, and never to the database. One post of a channel at a time: one that hangs holds up nobody else.
"""

import functools
import logging
import os
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import Error, connection

from dispatch import hands, queue
from dispatch.outcomes import Deferred, Outcome, Refused
from dispatch.social import claiming, publishing
from dispatch.social.models import Attempt, Post
from dispatch.social.networks.base import Account, Draft

T = TypeVar("T")
log = logging.getLogger(__name__)
MOST = 16
"""Posts that a worker has under way at once: as many channels, whose networks take 0.1 to 0.5 s each."""
DRAWN = 3
"""Of these, posts whose pictures are drawn and put at their network at once."""
BATCH = 8
"""Posts that it claims at once: few enough that the other workers find some of what fell due together."""
SHIFT = 0.25
"""Seconds after which a worker claims no more and lets go, so that looks and changes that wait in its queue are heard."""
HANGS = 1.0
"""Seconds after which others are claimed beside a post however long the shift lasts: the worker must wait for it anyway."""
TOGETHER = 0.02
"""Seconds that the first to be answered waits for the others, so that one statement writes what became of all."""
IDLE = 0.1
"""Seconds between two looks at what is due while nobody answers."""
OUTAGE = 60.0
"""Seconds that answers are kept while the database is away: less than a claim's lease, which begins with the call."""


@dataclass(frozen=True)
class Going:
    """A post that is under way."""

    post: Post
    attempt: Attempt
    account: Account
    since: float  # time.monotonic()


def publish_due(post_id: int) -> int:
    """Publish this post, if it is due, and others that are, for a while. How many were claimed. Rung in vain: no harm."""
    return _Shift(post_id).work()


class _Shift:
    """From a doorbell until nothing is under way."""

    def __init__(self, post_id: int) -> None:
        self.named = post_id
        self.began = time.monotonic()
        self.count = 0
        self.putting: dict[Future[Draft | Deferred | Refused], Going] = {}
        self.calling: dict[Future[Outcome], Going] = {}
        self.told: list[tuple[Post, Attempt, Outcome]] = []

    def work(self) -> int:
        try:
            while self._claim() or self.putting or self.calling:
                self._wait()
                self._call()
                self._settle()
        except Error:
            self._keep_what_was_answered()
            raise
        return self.count

    def _claim(self) -> bool:
        """Whether there was any to claim. Each is begun to be put at its network."""
        under_way = [*self.putting.values(), *self.calling.values()]
        if not self._may_claim(under_way):
            return False
        busy = [going.post.channel_id for going in under_way]
        taken = claiming.claim(self.named, others=min(BATCH, MOST - len(busy)), busy=busy)
        self.named, self.count = 0, self.count + len(taken)
        for post, attempt in taken:
            with _alone(post):
                self._put(post, attempt)
        if taken:
            hands.advance()
        return bool(taken)

    def _may_claim(self, under_way: Sequence[Going]) -> bool:
        if queue.is_stopping() or len(under_way) >= MOST:
            return False
        now = time.monotonic()
        return now - self.began < SHIFT or any(now - going.since > HANGS for going in under_way)

    def _put(self, post: Post, attempt: Attempt) -> None:
        made = publishing.ready(post, attempt)
        if isinstance(made, Deferred | Refused):
            self.told.append((post, attempt, made))
            return
        putting = _threads().submit(_put_there, attempt, made)
        self.putting[putting] = Going(post, attempt, made.account, time.monotonic())

    def _wait(self) -> None:
        under_way: list[Future[Any]] = [*self.putting, *self.calling]
        if under_way and not wait(under_way, TOGETHER).done:
            wait(under_way, IDLE, FIRST_COMPLETED)

    def _call(self) -> None:
        """What is written down as begun, and nothing else."""
        drafts = []
        for going, draft in _finished(self.putting):
            if isinstance(draft, Draft):
                drafts.append((going, draft))
            else:
                self.told.append((going.post, going.attempt, draft))
        begun = publishing.begin_all([(going.post, going.attempt, draft.prepared) for going, draft in drafts])
        for going, draft in drafts:
            if going.post.pk in begun:
                calling = _threads().submit(publishing.call, going.attempt, going.account, draft)
                self.calling[calling] = going
            else:
                self.told.append((going.post, going.attempt, publishing.held()))

    def _settle(self) -> None:
        self.told += [(going.post, going.attempt, outcome) for going, outcome in _finished(self.calling)]
        if self.told:
            hands.advance()
            publishing.settle_all(
                [(post, attempt, publishing.waits_for_keys(post, told)) for post, attempt, told in self.told]
            )
        self.told = []

    def _keep_what_was_answered(self) -> None:
        """The database is away: what networks say is written when it is back. What was not called yet waits by itself."""
        deadline = time.monotonic() + OUTAGE
        while (self.calling or self.told) and time.monotonic() < deadline:
            connection.close()
            time.sleep(IDLE)
            with suppress(Error):
                self._settle()


def _finished(under_way: dict[Future[T], Going]) -> Iterator[tuple[Going, T]]:
    for future in [future for future in under_way if future.done()]:
        going = under_way.pop(future)
        with _alone(going.post):
            future.result()
        if future.exception() is None:
            yield going, future.result()


@contextmanager
def _alone(post: Post) -> Iterator[None]:
    """A bug that one post meets is no reason to leave the others: it stays claimed until its lease is over."""
    try:
        yield
    except Exception:
        log.exception("a post cannot be published", extra={"post": post.pk})


@functools.cache
def _threads() -> ThreadPoolExecutor:
    """This process's, made when the first post needs one."""
    return ThreadPoolExecutor(MOST, thread_name_prefix="post")


@functools.cache
def _drawing() -> threading.Semaphore:
    """Pictures are drawn by programs of their own, for whose memory there is less room than for threads."""
    return threading.Semaphore(DRAWN)


def _put_there(attempt: Attempt, made: publishing.Ready) -> Draft | Deferred | Refused:
    with _drawing() if made.pictures else nullcontext():
        return publishing.put_there(attempt, made)


os.register_at_fork(after_in_child=_threads.cache_clear)
os.register_at_fork(after_in_child=_drawing.cache_clear)
