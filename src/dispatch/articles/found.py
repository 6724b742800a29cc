"""What asking a source brought."""

from dataclasses import dataclass
from typing import Any

from dispatch.articles.incoming import Incoming


@dataclass(frozen=True)
class Found:
    """Messages as if the source had sent them, and where to go on from the next time."""

    incoming: tuple[Incoming, ...] = ()
    state: dict[str, Any] | None = None  # None: as it was
    trouble: str = ""  # in words, for the operator
