"""The places of a variant where readers differ, as ASCII tokens that survive MJML, CSS inlining and any encoding.

A token carries the edition's nonce, which is drawn after every article was written: no article can forge one.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

NAMES = ("name", "leave", "preferences")
"""`name`: ", Alice" or "", with its own separator. `leave`, `preferences`: whole addresses."""


@dataclass(frozen=True)
class Slot:
    """One place to fill; `name` is one of NAMES."""

    name: str


def new_nonce() -> str:
    """16 characters of [0-9a-f], of one variant."""
    return secrets.token_hex(8)


def token(nonce: str, name: str) -> str:
    """What stands in HTML, text and subject until a message is filled: letters and digits only."""
    assert name in NAMES, name
    return f"x{nonce}{name}x"


def split(text: str, nonce: str) -> list[str | Slot]:
    """The text cut at its slots, in order; joining the pieces with their tokens gives the text back."""
    pieces = re.split(f"x{nonce}({'|'.join(NAMES)})x", text)
    parts = [Slot(piece) if place % 2 else piece for place, piece in enumerate(pieces)]
    return [part for part in parts if part]


def fill(text: str, nonce: str, values: Mapping[str, str]) -> str:
    """The text with each slot's value put in as it is: the caller escapes. Raises KeyError for a slot without one."""
    return "".join(part if isinstance(part, str) else values[part.name] for part in split(text, nonce))


def count(text: str, nonce: str) -> dict[str, int]:
    """How often each slot stands in the text."""
    return {name: text.count(token(nonce, name)) for name in NAMES}
