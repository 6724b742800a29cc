"""DKIM (RFC 6376, RFC 8463): a letter gets one signature a key, relaxed/relaxed, over its whole header and body.

Every header of a letter is signed, so also List-Unsubscribe and List-Unsubscribe-Post (RFC 8058 section 4). Bodies come from
`quoting` and are what relaxed canonicalisation makes of them, so their hash is that of the bytes. There is no t= and no x=: a
letter that is sent again is the same to the byte, and both algorithms are deterministic.
"""

import functools
import hashlib
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

OVERSIGNED = (
    b"from:to:cc:subject:date:reply-to:message-id:mime-version:content-type:list-id:list-unsubscribe:list-unsubscribe-post"
).split(b":")
"""Named once more than they stand there, so that nobody adds a second one, or one that was missing (section 8.15)."""
WIDTH = 76
STRING = 255
"""Octets of one string of a TXT record (RFC 1035 section 3.3)."""
Private = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True)
class Key:
    """What signs, and where its public half is to be found."""

    domain: str
    selector: str
    algorithm: str  # of the a= tag
    sign: Callable[[bytes], bytes]


def key(host: str, private: Private) -> Key:
    """`host` is the DNS name of the public half, <selector>._domainkey.<domain>."""
    selector, _, domain = host.partition("._domainkey.")
    if isinstance(private, ed25519.Ed25519PrivateKey):
        own = private.sign
        return Key(domain, selector, "ed25519-sha256", lambda text: own(hashlib.sha256(text).digest()))
    theirs, way, hashed = private.sign, padding.PKCS1v15(), hashes.SHA256()
    return Key(domain, selector, "rsa-sha256", lambda text: theirs(text, way, hashed))


def record(private: Private) -> str:
    """The TXT record of its public half (RFC 6376 section 3.6.1), in strings as a zone file has them."""
    public = private.public_key()
    if isinstance(public, ed25519.Ed25519PublicKey):
        kind, shown = "ed25519", public.public_bytes_raw()  # RFC 8463 section 4
    else:
        info = serialization.PublicFormat.SubjectPublicKeyInfo
        kind, shown = "rsa", public.public_bytes(serialization.Encoding.DER, info)
    text = f"v=DKIM1; k={kind}; p={b64encode(shown).decode()}"
    return " ".join(f'"{text[at : at + STRING]}"' for at in range(0, len(text), STRING))


def sign(head: bytes, body: Sequence[bytes], keys: Sequence[Key]) -> bytes:
    """A letter's header (with the empty line that ends it) with a DKIM-Signature on top for each key. The first piece of the
    body is one that other letters share: it is hashed once for all of them.
    """
    if not keys:
        return head
    names, canonical = _relaxed(head[:-2])
    hashed = _begun(body[0]).copy()
    for piece in body[1:]:
        hashed.update(piece)
    digest = b64encode(hashed.digest())
    return b"".join((*(_signature(key, names, canonical, digest) for key in keys), head))


def _signature(key: Key, names: bytes, head: bytes, digest: bytes) -> bytes:
    written, canonical = _tags(key.domain, key.selector, key.algorithm, names)
    said = b64encode(key.sign(b"".join((head, canonical, digest, b"; b="))))
    rows = (said[at : at + WIDTH - 4] for at in range(0, len(said), WIDTH - 4))
    return b"".join((written, digest, b";\r\n b=", b"\r\n ".join(rows), b"\r\n"))


@functools.lru_cache(maxsize=64)
def _tags(domain: str, selector: str, algorithm: str, names: bytes) -> tuple[bytes, bytes]:
    """A DKIM-Signature up to its body's hash, as it is written and as it is signed. Many letters have the same headers."""
    listed = [name + b":" for name in (*names.split(b":"), *OVERSIGNED)]
    listed[-1] = listed[-1].replace(b":", b";")
    tags = f"v=1; a={algorithm}; c=relaxed/relaxed;\r\n d={domain};\r\n s={selector};\r\n".encode()
    written = b"DKIM-Signature: %b h=%b\r\n bh=" % (tags, b"\r\n  ".join(_rows(listed)))
    _, canonical = _relaxed(written + b"\r\n")
    return written, canonical.removesuffix(b"\r\n")


def _rows(words: Sequence[bytes]) -> Iterator[bytes]:
    row = b""
    for word in words:
        if len(row) + len(word) > WIDTH - 4:
            yield row
            row = b""
        row += word
    yield row


def _relaxed(head: bytes) -> tuple[bytes, bytes]:
    """Header lines in relaxed canonical form (section 3.4.2), and their names, parted by colons."""
    names, lines = [], []
    for line in head.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ").split(b"\r\n")[:-1]:
        name, _, value = line.partition(b":")
        name = name.lower()
        names.append(name)
        lines.append(b"%b:%b\r\n" % (name, b" ".join(value.split())))
    return b":".join(names), b"".join(lines)


@functools.lru_cache(maxsize=16)
def _begun(opening: bytes) -> "hashlib._Hash":
    """Holds nothing of a reader."""
    return hashlib.sha256(opening)
