"""What a network says is left of its allowances, for a channel's page: how much, and until when that counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

KEPT = "left"
"""Under this name in what a probe makes known (`Health.known`), as JSON: {"posts a day": {"count": 249, "until": ""}}."""


@dataclass(frozen=True)
class Allowance:
    """`until` None: it goes on without a break, or the network does not say."""

    name: str
    count: int
    until: datetime | None = None


def known(*found: Allowance | None) -> dict[str, Any]:
    """As a probe makes it known; nothing where the network said nothing."""
    said = [one for one in found if one is not None]
    rows = {one.name: {"count": one.count, "until": one.until.isoformat() if one.until else ""} for one in said}
    return {KEPT: rows} if rows else {}


def of_headers(name: str, headers: Mapping[str, str], remaining: str, reset: str) -> Allowance | None:
    """From an answer's headers: a number, and a moment in seconds since 1970."""
    count, until = headers.get(remaining, ""), headers.get(reset, "")
    if not count.isdecimal():
        return None
    return Allowance(name, int(count), datetime.fromtimestamp(int(until), UTC) if until.isdecimal() else None)


def kept(said: Mapping[str, Any]) -> list[Allowance]:
    """As a channel keeps them, by name; what is in another shape is left out."""
    rows = said.get(KEPT)
    found = rows.items() if isinstance(rows, dict) else ()
    return [_read(name, row) for name, row in sorted(found) if isinstance(row, dict) and type(row.get("count")) is int]


def _read(name: str, row: Mapping[str, Any]) -> Allowance:
    try:
        until = datetime.fromisoformat(str(row.get("until") or ""))
    except ValueError:
        return Allowance(name, row["count"])
    return Allowance(name, row["count"], until if until.tzinfo else until.replace(tzinfo=UTC))
