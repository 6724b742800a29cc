"""Server-sent events: one poll a second in each web process while somebody looks, shared between all who do.

Events: `values`, numbers by name for what is marked `data-live`; `changed`, the topics whose parts a page should ask for
anew; `away`, the database does not answer; `still`, nothing is new. Each listener gets what differs from what it got last, so
that a slow one skips moments and misses nothing.
"""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import Error, connection

from dispatch import saying
from dispatch.operations import pacing, stats, sweeping

log = logging.getLogger(__name__)
paces = pacing.Paces()
"""As the poll of this process last saw them; nothing while nobody looks."""

EVERY = 1.0
PATIENCE = 4.0
"""Seconds without an answer of the database after which listeners are told that their numbers may be old."""
HEARTBEAT = 15.0
LONGEST = 300.0
"""Seconds after which a stream ends; the browser comes back, and is asked again who it is."""
PULSED = ("article", "edition", "post")
"""Kinds whose numbers alone make a page ask anew; mail's change all the time and come as values."""


@dataclass(frozen=True)
class Moment:
    """What there is to know. `topics` have marks that differ when a page should ask anew."""

    values: dict[str, str]
    topics: dict[str, Any]


def read() -> Moment:
    """From the database, on a connection that goes back at once."""
    try:
        now = stats.now()
        paces.look(time.monotonic(), now.sends)
        return of(now, sweeping.marks())
    finally:
        connection.close()


def of(now: stats.Now, sweeps: Sequence[tuple[int, int]] = ()) -> Moment:
    """What pages show of it, and of acts upon many (sweeping.py)."""
    values: dict[str, str] = {}
    for kind, row in now.board.items():
        values |= {f"{kind}:{column}": cell.words for column, cell in row.items()}
    topics: dict[str, Any] = {f"send:{send.id}": (send.state, sorted(send.exceptions)) for send in now.sends}
    for send in now.sends:
        values |= {f"send:{send.id}:{name}": text for name, text in _values_of(send).items()}
    values |= {f"send:{send}:in:{language}": saying.number(count) for (send, language), count in now.settled.items()}
    counted = [
        cell.count if kind in PULSED else bool(cell.count) for kind, row in now.board.items() for cell in row.values()
    ]
    topics["work"] = (counted, now.pulse, [(send.id, send.state) for send in now.sends])
    topics["sweeps"] = list(sweeps)
    topics["health"] = int(time.monotonic() // 5)
    return Moment(values, topics)


def pace_of(send: int) -> str:
    """In words, as this process last saw it; empty where nobody has looked lately."""
    return paces.now[send].words if send in paces.now else ""


class Feed:
    """The shared poll. It begins with the first listener and ends with the last."""

    def __init__(self) -> None:
        self.listeners: set[asyncio.Queue[Moment | None]] = set()
        self.task: asyncio.Task[None] | None = None

    async def listen(self) -> AsyncIterator[Moment | None]:
        """Moments as they come, the newest only; None while the database does not answer."""
        inbox: asyncio.Queue[Moment | None] = asyncio.Queue(1)
        self.listeners.add(inbox)
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self._poll())
        try:
            while True:
                yield await inbox.get()
        finally:
            self.listeners.discard(inbox)

    async def _poll(self) -> None:
        while self.listeners:
            asking = asyncio.create_task(asyncio.to_thread(_read_or_none))
            while not (await asyncio.wait({asking}, timeout=PATIENCE))[0]:
                self._tell(None)
            self._tell(asking.result())
            await asyncio.sleep(EVERY)

    def _tell(self, moment: Moment | None) -> None:
        for inbox in self.listeners:
            if inbox.full():
                inbox.get_nowait()
            inbox.put_nowait(moment)


feed = Feed()


async def stream() -> AsyncIterator[str]:
    """One listener's events. The first tells everything, and has the page ask anew for what moved while it loaded."""
    last, beaten, ends = Moment({}, {}), time.monotonic(), time.monotonic() + LONGEST
    yield "retry: 2000\n\n"
    async for moment in feed.listen():
        text = _event("away", True) if moment is None else difference(last, moment)
        last = moment or last
        if not text and time.monotonic() - beaten >= HEARTBEAT:
            text = _event("still", True)
        if text:
            beaten = time.monotonic()
            yield text
        if time.monotonic() >= ends:
            return


def difference(before: Moment, after: Moment) -> str:
    """The events that bring a listener from one moment to the next; empty when nothing moved."""
    values = {name: text for name, text in after.values.items() if before.values.get(name) != text}
    topics = [name for name, mark in after.topics.items() if before.topics.get(name) != mark]
    return (_event("values", values) if values else "") + (_event("changed", topics) if topics else "")


def _values_of(send: stats.SendNow) -> dict[str, str]:
    """Its numbers as pages show them, and for bars without commas."""
    waiting = send.exceptions.get("deferred", 0)
    numbers = {"settled": send.settled, "in_flight": send.in_flight, "untouched": send.untouched}
    numbers |= {"sent": send.sent, **send.exceptions}
    texts = {name: saying.number(number) for name, number in numbers.items()}
    texts["pace"] = pace_of(send.id)
    texts["may_leave"] = saying.many(send.may_leave, "message")
    return texts | {"settled-plain": str(send.settled), "answered-plain": str(send.settled - waiting)}


def _event(name: str, data: object) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n"


def _read_or_none() -> Moment | None:
    try:
        return read()
    except Error as error:
        log.warning("the live numbers cannot be read", extra={"error": type(error).__name__})
        return None
