"""What `dispatch check` finds: one line each."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Finding:
    """One line of the answer. `state`: ok, todo (works, but not yet useful) or WRONG."""

    state: str
    words: str
    record: dict[str, Any] | None = None  # of a sending domain, for programs


def ok(words: str) -> Finding:
    """As it should be."""
    return Finding("ok", words)


def todo(words: str) -> Finding:
    """Something is still to be done before mail goes out."""
    return Finding("todo", words)


def wrong(words: str) -> Finding:
    """It will not work, or not safely."""
    return Finding("WRONG", words)
