"""A mailer that goes nowhere, for tests and dry runs: it keeps what it was given and answers what it was told to."""

from collections.abc import Callable, Iterable, Iterator

from dispatch.delivery.mailers.base import Answer, Leaving, Message, Room, Trouble, always
from dispatch.outcomes import Sent


class Fake:
    """Answers `Sent` to everything, or whatever `answer(message)` says."""

    def __init__(self, answer: Callable[[Message], Answer] | None = None, room: Room | None = None) -> None:
        self.room = room
        self.answer = answer or (lambda _: Sent())
        self.taken: list[Message] = []

    def send(self, messages: Iterable[Message | None], leaving: Leaving = always) -> Iterator[Answer]:
        """See Mailer.send."""
        for place, message in enumerate(filter(None, messages)):
            if not leaving(place):
                return
            answer = self.answer(message)
            if isinstance(answer, Sent):
                self.taken.append(message)
            yield answer
            if isinstance(answer, Trouble):
                return

    def knock(self) -> Trouble | None:
        """Always open."""
        return None

    def close(self) -> None:
        """Only its berth."""
        if self.room is not None:
            self.room.rest(0)
