"""Letters through a provider's API: several sessions, each kept open and with one letter under way, each in a thread.

Everything but the call itself happens in the worker's own thread: letters are made, let go and answered for there, in order.
Measured by `make bench NAME=providers`, 50 ms away: 5 letters a second by a new session each, 34 by four that are kept.
"""

from collections.abc import Iterable, Iterator
from concurrent import futures

from dispatch.delivery.mailers import relay_url
from dispatch.delivery.mailers.base import Answer, Leaving, Message, Room, Trouble, always
from dispatch.delivery.mailers.provider import Session
from dispatch.delivery.mailers.window import Letter, Window

CONNECTIONS = "4"
Busy = dict["futures.Future[Answer]", tuple[Letter, Session]]


class Anymail:
    """A mailer over a provider's API. `options` are the backend's own (api_key, sender_domain, …), `timeout` in seconds and
    `connections`, how many letters may be under way. Raises Unusable, and ImproperlyConfigured where one is missing."""

    def __init__(self, provider: str, options: dict[str, str], room: Room | None = None, name: str = "") -> None:
        self.provider, self.options, self.room, self.name = provider, options, room, name
        self.own = {key: value for key, value in options.items() if key != "connections"}
        self.connections = int(relay_url.number("connections", options.get("connections", CONNECTIONS)))
        if self.connections < 1:
            raise relay_url.Unusable("there is at least one connection")
        self.idle = [self._session()]

    def send(self, messages: Iterable[Message | None], leaving: Leaving = always) -> Iterator[Answer]:
        """See Mailer.send. A call that began is waited for, whatever happens: no letter leaves behind a caller's back."""
        window, busy = Window(messages, leaving), Busy()
        try:
            with futures.ThreadPoolExecutor(self.connections, "provider") as crew:
                while self._hand_out(window, busy, crew):
                    self._hear(window, busy)
                    yield from window.answers()
                yield from window.rest()
        finally:
            self.idle += [session for _, session in busy.values()]

    def knock(self) -> Trouble | None:
        """A provider says something only about a message: here its settings alone are known to be complete."""
        return self.idle[0].open()

    def close(self) -> None:
        """The provider's sessions."""
        self._keep(0)
        if self.room is not None:
            self.room.rest(0)

    def _hand_out(self, window: Window, busy: Busy, crew: futures.ThreadPoolExecutor) -> bool:
        """A letter to each session that has none, and to new ones. Whether anything is under way."""
        most = self.connections
        if self.room is not None:
            standing = len(busy) + sum(session.is_open for session in self.idle)
            most = min(most, self.room.most(standing))
            self._keep(max(0, most - len(busy)))
        while len(busy) < most and (letter := window.pull()) is not None and window.may_leave(letter):
            session = self.idle.pop() if self.idle else self._session()
            busy[crew.submit(session.send, letter.message)] = letter, session
        return bool(busy)

    def _hear(self, window: Window, busy: Busy) -> None:
        """Wait for the next answer, and take in whatever has come by then."""
        done, _ = futures.wait(busy, return_when=futures.FIRST_COMPLETED)
        for call in done:
            letter, session = busy.pop(call)
            self.idle.append(session)
            window.settle(letter, call.result())

    def _keep(self, most: int) -> None:
        for session in self.idle[most:]:
            session.close()
        del self.idle[most:]

    def _session(self) -> Session:
        return Session(self.provider, self.own, self.name)
