"""What the queue looks like at a terminal: the board, sends under way, workers, items; as tables, or told to programs."""

from datetime import UTC, datetime
from typing import Any

from django.utils import timezone

from dispatch import saying
from dispatch.delivery import berths, standings, throttling
from dispatch.delivery.models import Relay, Send
from dispatch.operations import crew, stats
from dispatch.operations.items.rows import Row
from dispatch.operations.models import Sweep

KINDS = {"webhook": "webhooks", "article": "articles", "edition": "editions", "mail": "readers", "chunk": "chunks",
         "letter": "letters", "post": "posts"}  # fmt: skip


def board(now: stats.Now) -> list[list[str]]:
    """By kind, then by column, and how old the oldest is."""
    table = [["", *stats.COLUMNS, "oldest"]]
    for kind, words in KINDS.items():
        cells = now.board[kind]
        ages = [cell.oldest for cell in cells.values() if cell.oldest]
        counts = [saying.number(cells[column].count) if cells[column].count else "·" for column in stats.COLUMNS]
        table.append([words, *counts, saying.span(timezone.now() - min(ages)) if ages else ""])
    return table


def sends(now: stats.Now, paces: dict[int, Any]) -> list[list[str]]:
    """Those under way: how far each is, and how fast."""
    going = [send for send in now.sends if send.is_going]
    names = dict(Send.objects.filter(pk__in=[s.id for s in going]).values_list("pk", "edition__newsletter__slug"))
    table = [["send", "newsletter", "state", "answered", "of", "deferred", "refused", "pace"]]
    for one in going:
        pace = paces[one.id].words if one.id in paces else ""
        numbers = [one.settled, one.frozen, one.exceptions.get("deferred", 0), one.exceptions.get("refused", 0)]
        table.append([str(one.id), names.get(one.id, ""), one.state, *map(saying.number, numbers), pace])
    return table


def _trouble(one: crew.Worker) -> str:
    if one.is_silent:
        return "SILENT"
    if one.slow_for:
        return f"SLOW TO START: {saying.span(one.slow_for)}"
    return "DEAF" if one.is_deaf else ""


def workers() -> list[list[str]]:
    """Each with what it does now, and its connections to relays."""
    table = [["worker", "for", "now", "relays", "memory", "version", "last sign"]]
    for one in crew.workers():
        at = _trouble(one) or "; ".join(map(str, one.now)) or one.doing or "waits"
        to = "; ".join(f"{name} {', '.join(map(str, each))}" for name, each in one.relays.items())
        memory = f"{one.memory // 1_048_576} MB" if one.memory else ""
        last = f"{saying.span(timezone.now() - one.beat_at)} ago"
        table.append([one.name, one.queues, at, "" if one.is_silent else to or "·", memory, one.version, last])
    return table


def hung() -> list[list[str]]:
    """Tasks that were ended because they hung."""
    table = [["hung", "times", "the last", "when", "stood still for"]]
    return table + [
        [one.kind, saying.number(one.count), one.last, _moment(one.last_at), saying.span(one.last_seconds)]
        for one in crew.hung()
    ]


def hung_told() -> list[dict[str, Any]]:
    """The same, for programs."""
    return [
        {"task": one.kind, "count": one.count, "last": one.last, "last_at": one.last_at.isoformat(),
         "last_seconds": one.last_seconds}
        for one in crew.hung()
    ]  # fmt: skip


def workers_told() -> list[dict[str, Any]]:
    """The same, for programs."""
    return [
        {"name": one.name, "queues": one.queues.split(","), "now": [hand.task for hand in one.now], "memory": one.memory,
         "version": one.version, "beat_at": one.beat_at.isoformat(), "silent": one.is_silent, "deaf": one.is_deaf,
         "starting_s": one.slow_for and round(one.slow_for.total_seconds()),
         "connections": [vars(each) | {"since": each.since.isoformat()} for each in one.connections]}
        for one in crew.workers()
    ]  # fmt: skip


def relays() -> list[list[str]]:
    """Each with its connections and pace, where they are limited."""
    known = list(Relay.objects.order_by("pk"))
    table = [["relay", "state", "connections", "pace"]]
    rows = [(one, standings.of(one, known).state, berths.words(one), throttling.words(one)) for one in known]
    return table + [[one.name, state, room or "·", pace or "·"] for one, state, room, pace in rows]


def relays_told() -> list[dict[str, Any]]:
    """The same, for programs."""
    known = list(Relay.objects.order_by("pk"))
    return [standings.of(one, known).as_json for one in known]


def items(rows: list[Row]) -> list[list[str]]:
    """One a line."""
    table = [["kind", "id", "state", "of", "by", "since", "until", "tries", "why"]]
    for row in rows:
        moments = [_moment(row.since), _moment(row.until)]
        table.append([row.kind, row.id, row.word, row.of, row.way, *moments, str(row.tries or ""), row.why])
    return table


def sweeps(found: list[Sweep]) -> list[list[str]]:
    """Acts upon many: how far each is."""
    table = [["act", "what", "done", "of", "state", "asked", "why"]]
    for one in found:
        state = "stopped" if one.stopped_by_id else "done" if one.ended_at else "under way"
        numbers = [saying.number(one.done), saying.number(one.expected)]
        table.append([str(one.pk), one.act, *numbers, state, _moment(one.asked_at), one.reason])
    return table


def sweeps_told(found: list[Sweep]) -> list[dict[str, Any]]:
    """The same, for programs."""
    return [
        {"act": one.pk, "what": one.act, "of": one.wanted, "done": one.done, "expected": one.expected,
         "asked_at": one.asked_at.isoformat(), "ended_at": one.ended_at.isoformat() if one.ended_at else None,
         "stopped": one.stopped_by_id is not None, "reason": one.reason}
        for one in found
    ]  # fmt: skip


def told(row: Row) -> dict[str, Any]:
    """One item, for programs."""
    said = {name: getattr(row, name) for name in ("kind", "id", "title", "of", "tries", "why")}
    moments = {"since": row.since, "until": row.until}
    named = {"state": row.word, "by": row.way, "acts": list(row.acts)}
    return said | named | {name: at.isoformat() if at else None for name, at in moments.items()}


def board_told(now: stats.Now) -> dict[str, Any]:
    """The board, for programs."""
    return {
        kind: {
            column: {"count": cell.count, "oldest": cell.oldest.isoformat() if cell.oldest else None}
            for column, cell in row.items()
        }
        for kind, row in now.board.items()
    }


def drawn(table: list[list[str]]) -> str:
    """Columns beside each other, as wide as they must be."""
    widths = [max(len(row[place]) for row in table) for place in range(len(table[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table
    )


def _moment(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z" if at else ""
