"""Mail signed as receivers sign theirs, with keys that are made here; nobody else's are used."""

import functools

import dkim
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from dispatch.delivery import signing

HEADERS = [b"from", b"to", b"subject", b"message-id", b"content-type"]


@functools.cache
def key(number=0):
    """A private RSA key, another for each number, and the record of its public half in one piece."""
    made = rsa.generate_private_key(65537, 2048)
    form = serialization.PrivateFormat.TraditionalOpenSSL
    text = made.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    return text, signing.record(made).replace('" "', "").strip('"')


def sign(mail, domain="mailbox.example", *, number=0, length=False):
    """The mail with a signature on top, by selector "r"; `length`: over its body's length of now only."""
    private, _ = key(number)
    head = dkim.sign(mail, b"r", domain.encode(), private, include_headers=HEADERS, length=length)
    return head + mail


def publish(names, domain="mailbox.example", *, number=0, service=""):
    """Its key in the DNS; `service`: what the key says that it is for."""
    record = key(number)[1]
    names.zone[f"r._domainkey.{domain}"] = [record.replace("; k=", f"; s={service}; k=") if service else record]
