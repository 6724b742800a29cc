"""What waits, in numbers cheap enough to be asked every second. The bulk of it is SQL, in `sql/`, of bounded cost."""

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, connections

from dispatch import saying
from dispatch.delivery import progress
from dispatch.delivery.models import DeliveryException, Send

SQL = Path(__file__).parent / "sql"
KINDS = ("webhook", "article", "edition", "mail", "chunk", "letter", "post")
COLUMNS = ("due", "underway", "deferred", "failed", "unknown")
State = DeliveryException.State
MAIL = {
    State.DEFERRED: "deferred",
    State.REFUSED: "failed",
    State.FAILED_RENDER: "failed",
    State.UNKNOWN: "unknown",
}
"""Which column of the queue a reader's exception stands in; the other states are ends, not troubles."""


@dataclass(frozen=True)
class SendNow:
    """A send as it stands. `exceptions` are by state."""

    id: int
    state: str
    frozen: int
    settled: int
    in_flight: int
    untouched: int
    on_the_wire: int  # retries too: what a pause could not hold back
    exceptions: dict[str, int] = field(default_factory=dict)
    may_leave: int = 0  # at most, after a pause
    began_at: datetime | None = None

    @property
    def sent(self) -> int:
        """Readers whose mail was accepted."""
        return self.settled - sum(self.exceptions.values())

    @property
    def is_going(self) -> bool:
        """Whether something of it may still move."""
        return self.state not in {"finished", "cancelled"}


@dataclass(frozen=True)
class Cell:
    """How many of one kind wait in one way, and since when the oldest does."""

    count: int = 0
    oldest: datetime | None = None

    @property
    def words(self) -> str:
        """The number."""
        return saying.number(self.count)


Board = dict[str, dict[str, Cell]]
"""By kind (KINDS), then by column (COLUMNS)."""


@dataclass(frozen=True)
class Now:
    """Everything that is asked every second."""

    board: Board
    sends: list[SendNow]
    pulse: tuple[int | None, ...]  # differs when something happened that the others may not show
    settled: dict[tuple[int, str], int] = field(default_factory=dict)  # by send and language, of those under way

    def send(self, number: int) -> SendNow | None:
        """One of the sends."""
        return next((send for send in self.sends if send.id == number), None)


@dataclass(frozen=True)
class Share:
    """A send's readers of one language."""

    language: str
    readers: int
    settled: int


def now() -> Now:
    """Three statements, and one more while mail goes out."""
    every = sends()
    board = counts()
    board["mail"] = mail(every)
    return Now(board, every, tuple(_rows("pulse", {})[0]), _settled([send.id for send in every if send.is_going]))


def shares(send: int) -> list[Share]:
    """By language."""
    return [
        Share(language, int(readers), int(settled)) for language, readers, settled in _rows("languages", {"send": send})
    ]


def codes(send: int, state: str) -> tuple[str, datetime | None]:
    """The commonest replies of readers in a state, "450 4.2.1 (12)", and when the next try is due: of a sample."""
    commonest, next_at = _rows("codes", {"send": send, "state": state})[0]
    return commonest or "", next_at


def sends() -> list[SendNow]:
    """Those under way, and those that ended but whose exceptions are still kept; the newest first."""
    window = settings.DELIVERY["window"]
    rows = _rows("sends", {"window": window})
    return [
        SendNow(
            number,
            state,
            frozen,
            int(settled),
            int(in_flight),
            int(untouched),
            int(wire),
            _json(exceptions),
            int(most),
            began_at,
        )
        for number, state, frozen, settled, in_flight, untouched, wire, most, exceptions, began_at in rows
    ]


def ended(send: Send) -> SendNow:
    """One that is not among `sends()` any more: its exceptions are forgotten, its totals stay."""
    then = progress.at_a_glance(send.pk)
    settled = then.sent + sum(then.exceptions.values())
    return SendNow(send.pk, send.state, then.frozen, settled, then.in_flight, then.untouched, 0, then.exceptions)


def counts() -> Board:
    """Everything but mail."""
    board = {kind: dict.fromkeys(COLUMNS, Cell()) for kind in KINDS}
    for kind, column, count, oldest in _rows("counts", {}):
        board[kind][column] = Cell(count, oldest)
    return board


def mail(every: list[SendNow]) -> dict[str, Cell]:
    """Readers, by what their mail waits for: each since its send began, whatever was tried since. Who was refused waits for
    nothing."""
    total: Counter[str] = Counter()
    waits: dict[str, datetime] = {}
    for send in every:
        cells = Counter({"due": send.untouched, "underway": send.on_the_wire} if send.is_going else {})
        for state, count in send.exceptions.items():
            cells[MAIL.get(State(state), "over")] += count
        total += cells
        for column in cells.keys() & {"due", "underway", "deferred", "unknown"}:
            if cells[column] and send.began_at:
                waits[column] = min(send.began_at, waits.get(column, send.began_at))
    return {column: Cell(total[column], waits.get(column)) for column in COLUMNS}


def _settled(going: list[int]) -> dict[tuple[int, str], int]:
    rows = _rows("settled", {"sends": going}) if going else []
    return {(int(send), language): int(count) for send, language, count in rows}


def rows(name: str, values: dict[str, Any], *, using: str = DEFAULT_DB_ALIAS) -> list[tuple[Any, ...]]:
    """What a file's statement returns, for the other readers of this room."""
    return _rows(name, values, using=using)


def run(name: str, **values: Any) -> None:
    """Run a file's statement."""
    with connection.cursor() as cursor:
        cursor.execute(_statement(name), values or None)


@cache
def _statement(name: str) -> str:
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")


def _rows(name: str, values: dict[str, Any], *, using: str = DEFAULT_DB_ALIAS) -> list[tuple[Any, ...]]:
    with connections[using].cursor() as cursor:
        cursor.execute(_statement(name), values or None)
        return list(cursor.fetchall())


def _json(value: Any) -> dict[str, int]:
    """jsonb, as text: Django's cursors do not decode it."""
    return dict(json.loads(value) if isinstance(value, str) else value)
