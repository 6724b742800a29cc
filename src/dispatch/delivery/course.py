"""A worker's way through the chunk that it claimed: what may leave, what was answered, and when the ledger is told.

Letters stream: the ledger is asked for the next ones while the last ones are still under way, so no connection waits for
another's answer. What has no known fate is never more than the ledger was told beforehand.
"""

import time
from collections import deque
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import Error

from dispatch import hands, queue
from dispatch.delivery import ledger

PACE = 0.25
"""Seconds' worth of letters that may be without a known fate: a stop is felt that soon."""
UNPROVED = 50
"""At most, where no journal would say after a worker's death which of them really left: all of them are in doubt then."""
LEAST = 20
"""Letters without a known fate that are allowed whatever the pace, where several connections share them."""


class Course:
    """By position of the chunk: below `known` readers have a fate, below `given` were looked at, below `ahead` may be.

    `until`, on the monotonic clock, is when the lease may have ended.
    """

    def __init__(self, claimed: ledger.Claim) -> None:
        self.claimed = claimed
        self.given = self.ahead = self.told = claimed.settled
        self.places: list[int] = []  # of the letters that were given out, in order
        self.answered = 0  # of those
        self.answers = ledger.Answers()  # that the ledger was not told
        self.skipped: deque[tuple[int, ledger.Except]] = deque()  # readers who get no letter, by position
        self.until = self.asked = time.monotonic()
        self.is_over = False  # nothing more is given out
        self.is_lost = False  # the chunk is someone else's by now
        self.failure: Error | None = None

    @property
    def known(self) -> int:
        """The first position whose reader has no fate yet."""
        return self.places[self.answered] if self.answered < len(self.places) else self.given

    @property
    def is_awaiting(self) -> bool:
        """Whether a letter is under way."""
        return self.answered < len(self.places)

    def goes_on(self) -> bool:
        """Whether more is to be given out: up to `ahead`, which has moved unless too much is under way."""
        if self.is_over or self.given == len(self.claimed.recipients) or queue.is_stopping():
            return False
        if self.given == self.ahead:
            self._write_ahead()
        return not self.is_over

    def next_readers(self) -> Iterable[tuple[int, tuple[Any, ...]]]:
        """Who comes from `given` to `ahead`, with what their letters need; nobody where the ledger cannot be asked."""
        readers = self.claimed.recipients[self.given : self.ahead]
        try:
            return zip(readers, ledger.window(self.claimed, readers), strict=True)
        except Error as failure:
            self._fail(failure)
            return ()

    def give(self) -> None:
        """The letter of the next position goes out."""
        self.places.append(self.given)
        self.given += 1

    def skip(self, instead: ledger.Except) -> None:
        """Nothing goes to the next position's reader."""
        self.skipped.append((self.given, instead))
        self.given += 1

    def hear(self) -> int:
        """The next answer, in the order in which letters were given out: whose position it is about."""
        hands.advance()
        self.answered += 1
        return self.places[self.answered - 1]

    def end(self) -> bool:
        """Nothing is under way any more: what has no fate is untouched again. Whether the chunk was still ours.

        Raises what kept the ledger from being asked; by then every answer is in the journal.
        """
        if self.failure is not None:
            raise self.failure
        if not self.is_lost:
            self._tell(self.known, self.known)
        return not self.is_lost

    def _write_ahead(self) -> None:
        reach = self._reach()
        wish = min(self.known + reach, len(self.claimed.recipients))
        if self.known < self.given and wish - self.given <= reach // 2:
            return
        try:
            self._tell(self.given, wish)
        except Error as failure:
            self._fail(failure)

    def _fail(self, failure: Error) -> None:
        """Nothing more is given out; what is under way is still answered."""
        self.failure, self.is_over = failure, True

    def _reach(self) -> int:
        if self.claimed.ambiguity == "never_twice" or self.claimed.is_careful:
            return 1
        rate = (self.known - self.told) / max(time.monotonic() - self.asked, 0.001)
        most = settings.DELIVERY["window"]
        if settings.DELIVERY["journal"] is None:
            most = min(most, UNPROVED)
        return min(int(most), max(LEAST, round(rate * PACE)))

    def _tell(self, given: int, wish: int) -> None:
        """Settle what is known, write ahead what is wished: in the ledger it is one act."""
        now, known = time.monotonic(), self.known
        granted = ledger.advance(self.claimed, self._untold(known), settled=known, given=given, ahead=wish)
        hands.advance()
        self.is_lost = granted is None
        self.is_over = granted is None or granted == given
        self.ahead = given if granted is None else granted
        self.told, self.asked = known, now
        self.until = now if self.is_lost else now + settings.DELIVERY["lease_seconds"]

    def _untold(self, known: int) -> ledger.Answers:
        """Answers come in order, so all of them are of positions below `known`; readers who were skipped may be beyond."""
        untold, self.answers = self.answers, ledger.Answers()
        while self.skipped and self.skipped[0][0] < known:
            untold.excepts.append(self.skipped.popleft()[1])
        return untold
