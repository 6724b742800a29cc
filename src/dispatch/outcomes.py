"""What the world may answer when something is sent. A closed set: whoever sends returns one of these and nothing else."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Sent:
    """The other side has taken it, and said so."""

    remote_id: str = ""  # its own name for it, where it gave one
    url: str = ""  # where people can see it
    evidence: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Deferred:
    """Not now. Nothing was taken; trying again at or after `until` is right."""

    until: datetime | None  # None: the caller's own schedule decides
    reason: str
    code: str = ""  # SMTP reply and enhanced code ("450 4.2.0") or HTTP status


@dataclass(frozen=True, kw_only=True)
class Refused:
    """No, for good, in the other side's words. Nothing was taken and asking again will not help."""

    reason: str
    code: str = ""


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """It may or may not have been taken. Never repeated blindly, never called finished; a look or a person decides."""

    reason: str
    evidence: dict[str, Any] = field(default_factory=dict)


Outcome = Sent | Deferred | Refused | Unknown
