"""The offline share: every key of an instance in one file, sealed to people's age keys, kept where this machine is not.

age, not Shamir's sharing: it is a format with several implementations, so the file opens in ten years and without Dispatch
(`age -d -i KEY FILE`), and a holder needs nothing but their key. Any one of those it is sealed to can open it.
"""

import hashlib
import io
import json
import os
import sys
from pathlib import Path

import pyrage

from dispatch import env
from dispatch.local import instance

Holder = pyrage.x25519.Recipient
Own = pyrage.x25519.Identity


class Unsuited(ValueError):
    """A share that cannot be made or opened; the text says why."""


def make(file: Path, to: list[str]) -> str:
    """Write the share, readable by its owner alone; never over another file. Its fingerprint. Raises Unsuited, OSError."""
    holders = recipients(to)
    keys = {name: env.text(name) for name in instance.KEYS}
    sealed = pyrage.encrypt(json.dumps(keys).encode(), holders)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(sealed)
    note = _note()
    if note.parent.is_dir():
        note.write_text(fingerprint() + "\n", encoding="ascii")
    return fingerprint()


def recipients(keys: list[str]) -> list[Holder]:
    """Public keys of people, such as age1…. Raises Unsuited where one is none, or there is none."""
    if not keys:
        raise Unsuited("Name at least one age key that is to open it: --to age1…; age-keygen makes one and prints it.")
    try:
        return [pyrage.x25519.Recipient.from_str(one) for one in keys]
    except pyrage.RecipientError as error:
        raise Unsuited(
            "One of these is no age key. It begins with age1; age-keygen makes one and prints it."
        ) from error


def identities(file: Path) -> list[Own]:
    """What a holder's file holds, as age-keygen made it; `-` is standard input, as for age itself, so that a key need not be
    left where it is used. Raises Unsuited, OSError."""
    try:
        content = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        lines = content.decode("ascii").splitlines()
        return [pyrage.x25519.Identity.from_str(line) for line in lines if line.startswith("AGE-SECRET-KEY-")]
    except (pyrage.IdentityError, UnicodeDecodeError) as error:
        what = "What came on standard input" if str(file) == "-" else file
        raise Unsuited(f"{what} is no file that age-keygen made.") from error


def seal(plain: io.BufferedIOBase, into: io.BufferedIOBase, holders: list[Holder]) -> None:
    """Whatever `plain` gives, 64 KiB at a time, so that any of the holders can open it."""
    pyrage.encrypt_io(plain, into, holders)


def unseal(sealed: io.BufferedIOBase, into: io.BufferedIOBase, own: list[Own]) -> None:
    """What was sealed, as it comes. Raises Unsuited where it does not open, or at its end where it was cut short."""
    try:
        pyrage.decrypt_io(sealed, into, own)
    except pyrage.DecryptError as error:
        raise Unsuited(str(error)) from error


def is_made() -> bool:
    """Whether a share of exactly these keys was made on this machine."""
    return _note().exists() and _note().read_text(encoding="ascii").strip() == fingerprint()


def fingerprint() -> str:
    """A short name of all keys at hand together, safe to show. Raises env.Misconfigured."""
    keys = "\n".join(sorted(filter(None, map(str.strip, env.text("DISPATCH_VAULT_KEYS").splitlines()))))
    return hashlib.sha256(f"dispatch keys\n{keys}".encode()).hexdigest()[:12]


def restore(file: Path, identity: Path) -> list[Path]:
    """Put the share's keys back where `dispatch up` looks for them. The files written. Raises Unsuited, OSError."""
    own = identities(identity)
    try:
        keys: dict[str, str] = json.loads(pyrage.decrypt(file.read_bytes(), own))
    except (pyrage.DecryptError, UnicodeDecodeError) as error:
        raise Unsuited(f"{identity} does not open {file}.") from error
    folder = env.data_dir() / "keys"
    places = {folder / instance.KEYS[name]: content for name, content in keys.items()}
    if there := [str(path) for path in places if path.exists()]:
        raise Unsuited(f"There are keys already: {', '.join(there)}. Nothing was changed.")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path, content in places.items():
        instance.write_key(path, content)
    instance.destroyed().unlink(missing_ok=True)
    return list(places)


def _note() -> Path:
    return env.data_dir() / "keys" / "shared"
