"""The contract of a network: what fits, how a text is made to fit, one call that publishes, and a look at what is out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from dispatch.outcomes import Outcome

TIMEOUT = 30.0
"""Seconds any request to a network may take."""
CLOCKS_DIFFER = timedelta(minutes=2)
"""How far a network's clock may be from ours where posts are looked for by their time."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What fits into one post, in the network's own units."""

    longest: int
    unit: str  # in words, for the desk: "characters", "graphemes"
    link_cost: int | None = None  # a link costs this much whatever its length; None: its own length
    longest_bytes: int | None = None


@dataclass(frozen=True, kw_only=True)
class Account:
    """A channel as a network sees it: where, who, and the opened credentials. Lives in memory only."""

    server: str
    name: str
    credentials: Mapping[str, str] = field(repr=False)
    known: Mapping[str, Any] = field(default_factory=dict)  # what the server said at the last probe


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A text that is to be published, with all that must not change between two attempts."""

    text: str
    link: str
    language: str
    title: str = ""
    summary: str = ""
    key: str = ""  # the same for every attempt of the same text
    created_at: datetime | None = None  # frozen at the first attempt


@dataclass(frozen=True)
class Found:
    """It is out there."""

    remote_id: str
    url: str


@dataclass(frozen=True)
class NotFound:
    """It is not there, as far as the network shows."""


@dataclass(frozen=True)
class CannotTell:
    """The network gives no way to look, or did not answer."""

    reason: str


@dataclass(frozen=True)
class Health:
    """Whether an account can publish now."""

    ok: bool
    words: str = ""
    known: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Unsupported:
    """The network has no such act."""


Look = Found | NotFound | CannotTell


class Network(Protocol):
    """One network. Every request has a time-out; nothing is retried inside; nothing raises for what the world answers."""

    name: str
    replays: bool  # whether publishing the same draft again is safe (the network itself recognises it)

    def limits(self, account: Account) -> Limits:
        """What fits, read from the server where it says."""
        ...

    def count(self, text: str, account: Account) -> int:
        """The length of a text as this network counts it."""
        ...

    def check(self, draft: Draft, account: Account) -> list[str]:
        """What stands against publishing it, in words; empty: nothing."""
        ...

    def publish(self, draft: Draft, account: Account) -> Outcome:
        """One call."""
        ...

    def find(self, draft: Draft, account: Account) -> Look:
        """Look whether it is out, before anything is sent again."""
        ...

    def edit(self, remote_id: str, draft: Draft, account: Account) -> Outcome | Unsupported:
        """Change what is out."""
        ...

    def delete(self, remote_id: str, account: Account) -> Outcome | Unsupported:
        """Take back what is out."""
        ...

    def probe(self, account: Account) -> Health:
        """Is the token alive? What does the server say of its limits?"""
        ...
