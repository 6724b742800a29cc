"""Personal data at rest: sealed by AES-256-GCM, found again by a keyed blind index, tokens by a keyed hash.

Keys come from DISPATCH_VAULT_KEYS (or its _FILE): lines of `<number> <base64 of 32 bytes>`, the highest number seals,
all of them open. They are never in the database, a dump or a log. Subkeys are derived per purpose (HKDF-SHA256, RFC 5869).

A further key is a further line with a higher number: from then on it seals. The oldest key stays for as long as there are
readers: the blind index, and the tokens in mails already sent, are made with it.
"""

import base64
import functools
import hashlib
import hmac
import os
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from dispatch import env

NONCE = 12


class Unreadable(Exception):
    """A sealed value cannot be opened: its key is not here, or it was moved or changed."""


def new_key_line(number: int = 1) -> str:
    """A fresh key as a line of the key file."""
    return f"{number} {base64.b64encode(secrets.token_bytes(32)).decode()}"


def seal(text: str, context: str) -> bytes:
    """Encrypt `text` for the place `context` names ("subscriber:12:address"); it opens nowhere else.

    Layout: key number (1 byte), nonce (12), ciphertext and tag.
    """
    number = max(_keys())
    nonce = os.urandom(NONCE)
    return bytes([number]) + nonce + _cipher(number).encrypt(nonce, text.encode(), context.encode())


def unseal(sealed: bytes, context: str) -> str:
    """The text that was sealed for `context`. Raises Unreadable."""
    try:
        return _cipher(sealed[0]).decrypt(sealed[1 : 1 + NONCE], bytes(sealed[1 + NONCE :]), context.encode()).decode()
    except (KeyError, IndexError, InvalidTag, ValueError) as error:
        raise Unreadable(
            f"What is stored as {context.partition(':')[0]} cannot be opened with the keys at hand."
        ) from error


def blind_index(address: str) -> bytes:
    """32 bytes that are equal for equal (normalised) addresses and tell nothing without the key."""
    return mac("blind index", address.encode())


def mac(purpose: str, message: bytes) -> bytes:
    """HMAC-SHA256 under the oldest key's subkey for `purpose`: stable for as long as that key is kept."""
    return hmac.digest(_subkey(min(_keys()), purpose), message, "sha256")


def fingerprint() -> str:
    """A short name of the keys at hand, safe to show."""
    return hashlib.sha256(_subkey(min(_keys()), "fingerprint")).hexdigest()[:12]


@functools.cache
def _keys() -> dict[int, bytes]:
    keys: dict[int, bytes] = {}
    for line in env.text("DISPATCH_VAULT_KEYS").splitlines():
        number, _, encoded = line.strip().partition(" ")
        if not number:
            continue
        if number.isdecimal() and int(number) in keys:
            raise env.Misconfigured(f"DISPATCH_VAULT_KEYS: two lines have the number {int(number)}.")
        try:
            keys[int(number)] = base64.b64decode(encoded, validate=True)
        except ValueError as error:
            raise env.Misconfigured("DISPATCH_VAULT_KEYS: each line is a number and 32 bytes in base64.") from error
        if len(keys[int(number)]) != 32 or not 1 <= int(number) <= 255:
            raise env.Misconfigured("DISPATCH_VAULT_KEYS: a key is 32 bytes and has a number from 1 to 255.")
    if not keys:
        raise env.Misconfigured("DISPATCH_VAULT_KEYS holds no key. `dispatch keys new` makes one.")
    return keys


@functools.cache
def _subkey(number: int, purpose: str) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt=None, info=f"dispatch {purpose}".encode()).derive(_keys()[number])


@functools.cache
def _cipher(number: int) -> AESGCM:
    return AESGCM(_subkey(number, "seal"))
