"""The messages of one `send`: given out in order, given back when nothing of them was taken, answered in order."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dispatch.delivery.mailers.base import Answer, Leaving, Message, Trouble
from dispatch.outcomes import Deferred, Outcome

TRIES = 2
"""New connections that may be lost over one letter before it is the relay's trouble."""


@dataclass(slots=True, eq=False)
class Letter:
    """A message on its way."""

    place: int  # among the window's messages, from 0
    message: Message
    failures: int = 0  # new connections lost over it


class Window:
    """What several connections share while they send. Once there is trouble nothing more is given out."""

    def __init__(self, messages: Iterable[Message | None], leaving: Leaving) -> None:
        self.messages = iter(messages)
        self.leaving = leaving
        self.trouble: Trouble | None = None
        self.over = False  # nothing more leaves: trouble, or the giver holds back
        self.given = self.told = 0
        self.returned: list[Letter] = []
        self.fates: dict[int, Outcome] = {}

    def pull(self) -> Letter | None:
        """The next letter. None: there is none now."""
        if self.over:
            return None
        if self.returned:
            self.returned.sort(key=lambda letter: -letter.place)
            return self.returned.pop()
        message = next(self.messages, None)
        if message is None:
            return None
        letter = Letter(self.given, message)
        self.given += 1
        return letter

    def has_more(self) -> bool:
        """Whether `pull` would give one."""
        letter = self.pull()
        if letter is not None:
            self.returned.append(letter)
        return letter is not None

    def may_leave(self, letter: Letter) -> bool:
        """Whether its first byte may be written now. If not, nothing more leaves."""
        if not self.over and self.leaving(letter.place):
            return True
        self.over = True
        return False

    def settle(self, letter: Letter, answer: Answer) -> None:
        """What became of it."""
        if isinstance(answer, Trouble):
            self.give_up(answer)
        else:
            self.fates[letter.place] = answer

    def put_back(self, letter: Letter, trouble: Trouble, *, counts: bool) -> None:
        """Nothing of it was taken: another connection may have it. `counts`: a new connection was lost over it."""
        letter.failures += counts and not self.over
        if letter.failures >= TRIES:
            self.give_up(trouble)
        self.returned.append(letter)

    def give_up(self, trouble: Trouble) -> None:
        """The relay is out of order; what is under way is still answered."""
        self.trouble = self.trouble or trouble
        self.over = True

    def answers(self) -> Iterator[Outcome]:
        """Those whose turn has come."""
        while (answer := self.fates.pop(self.told, None)) is not None:
            self.told += 1
            yield answer

    def rest(self) -> Iterator[Answer]:
        """Once nothing is under way. What was held up while a later one was answered waits for another day, so that after
        the trouble none follow."""
        yield from self.answers()
        code = self.trouble.code if self.trouble else ""
        held = Deferred(until=None, reason="the relay was in trouble at its turn", code=code)
        for place in range(self.told, max(self.fates, default=-1) + 1):
            self.told += 1
            yield self.fates.get(place, held)
        if self.trouble and (self.told < self.given or next(self.messages, None) is not None):
            yield self.trouble
