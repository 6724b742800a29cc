"""Which items an operator wants to see: what stands in the address of their list, so that it can be kept and passed on."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from urllib.parse import urlencode

KINDS = {
    "webhook": "Webhooks",
    "article": "Articles",
    "edition": "Renders",
    "chunk": "Chunks of mail",
    "reader": "Readers",
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
FURTHEST = 10_000
"""How deep a list is leafed through, at most: what lies further is found by a filter."""


class Unheard(Exception):
    """An address says something that no list has, in words for a person."""


@dataclass(frozen=True)
class Wanted:
    """0 and "" are "whichever"."""

    kind: str = "reader"
    column: str = ""
    newsletter: int = 0
    channel: int = 0
    provider: int = -1  # of audience.addresses.ProviderClass
    relay: int = 0
    send: int = 0
    state: str = ""  # a reader's own word: refused, bounced
    code: str = ""  # "450 4.2.1"
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


DEFAULTS = {field.name: field.default for field in fields(Wanted)}


def read(said: Mapping[str, str]) -> Wanted:
    """From an address or a sweep. Raises Unheard."""
    values: dict[str, str | int] = {}
    for name, default in DEFAULTS.items():
        if text := str(said.get(name, "")).strip():
            values[name] = _number(name, text) if isinstance(default, int) else text[:40]
    wanted = Wanted(**values)  # type: ignore[arg-type]
    if wanted.kind not in KINDS:
        raise Unheard(f"There is no kind “{wanted.kind}”. There are: {', '.join(KINDS)}.")
    if wanted.column and wanted.column not in COLUMNS:
        raise Unheard(f"Nothing stands in a column “{wanted.column}”. There are: {', '.join(COLUMNS)}.")
    return replace(wanted, skip=min(wanted.skip, FURTHEST))


def _number(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Unheard(f"“{name}” is a number, and “{text[:20]}” is none.")
    return int(text)
