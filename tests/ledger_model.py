"""The ledger as a few rules over plain values: what each act must do to a send's chunks and to its readers' exceptions."""

from dataclasses import dataclass, field

from dispatch.delivery import journal

GOING = {"sending", "first_wave"}
TAKEOVERS = 3
SET_ASIDE = 5


@dataclass
class Chunk:
    number: int
    readers: list[int]
    is_retry: bool = False
    state: str = "pending"
    settled: int = 0
    ahead: int = 0
    token: int = 0
    takeovers: int = 0
    is_careful: bool = False
    is_over: bool = False  # the lease, of one that is leased

    @property
    def is_free(self):
        return self.state in {"pending", "stuck"} or (self.state == "leased" and self.is_over)


@dataclass
class Exempt:
    state: str
    doubts: int = 0
    is_due: bool = False
    retry_chunk: int | None = None


@dataclass
class Model:
    """One send under one policy. `journals`: what dead and living owners wrote, by chunk and token."""

    policy: str
    size: int  # of a chunk
    readers: list[int]
    state: str = "sending"
    is_stopped: bool = False
    is_expired: bool = False
    chunks: dict[int, Chunk] = field(default_factory=dict)
    exceptions: dict[int, Exempt] = field(default_factory=dict)
    journals: dict[tuple[int, int], list[int]] = field(default_factory=dict)
    living: set[tuple[int, int]] = field(default_factory=set)  # owners, frozen ones too

    def __post_init__(self):
        self._cut(sorted(self.readers), is_retry=False)

    def takeable(self):
        """The numbers of chunks that nobody holds."""
        return [number for number, chunk in self.chunks.items() if chunk.is_free and chunk.state != "stuck"]

    def claim(self, number, or_next):
        """The chunk, or nothing."""
        if or_next and number not in self.takeable():
            number = min(self.takeable(), default=number)
        if number not in self.takeable() or self.is_stopped or self.state not in GOING:
            return None
        chunk = self.chunks[number]
        chunk.is_careful |= chunk.state == "leased" and chunk.takeovers > 0
        chunk.takeovers += chunk.state == "leased"
        chunk.state, chunk.token, chunk.is_over = "leased", chunk.token + 1, False
        settled, ahead = chunk.settled, chunk.ahead
        if settled < ahead:
            self._take_over(chunk)
        if chunk.takeovers > TAKEOVERS:
            self._set_aside(chunk, is_known=chunk.is_careful and ahead - 1 == settled == chunk.settled)
            return None
        return chunk

    def _set_aside(self, chunk, *, is_known):
        """The letter at which its owners died, where that is known; else all of it."""
        if not is_known or sum(one.state == "stuck" for one in self.chunks.values()) >= SET_ASIDE:
            chunk.state = "stuck"
            return
        place = chunk.settled
        for readers, state in ((chunk.readers[place : place + 1], "stuck"), (chunk.readers[place + 1 :], "pending")):
            if readers:
                number = len(self.chunks) + 1
                self.chunks[number] = Chunk(number, readers, chunk.is_retry, state, is_careful=True)
                self._hold(readers, number, only=chunk.number if chunk.is_retry else 0)
        chunk.readers, chunk.state = chunk.readers[:place], "done"

    def _hold(self, readers, number, *, only):
        """Deferred readers of one retry chunk are another's now."""
        for reader in readers:
            if only and reader in self.exceptions and self.exceptions[reader].retry_chunk == only:
                self.exceptions[reader].retry_chunk = number

    def _take_over(self, chunk):
        marks = self.read_journal(chunk.number, chunk.token - 1)
        if marks is None:
            marks = [journal.LEFT] * chunk.ahead
        held = marks[: chunk.ahead]
        while len(held) > chunk.settled and held[-1] == journal.UNTOUCHED:
            held.pop()
        for place in range(chunk.settled, len(held)):
            reader = chunk.readers[place]
            if held[place] == journal.LEFT:
                self._doubt(reader)
            elif held[place] == journal.ACCEPTED:
                self._accept(chunk, reader)
            else:
                self._except(reader, "deferred", is_due=True)
        chunk.settled = chunk.ahead = len(held)

    def read_journal(self, number, token):
        """Only a dead owner's, and only once."""
        if (number, token) in self.living:
            return None
        return self.journals.pop((number, token), None)

    def advance(self, number, token, answers, *, settled, given, ahead):
        """How far was granted, or nothing. `answers`: words by reader."""
        chunk = self.chunks[number]
        if chunk.token != token or chunk.state != "leased":
            return None
        goes_on = self.state in GOING and not self.is_stopped
        if settled > chunk.settled:
            chunk.takeovers = 0
        chunk.settled, chunk.ahead = settled, ahead if goes_on else given
        chunk.state = "leased" if chunk.ahead > settled else "pending"
        if settled == len(chunk.readers):
            chunk.state = "done"
        chunk.is_over = False
        for reader, word in answers.items():
            if word == "sent":
                self._accept(chunk, reader)
            elif word == "unknown":
                self._doubt(reader)
            else:
                self._except(reader, word)
        return chunk.ahead

    def release(self, number, token):
        chunk = self.chunks[number]
        if chunk.token == token and chunk.state != "done":
            chunk.state, chunk.ahead = "pending", chunk.settled

    def _accept(self, chunk, reader):
        if chunk.is_retry and self._state(reader) == "deferred":
            del self.exceptions[reader]

    def _doubt(self, reader):
        found = self.exceptions.get(reader)
        if found and found.state != "deferred":
            return
        doubts = found.doubts if found else 0
        state = "unknown" if doubts or self.policy == "never_twice" else "deferred"
        self.exceptions[reader] = Exempt(state, doubts + 1)

    def _except(self, reader, state, *, is_due=False):
        found = self.exceptions.get(reader)
        if not found or found.state == "deferred":
            self.exceptions[reader] = Exempt(state, found.doubts if found else 0, is_due)

    def promote(self):
        """The numbers of new chunks."""
        if self.state not in GOING:
            return []
        waiting = {reader: one for reader, one in self.exceptions.items() if one.state == "deferred"}
        free = {reader: one for reader, one in waiting.items() if one.retry_chunk is None}
        if self.is_expired:
            for one in free.values():
                one.state = "unknown" if one.doubts else "refused"
            return []
        due = sorted(reader for reader, one in free.items() if one.is_due)
        sure, doubted = ([one for one in due if bool(free[one].doubts) == is_doubted] for is_doubted in (False, True))
        return self._cut(sure, doubted, is_retry=True)

    def _cut(self, sure, doubted=(), *, is_retry):
        """Readers in doubt get chunks of their own."""
        pieces = [
            (list(readers[first : first + self.size]), readers is doubted)
            for readers in (sure, doubted)
            for first in range(0, len(readers), self.size)
        ]
        numbers = []
        for piece, is_careful in sorted(pieces):
            number = len(self.chunks) + 1
            self.chunks[number] = Chunk(number, piece, is_retry, is_careful=is_careful)
            numbers.append(number)
            for reader in self.chunks[number].readers if is_retry else ():
                self.exceptions[reader].retry_chunk = number
        return numbers

    def move(self, states, to):
        """Whether its state was one of those."""
        moved = self.state in states
        if moved:
            self.state = to
        return moved

    def cancel_free(self):
        """Of what nobody holds, nobody gets more: who may have got it is unknown."""
        free = [chunk for chunk in self.chunks.values() if chunk.state != "done" and chunk.is_free]
        self._end(free, {None, *(chunk.number for chunk in free)})

    def _end(self, free, numbers):
        """`numbers`: of the chunks that hold whoever is put off and ends, too; None: no chunk does."""
        in_doubt = {reader for chunk in free for reader in chunk.readers[chunk.settled : chunk.ahead]}
        for reader, one in self.exceptions.items():
            if one.state == "deferred" and one.retry_chunk in numbers:
                one.state = "unknown" if one.doubts or reader in in_doubt else "cancelled"
                one.retry_chunk = None
        for chunk in free:
            for reader in chunk.readers[chunk.settled :] if not chunk.is_retry else ():
                is_doubted = reader in in_doubt
                self.exceptions.setdefault(reader, Exempt("unknown" if is_doubted else "cancelled", int(is_doubted)))
            chunk.state, chunk.settled, chunk.ahead = "done", len(chunk.readers), len(chunk.readers)

    def close(self):
        if self.state == "cancelling":
            self.cancel_free()
        still = any(chunk.state != "done" for chunk in self.chunks.values())
        if not still and not any(one.state == "deferred" for one in self.exceptions.values()):
            self.move({"sending"}, "finished") or self.move({"cancelling"}, "cancelled")
        return self.state

    def would_retry(self, state):
        """Whom a person would try again."""
        if self.state not in GOING | {"paused", "finished"}:
            return []
        return [reader for reader, one in self.exceptions.items() if one.state == state and one.retry_chunk is None]

    def retry(self, state):
        again = self.would_retry(state)
        for reader in again:
            self.exceptions[reader] = Exempt("deferred", 0, is_due=True)
        if again:
            self.move({"finished"}, "sending")
            self.is_expired = False

    def drop(self, state):
        """How many."""
        waiting = [one for one in self.exceptions.values() if one.state == state and one.retry_chunk is None]
        for one in waiting:
            one.state = "cancelled"
        return len(waiting)

    def free_stuck(self, number):
        chunk = self.chunks.get(number)
        is_stuck = chunk is not None and chunk.state == "stuck"
        if is_stuck:
            chunk.state, chunk.takeovers = "pending", 0
        return is_stuck

    def drop_stuck(self, number):
        """Nobody of it gets more: who may have got it is unknown."""
        chunk = self.chunks.get(number)
        is_stuck = chunk is not None and chunk.state == "stuck"
        if is_stuck:
            self._end([chunk], {number})
        return is_stuck

    def move_chunk(self, number):
        """By another relay: whatever was stuck gets another chance there."""
        chunk = self.chunks.get(number)
        is_free = chunk is not None and chunk.state in {"pending", "stuck"}
        if is_free:
            chunk.state, chunk.takeovers = "pending", 0
        return is_free

    def fate(self, reader):
        if state := self._state(reader):
            return state
        (chunk,) = [one for one in self.chunks.values() if not one.is_retry and reader in one.readers]
        place = chunk.readers.index(reader)
        return "sent" if place < chunk.settled else "in_flight" if place < chunk.ahead else "untouched"

    def as_rows(self):
        """What its tables hold."""
        chunks = [
            (
                *(one.number, one.readers, one.is_retry, one.state),
                *(one.settled, one.ahead, one.token, one.takeovers, one.is_careful),
                one.state == "leased" and one.is_over,
            )
            for one in self.chunks.values()
        ]
        exceptions = {reader: (one.state, one.doubts, one.retry_chunk) for reader, one in self.exceptions.items()}
        return self.state, chunks, exceptions, {reader: self.fate(reader) for reader in self.readers}

    def _state(self, reader):
        found = self.exceptions.get(reader)
        return found.state if found else ""
