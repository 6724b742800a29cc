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
"""Of a broker that does not say how many wait, each second; of chunks, and of letters."""
LETTERS, FLOOD = 100, 10
"""Doorbells that are heard before all chunks': as many letters as may wait there, and from how many on chunks have one a
second among them, or mail to all would stand still while thousands sign up."""
URGENT = 5
"""Of a send that overtakes others: so many at a time among them, too."""


def room() -> tuple[int, int]:
    """How many more are of use now, and how many of those among the letters'."""
    if not Send.objects.filter(UNDER_WAY).exists():
        return 0, 0
    row = queue.row("email", 0.5)
    if row is None:
        return UNKNOWN, 0
    letters, chunks = row
    among = int(FLOOD <= letters < LETTERS + FLOOD)
    return max(among, ENOUGH - chunks), among


def room_for_letters() -> int:
    """How many more of those are of use now: each is rung for again and again until it is sent."""
    row = queue.row("email", 0.5)
    return UNKNOWN if row is None else max(0, LETTERS - row[0])


def first(send: Send, numbers: Iterable[int]) -> None:
    """A send begins: as many as are of use; the clock rings for the others as these are heard."""
    ahead = URGENT if send.is_urgent else 0
    for place, number in enumerate(itertools.islice(numbers, ENOUGH)):
        _ring(send.pk, number, first=place < ahead)


def ring(numbers: Iterable[tuple[int, int]], among: int = 0) -> None:
    """Let a worker hear of each (send, number); of so many, and of what is urgent, among the letters that people wait for."""
    due = list(numbers)
    sends = Send.objects.in_bulk({send for send, _ in due}) if due else {}
    urgent = itertools.count()
    for place, (send, number) in enumerate(due):
        one = sends.get(send)
        is_first = place < among or bool(one and one.is_urgent and next(urgent) < URGENT)
        with logs.following(one.trail if one else ""):
            _ring(send, number, first=is_first)


def _ring(send: int, number: int, *, first: bool) -> None:
    (queue.hurry if first else queue.enqueue)("email.send_chunk", send, number)
