"""What a payload says once it is understood: the same value whatever CMS or feed it came from."""

import enum
import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any


class Act(enum.StrEnum):
    """What the source says happened."""

    PUBLISH = "publish"  # it is public now, or says something new
    REVISE = "revise"  # it is as it says now; new here only if it was published since the source was added
    NOTICE = (
        "notice"  # likewise, by a feed, which names things its own way: it adds what is missing and changes no other
    )
    WITHDRAW = "withdraw"
    LOOK = "look"  # something happened to it; the source has to be asked what
    IGNORE = "ignore"  # nothing that concerns readers


@dataclass(frozen=True, kw_only=True)
class Version:
    """One language version as the source tells it; `html` is as it came, cut at the paywall."""

    language: str
    external_id: str
    title: str
    html: str
    updated_at: datetime
    published_at: datetime
    summary: str = ""
    url: str = ""
    picture_url: str = ""
    picture_alt: str = ""
    topics: tuple[str, ...] = ()
    visibility: str = "public"


@dataclass(frozen=True, kw_only=True)
class Incoming:
    """One message from a source."""

    act: Act
    event: str  # the source's own word, for the record
    why: str = ""  # of an ignored event, in words
    story_key: str = ""
    versions: tuple[Version, ...] = field(default=())
    external_id: str = ""  # of what is withdrawn or to be looked at
    at: datetime | None = None  # of a withdrawal: when, by the source's clock
    embargo_until: datetime | None = None  # of the story, where the source says so


def to_json(incoming: Incoming) -> str:
    """To be kept until it is taken in; `from_json` gives the same value back."""
    return json.dumps(asdict(incoming), default=datetime.isoformat)


def from_json(text: str) -> Incoming:
    """What `to_json` was given."""
    said = json.loads(text)
    versions = tuple(_version(each) for each in said.pop("versions"))
    moments = {name: _moment(said.get(name)) for name in ("at", "embargo_until")}
    return Incoming(**said | moments | {"act": Act(said["act"]), "versions": versions})


def _version(said: dict[str, Any]) -> Version:
    moments = {name: datetime.fromisoformat(said[name]) for name in ("updated_at", "published_at")}
    return Version(**said | moments | {"topics": tuple(said["topics"])})


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


class Malformed(Exception):
    """The payload cannot be understood; `field` says where, the text what is wrong."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}")
        self.field = where
        self.problem = problem
