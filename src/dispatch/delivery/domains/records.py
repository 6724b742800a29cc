"""How one record of a domain stands, in words, and what to paste where it does not."""

from dataclasses import dataclass
from enum import StrEnum

STRING = 255
"""Octets of one string of a TXT record (RFC 1035 section 3.3)."""


class Standing(StrEnum):
    """How well a record stands."""

    WELL = "well"
    MAY = "may"  # nothing is lost without it
    LOOK = "look"
    WRONG = "wrong"


@dataclass(frozen=True)
class Paste:
    """A record to publish. `value` as it is, without the quotes of a zone file."""

    host: str
    value: str
    kind: str = "TXT"

    def line(self) -> str:
        """As a zone file has it (RFC 1035 section 5.1)."""
        if self.kind != "TXT":
            return f"{self.host}. IN {self.kind} {self.value}"
        parts = (self.value[at : at + STRING] for at in range(0, len(self.value), STRING))
        return f"{self.host}. IN TXT " + " ".join(f'"{part}"' for part in parts)


@dataclass(frozen=True)
class Record:
    """One record in words. `host`: the name or address that was asked about."""

    what: str  # SPF, DKIM, DMARC, …
    standing: Standing
    words: str
    todo: str = ""
    host: str = ""
    paste: Paste | None = None
    is_known: bool = True  # no: whoever was asked did not say

    @property
    def told(self) -> str:
        """What to do, the line to paste with it."""
        return " ".join(filter(None, [self.todo, self.paste.line() if self.paste else ""]))


def tags(record: str) -> dict[str, str]:
    """The tag=value list of RFC 6376 section 3.2, which DMARC, BIMI, TLSRPT and MTA-STS have, too; names in small letters."""
    parts = (part.partition("=") for part in record.split(";") if "=" in part)
    return {name.strip().lower(): "".join(value.split()) for name, _, value in parts}
