"""OpenPGP (RFC 9580) for readers who gave a public key, by Sequoia: the only place that knows the library.

It is imported when it is first needed. Its own words may hold a reader's name or key, so none of them leave this file.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from pysequoia import Cert

LARGEST = 32 * 1024
"""Characters of a key as it is pasted; one with dozens of signatures has as many."""
Given = TypeVar("Given")


class Unusable(Exception):
    """Nothing can be encrypted with this. The text is one of: none, large, private, several, expired, revoked, unfit."""


@dataclass(frozen=True)
class Key:
    """A public key that letters can be encrypted to."""

    armored: str


@dataclass(frozen=True)
class Held:
    """A key that was given some time ago."""

    fingerprint: str  # as people compare it, in groups of four; "": it is a key no longer
    ends: datetime | None  # when it expires, or did; None: never
    trouble: str  # "": letters can be encrypted to it; else as Unusable says it


def read(text: str) -> Key:
    """The one public key that was pasted. Raises Unusable."""
    if len(text) > LARGEST:
        raise Unusable("large")
    if "PRIVATE KEY" in text:
        raise Unusable("private")
    found = _tried(lambda: _split(text), "none")
    if len(found) != 1:
        raise Unusable("several" if found else "none")
    encrypt(text, b"")
    return Key(_tried(lambda: str(found[0]), "unfit"))


def held(armored: str) -> Held:
    """What has become of it."""
    try:
        key = _one(armored)
        digits, ends = key.fingerprint.upper(), _tried(lambda: key.expiration, "unfit")
    except Unusable as problem:
        return Held("", None, str(problem))
    shown = " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))
    try:
        encrypt(armored, b"")
    except Unusable as problem:
        return Held(shown, ends, str(problem))
    return Held(shown, ends, "")


def encrypt(armored: str, content: bytes) -> bytes:
    """An armored message that only the key's owner opens, not signed, with CRLF line ends. Raises Unusable: the library
    itself would go on encrypting to a key that has expired.
    """
    from pysequoia import encrypt

    key = _one(armored)
    if _tried(lambda: key.is_revoked, "unfit"):
        raise Unusable("revoked")
    end = _tried(lambda: key.expiration, "unfit")
    if end and end <= datetime.now(UTC):
        raise Unusable("expired")
    made = _tried(lambda: encrypt(recipients=[key], bytes=content), "unfit")
    return made.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _split(text: str) -> list["Cert"]:
    from pysequoia import Cert

    return Cert.split_bytes(text.encode())


def _one(armored: str) -> "Cert":
    from pysequoia import Cert

    return _tried(lambda: Cert.from_bytes(armored.encode()), "none")


def _tried(act: Callable[[], Given], code: str) -> Given:
    """Raises Unusable for whatever the library raises; a panic in it is no Exception."""
    try:
        return act()
    except Exception:  # noqa: BLE001 - the library says RuntimeError, with a stack in its words
        raise Unusable(code) from None
    except BaseException as problem:
        if type(problem).__name__ != "PanicException":
            raise
        raise Unusable(code) from None
