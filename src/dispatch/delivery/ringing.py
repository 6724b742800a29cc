"""Doorbells for chunks: each carries the trail that its send began with, from a webhook to the last reply."""

import itertools
from collections.abc import Iterable

from dispatch import logs, queue
from dispatch.delivery.models import UNDER_WAY, Send

ENOUGH = 500
"""Doorbells for chunks that wait at the broker at the most: whoever hears one goes where a worker is missing (turn.sql), so
more are only heard in vain. A send of a million would have 300,000 of them otherwise, as its chunks are rung for each five
seconds; behind 10,800 a new send waited for minutes (decision 51)."""
UNKNOWN = 100
"""Of a broker that does not say how many wait, each second."""


def room() -> int:
    """How many more are of use now."""
    if not Send.objects.filter(UNDER_WAY).exists():
        return 0
    waiting = queue.waiting(0.5).get("email")
    return UNKNOWN if waiting is None else max(0, ENOUGH - waiting)


def first(send: int, numbers: Iterable[int]) -> None:
    """A send begins: as many as are of use; the clock rings for the others as these are heard."""
    for number in itertools.islice(numbers, ENOUGH):
        queue.enqueue("email.send_chunk", send, number)


def ring(numbers: Iterable[tuple[int, int]]) -> None:
    """Let a worker hear of each (send, number)."""
    due = list(numbers)
    trails = _trails({send for send, _ in due}) if due else {}
    for send, number in due:
        with logs.following(trails.get(send, "")):
            queue.enqueue("email.send_chunk", send, number)


def _trails(sends: set[int]) -> dict[int, str]:
    return dict(Send.objects.filter(pk__in=sends).values_list("pk", "trail"))
