"""Which items an operator wants to see: what stands in the address of their list, so that it can be kept and passed on.

What a kind cannot be filtered by is refused, never left aside: an act upon all that match would reach further than was meant.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from urllib.parse import urlencode

from dispatch.audience.models import Letter
from dispatch.delivery.models import Chunk, DeliveryException
from dispatch.editions.models import Edition
from dispatch.operations.items import names
from dispatch.social.models import Post

KINDS = {
    "webhook": "Webhooks",
    "article": "Articles",
    "edition": "Renders",
    "chunk": "Chunks of mail",
    "reader": "Readers",
    "letter": "Letters asked for",
    "post": "Posts",
}
COLUMNS = {
    "due": "Due",
    "underway": "Under way",
    "deferred": "Deferred",
    "failed": "Failed or stuck",
    "unknown": "Unknown",
    "done": "Done",
}
FILTERS = {
    "webhook": ("column", "source"),
    "article": ("column", "source"),
    "edition": ("column", "newsletter", "state"),
    "chunk": ("column", "newsletter", "provider", "relay", "send", "state"),
    "reader": ("column", "newsletter", "provider", "relay", "send", "state", "code"),
    "letter": ("column", "newsletter", "state", "code"),
    "post": ("column", "channel", "state"),
}
"""By kind, what it may be filtered by."""
STATES: dict[str, list[str]] = {
    "edition": Edition.State.values,
    "chunk": Chunk.State.values,
    "reader": DeliveryException.State.values,
    "letter": [*Letter.State.values, "deferred"],
    "post": Post.State.values,
}
NAMED = ("newsletter", "channel", "source", "provider", "relay")
FURTHEST = 10_000
"""How deep a list is leafed through, at most: what lies further is found by a filter."""


class Unheard(Exception):
    """An address says something that no list has, in words for a person."""


@dataclass(frozen=True)
class Wanted:
    """0 and "" are "whichever". Newsletters, channels, sources, relays and providers stand here by name: see names.py."""

    kind: str = "reader"
    column: str = ""
    newsletter: str = ""
    channel: str = ""
    source: str = ""
    provider: str = ""  # of audience.addresses.ProviderClass
    relay: str = ""
    send: int = 0
    state: str = ""  # the kind's own word: refused, bounced, stuck
    code: str = ""  # "450 4.2.1"
    before: int = 0  # from below this number on: where an act upon all goes on
    skip: int = 0

    @property
    def query(self) -> str:
        """As an address says it: only what is not "whichever", in one order."""
        return urlencode(self.said)

    @property
    def said(self) -> dict[str, str]:
        """By name, without what is "whichever"."""
        own = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: str(value) for name, value in own.items() if name == "kind" or value != DEFAULTS[name]}

    def but(self, **other: str | int) -> "Wanted":
        """The same with something changed, from its first row on."""
        return replace(self, **{"skip": 0, **other})  # type: ignore[arg-type]

    def of_kind(self, kind: str) -> "Wanted":
        """The same of another kind, as far as that can be filtered by it."""
        shared = [name for name in ("column", *NAMED) if name in FILTERS[kind]]
        return Wanted(kind=kind, **{name: getattr(self, name) for name in shared})


DEFAULTS = {field.name: field.default for field in fields(Wanted)}


def read(said: Mapping[str, str]) -> Wanted:
    """From an address or a sweep. Raises Unheard."""
    texts = {name: text for name in DEFAULTS if (text := str(said.get(name, "")).strip())}
    kind = texts.setdefault("kind", "reader")
    if kind not in KINDS:
        raise Unheard(f"There is no kind “{kind}”. There are: {', '.join(KINDS)}.")
    may = {"kind", "skip", *FILTERS[kind], *(["before"] if kind != "reader" else [])}
    if strange := [name for name in texts if name not in may]:
        raise Unheard(f"{KINDS[kind]} are not filtered by {strange[0]}, but by {_listed(FILTERS[kind])}.")
    wanted = Wanted(**{name: _value(kind, name, text) for name, text in texts.items()})  # type: ignore[arg-type]
    return replace(wanted, skip=min(wanted.skip, FURTHEST))


def is_id(kind: str, text: str) -> bool:
    """Whether an item of this kind can be called so: a number, a reader "send-reader"."""
    parts = text.split("-") if kind == "reader" else [text]
    return len(parts) == (2 if kind == "reader" else 1) and all(map(_is_number, parts))


def _value(kind: str, name: str, text: str) -> str | int:
    if name in NAMED:
        try:
            return names.find(name, text)
        except names.Missing as problem:
            raise Unheard(str(problem)) from problem
    if name == "column" and text not in COLUMNS:
        raise Unheard(f"Nothing stands in a column “{text}”. There are: {', '.join(COLUMNS)}.")
    if name == "state" and text not in STATES[kind]:
        raise Unheard(f"{KINDS[kind]} are never “{text}”, but {', '.join(STATES[kind])}.")
    return _number(name, text) if isinstance(DEFAULTS[name], int) else text[:40]


def _number(name: str, text: str) -> int:
    if not _is_number(text):
        raise Unheard(f"“{name}” is a number, and “{text[:20]}” is none.")
    return int(text)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


def _listed(filters: tuple[str, ...]) -> str:
    return " and ".join(filter(None, [", ".join(filters[:-1]), filters[-1]]))
