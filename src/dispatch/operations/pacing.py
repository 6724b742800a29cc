"""How fast each send goes, and how long it will take, from what the live poll has seen of it. Pure."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from dispatch import saying
from dispatch.operations import stats

WINDOW = 10.0
"""Seconds looked back upon: longer, and a pause would count as slowness; shorter, and the number jumps."""
MOVING = {"sending", "first_wave", "cancelling"}


@dataclass(frozen=True)
class Pace:
    """Readers answered for a second, and seconds left at that pace; None where nothing moves."""

    per_second: float
    left: float | None

    @property
    def words(self) -> str:
        """ "1,240 a second, 2 min left"; empty before anything is known."""
        if self.left is None:
            return ""
        speed = f"{saying.number(round(self.per_second))} a second"
        speed = speed if self.per_second >= 1 else f"{saying.number(max(round(self.per_second * 60), 1))} a minute"
        return f"{speed}, {saying.span(self.left)} left" if self.left >= 1 else speed


class Paces:
    """Of every send that moves."""

    def __init__(self) -> None:
        self.seen: dict[int, deque[tuple[float, int]]] = {}
        self.now: dict[int, Pace] = {}

    def look(self, at: float, sends: Iterable[stats.SendNow]) -> dict[int, Pace]:
        """Take in one more moment (`at`: seconds on a clock that never goes back); the pace of each."""
        moving = [send for send in sends if send.state in MOVING]
        self.seen = {send.id: self.seen.get(send.id, deque()) for send in moving}
        self.now = {send.id: self._pace(at, send) for send in moving}
        return self.now

    def _pace(self, at: float, send: stats.SendNow) -> Pace:
        seen = self.seen[send.id]
        seen.append((at, send.settled))
        while at - seen[0][0] > WINDOW:
            seen.popleft()
        (since, before), (until, after) = seen[0], seen[-1]
        if until <= since or after <= before:
            return Pace(0.0, None)
        per_second = (after - before) / (until - since)
        return Pace(per_second, (send.frozen - after) / per_second)
