"""A reader's finished message inside an encrypted one (PGP/MIME, RFC 3156), with its real header inside (RFC 9788).

Outside stands what the mail's way needs, and no word of what it is: an address without a name, a subject that says nothing,
no List-Id. Mail programs that know protected headers show the inner subject.
"""

import re
from collections.abc import Sequence

from dispatch import openpgp

BOUNDARY = "=_5e1f"
"""The same for all; an armored message holds no underscore."""
SUBJECT = b"Subject: [...]\r\n"
"""As RFC 9788 section 3.2.1 has it, so that these letters look like everybody's."""
OUTSIDE = {b"to", b"date", b"message-id", b"reply-to", b"list-unsubscribe", b"list-unsubscribe-post", b"mime-version"}
STRUCTURE = {b"mime-version", b"content-type", b"content-transfer-encoding"}
PROTECTED = b';\r\n protected-headers="v1"; hp="cipher"\r\n'
"""The older draft's word, which Thunderbird and K-9 know, and the standard's."""
TYPE = f'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted";\r\n boundary="{BOUNDARY}"\r\n\r\n'
OPENING = (
    f"--{BOUNDARY}\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n"
    f"--{BOUNDARY}\r\nContent-Type: application/octet-stream\r\n\r\n"
).encode()
CLOSING = f"--{BOUNDARY}--\r\n".encode()
FIELD = re.compile(rb"[^\r\n]+\r\n(?:[ \t][^\r\n]*\r\n)*")
MAILBOX = re.compile(rb"<([^<>]+)>\r\n\Z")


def enclose(head: bytes, body: Sequence[bytes], key: str) -> tuple[bytes, list[bytes]]:
    """Header and body, as personalizing.fill makes them, for the owner of the armored `key`. Raises openpgp.Unusable."""
    fields = [(line.partition(b":")[0].lower(), line) for line in FIELD.findall(head)]
    outer = [one for name, line in fields if (one := _outside(name, line))]
    inner = [line for name, line in fields if name not in STRUCTURE]
    told = [b"HP-Outer: " + line for line in outer if not line.startswith(b"MIME-Version:")]
    content = [_protected(name, line) for name, line in fields if name in STRUCTURE - {b"mime-version"}]
    sealed = openpgp.encrypt(key, b"".join([*inner, *told, *content, b"\r\n", *body]))
    return b"".join([*outer, TYPE.encode()]), [OPENING, sealed, CLOSING]


def _outside(name: bytes, line: bytes) -> bytes:
    if name == b"from":
        named = MAILBOX.search(line)
        return b"From: %b\r\n" % named[1] if named else line
    if name == b"subject":
        return SUBJECT
    return line if name in OUTSIDE else b""


def _protected(name: bytes, line: bytes) -> bytes:
    return line.removesuffix(b"\r\n") + PROTECTED if name == b"content-type" else line
