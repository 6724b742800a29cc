"""Sending domains' DKIM keys: made in pairs (RSA for everyone, Ed25519 for who knows it), sealed in the database.

A pair signs nothing until it is turned on: first its public halves stand in the DNS.
"""

import functools
import re

import idna
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from django.db import transaction
from django.utils import timezone

from dispatch import vault
from dispatch.delivery import signing
from dispatch.delivery.reputation import DkimKey
from dispatch.delivery.signing import Key, Private

BITS = 2048
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?")


class Unusable(ValueError):
    """No key can be had or named like that; the text says why."""


def make(domain: str, selector: str) -> list[DkimKey]:
    """A new pair for a sending domain, off. Raises Unusable."""
    if not LABEL.fullmatch(selector):
        raise Unusable("a selector is made of small letters, digits and hyphens")
    where = a_labels(domain)
    if DkimKey.objects.filter(domain=where, pair=selector).exists():
        raise Unusable(f"{where} has a pair {selector} already; choose another selector")
    fresh: dict[str, Private] = {
        DkimKey.Kind.RSA: rsa.generate_private_key(65537, BITS),
        DkimKey.Kind.ED25519: ed25519.Ed25519PrivateKey.generate(),
    }
    with transaction.atomic():
        return [_keep(where, selector, kind, private) for kind, private in fresh.items()]


def turn(domain: str, selector: str | None) -> None:
    """This pair signs the domain's letters from now on, and no other, which retires the one that did; None: none signs for
    now. Raises Unusable.
    """
    keys = DkimKey.objects.filter(domain=a_labels(domain))
    with transaction.atomic():
        ends = None if selector is None else timezone.now()
        keys.filter(active=True).exclude(pair=selector or "").update(active=False, retired_at=ends)
        keys.update(wanted_at=None, seen_at=None)
        whole = keys.filter(pair=selector, private__isnull=False)
        if selector is not None and not whole.update(active=True, retired_at=None):
            raise Unusable(f"{domain} has no pair {selector}")


def forget(domain: str, selector: str) -> None:
    """A pair that signs nothing any more goes. Raises Unusable."""
    keys = DkimKey.objects.filter(domain=a_labels(domain), pair=selector)
    if keys.filter(active=True).exists():
        raise Unusable("this pair signs letters; turn on another one first, or turn them off")
    if not keys.delete()[0]:
        raise Unusable(f"{domain} has no pair {selector}")


def all_of(domain: str) -> list[DkimKey]:
    """On or off, the oldest first; not those that are destroyed. Raises Unusable: there are none."""
    keys = list(DkimKey.objects.filter(domain=a_labels(domain), private__isnull=False).order_by("pk"))
    if not keys:
        raise Unusable(f"{domain} has no keys; dispatch dkim make {domain} makes some")
    return keys


def of(sender: str) -> tuple[Key, ...]:
    """What signs letters from this address; empty where the relay signs."""
    try:
        domain = a_labels(sender.rpartition("@")[2])
    except Unusable:  # a literal, or a local name with an underscore: mail can come from it, a key cannot stand there
        return ()
    keys = DkimKey.objects.filter(domain=domain, active=True).order_by("pk")
    return tuple(_opened(key.host, bytes(key.private or b"")) for key in keys)


def record(key: DkimKey) -> str:
    """Its TXT record, to be published at `key.host`."""
    return signing.record(_private(key.host, bytes(key.private or b"")))


def _keep(domain: str, pair: str, kind: str, private: Private) -> DkimKey:
    host = f"{pair}-{kind}._domainkey.{domain}"
    text = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    sealed = vault.seal(text, f"dkim:{host}:private")
    return DkimKey.objects.create(host=host, domain=domain, pair=pair, kind=kind, private=sealed)


def _private(host: str, sealed: bytes) -> Private:
    private = serialization.load_pem_private_key(vault.unseal(sealed, f"dkim:{host}:private").encode(), None)
    assert isinstance(private, Private)
    return private


@functools.lru_cache(maxsize=32)
def _opened(host: str, sealed: bytes) -> Key:
    """Kept by a worker: to open an RSA key takes longer than to sign with it."""
    return signing.key(host, _private(host, sealed))


def a_labels(domain: str) -> str:
    """As the DNS has it (RFC 5890). Raises Unusable."""
    try:
        return idna.encode(domain.strip().rstrip("."), uts46=True).decode()
    except idna.IDNAError as problem:
        raise Unusable("that is not a domain") from problem
