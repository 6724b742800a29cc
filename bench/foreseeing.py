"""Workers upon a database, simulated: who waits for whom, and from when on a further worker brings nothing.

A worker makes and sends some letters on a processor of its own, then asks its database: a while of one of the database's
processors, then the log is made sure of on the disk. One flush serves whoever waits when it begins, as PostgreSQL does it;
nothing else is shared. Times are measured ones (capacity.py). Of databases each has workers, processors and a log of its own.
"""

import heapq
import itertools
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

ENOUGH = 0.95
"""Of the most that a database takes: whoever comes to this has reached its end."""


@dataclass(frozen=True)
class Steps:
    """What one commit is about: so many letters, and seconds for them: of a worker, the database, a flush of its log, and of
    the disk for what is written there."""

    letters: float
    worker: float
    database: float
    flush: float
    writing: float = 0.0


@dataclass
class Servers:
    """Processors, or a disk, that serve one after another."""

    free: int
    waiting: deque[tuple[float, Callable[[], None]]] = field(default_factory=deque)


class World:
    """Events in the order of their time."""

    def __init__(self) -> None:
        self.now = 0.0
        self.commits = 0
        self.events: list[tuple[float, int, Callable[[], None]]] = []
        self.numbers = itertools.count()

    def after(self, seconds: float, then: Callable[[], None]) -> None:
        heapq.heappush(self.events, (self.now + seconds, next(self.numbers), then))

    def serve(self, servers: Servers, seconds: float, then: Callable[[], None]) -> None:
        """By whoever of them is free first."""
        if not servers.free:
            servers.waiting.append((seconds, then))
            return
        servers.free -= 1
        self.after(seconds, lambda: self._served(servers, then))

    def _served(self, servers: Servers, then: Callable[[], None]) -> None:
        servers.free += 1
        if servers.waiting:
            self.serve(servers, *servers.waiting.popleft())
        then()

    def run(self, commits: int) -> float:
        """Seconds until there were so many."""
        while self.commits < commits:
            self.now, _, then = heapq.heappop(self.events)
            then()
        return self.now


class Log:
    """Flushed for all who wait at once."""

    def __init__(self, world: World, steps: Steps) -> None:
        self.world, self.steps = world, steps
        self.waiting: list[Callable[[], None]] = []
        self.is_busy = False

    def flush(self, then: Callable[[], None]) -> None:
        self.waiting.append(then)
        if not self.is_busy:
            self._begin()

    def _begin(self) -> None:
        served, self.waiting, self.is_busy = self.waiting, [], True
        seconds = self.steps.flush + self.steps.writing * len(served)
        self.world.after(seconds, lambda: self._end(served))

    def _end(self, served: list[Callable[[], None]]) -> None:
        self.is_busy = False
        if self.waiting:
            self._begin()
        for then in served:
            then()


def per_second(steps: Steps, workers: int, cores: int, *, databases: int = 1, shared: int = 0) -> float:
    """Letters a second of so many workers in all, spread over the databases, each with so many processors.

    `shared`: workers and database have these processors together, as in a benchmark on one machine.
    """
    world = World()
    for place in range(databases):
        mine = workers // databases + (place < workers % databases)
        database = Servers(shared or cores)
        _begin(world, steps, mine, database, database if shared else Servers(mine))
    if not world.events:
        return 0.0
    warm = 3 * workers + 200
    began = world.run(warm)
    return 5 * warm * steps.letters / (world.run(6 * warm) - began)


def _begin(world: World, steps: Steps, workers: int, database: Servers, processors: Servers) -> None:
    log = Log(world, steps)

    def work() -> None:
        world.serve(processors, steps.worker, ask)

    def ask() -> None:
        world.serve(database, steps.database, lambda: log.flush(done))

    def done() -> None:
        world.commits += 1
        work()

    for number in range(workers):
        world.after(steps.worker * number / workers, work)


def most(steps: Steps, cores: int) -> float:
    """Letters a second that one database takes however many workers there are."""
    return steps.letters / max(steps.database / cores, steps.writing)


def enough(steps: Steps, cores: int) -> tuple[int, float]:
    """How many workers one database keeps up with, and their letters a second together: the end of one PostgreSQL."""
    end = most(steps, cores)
    workers = max(1, round(0.7 * end / per_second(steps, 1, cores)))
    while (rate := per_second(steps, workers, cores)) < ENOUGH * end:
        workers = max(workers + 1, round(workers * 1.05))
    return workers, rate
