"""Whether a server's certificate is one that TLSA records name: RFC 6698 section 2.1, as RFC 7671 and RFC 7672 narrow it."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.x509 import verification
from cryptography.x509.verification import Criticality, ExtensionPolicy

AUTHORITY, SERVER = 2, 3
"""Usages (DANE-TA, DANE-EE). The others want a public authority too, which means nothing for mail: RFC 7672 section 3.1.3."""
WHOLE, KEY = 0, 1
"""Selectors: the certificate, its public key."""
DIGESTS = {1: hashlib.sha256, 2: hashlib.sha512}
"""By matching type; 0 is the thing itself."""


@dataclass(frozen=True)
class Record:
    """One TLSA record, field by field."""

    usage: int
    selector: int
    matching: int
    data: bytes

    @property
    def is_usable(self) -> bool:
        """Whether it says something to a client for mail."""
        return self.usage in {AUTHORITY, SERVER} and self.selector in {WHOLE, KEY} and self.matching in {0, *DIGESTS}

    def names(self, certificate: bytes) -> bool:
        """Whether it means this one (DER). One that cannot be read is never meant by its key."""
        chosen = certificate if self.selector == WHOLE else _key(certificate)
        if chosen is None:
            return False
        return self.data == (DIGESTS[self.matching](chosen).digest() if self.matching else chosen)


def is_met(records: Sequence[Record], chain: Sequence[bytes], hosts: Sequence[str]) -> bool:
    """Whether any usable record is met by what the server showed: its own certificate first, then those of its authorities.

    Of usage 3 its certificate is enough, whoever it is made out to and whenever it ends (RFC 7671 section 5.1). Of usage 2 an
    authority that is named must have issued it, to one of `hosts`, and it must be valid today (section 5.2).
    """
    usable = [record for record in records if record.is_usable]
    if not chain:
        return False
    if any(record.usage == SERVER and record.names(chain[0]) for record in usable):
        return True
    named = [record for record in usable if record.usage == AUTHORITY]
    anchors = list(_anchors(named, chain[1:]))
    return bool(anchors) and _have_issued(anchors, chain, hosts)


def _key(certificate: bytes) -> bytes | None:
    """SubjectPublicKeyInfo (DER)."""
    try:
        key = x509.load_der_x509_certificate(certificate).public_key()
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _anchors(records: Sequence[Record], shown: Sequence[bytes]) -> Iterator[x509.Certificate]:
    """Only a record that holds a whole certificate may have its authority not shown by the server."""
    held = [record.data for record in records if record.selector == WHOLE and not record.matching]
    met = [one for one in shown if any(record.names(one) for record in records)]
    return _read([*held, *met])


def _have_issued(anchors: Sequence[x509.Certificate], chain: Sequence[bytes], hosts: Sequence[str]) -> bool:
    own = next(_read(chain[:1]), None)
    if own is None or own in anchors:
        return False
    builder = verification.PolicyBuilder().store(verification.Store(list(anchors)))
    builder = builder.extension_policies(ca_policy=_of_an_authority(), ee_policy=_of_a_server())
    for host in hosts:
        try:
            builder.build_server_verifier(x509.DNSName(host)).verify(own, list(_read(chain[1:])))
        except (ValueError, verification.VerificationError):
            continue
        return True
    return False


def _read(certificates: Sequence[bytes]) -> Iterator[x509.Certificate]:
    """Those that can be read."""
    for one in certificates:
        try:
            yield x509.load_der_x509_certificate(one)
        except ValueError:
            continue


def _of_an_authority() -> ExtensionPolicy:
    """A newsroom's own need not look as browsers want theirs: OpenSSL's plain `req -x509` says nothing of the key's use."""
    usual = ExtensionPolicy.webpki_defaults_ca()
    usual = usual.may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, _may_issue)
    return usual.may_be_present(x509.AuthorityKeyIdentifier, Criticality.AGNOSTIC, None)


def _of_a_server() -> ExtensionPolicy:
    usual = ExtensionPolicy.webpki_defaults_ee()
    return usual.may_be_present(x509.AuthorityKeyIdentifier, Criticality.AGNOSTIC, None)


def _may_issue(_: verification.Policy, __: x509.Certificate, use: x509.KeyUsage | None) -> None:
    if use is not None and not use.key_cert_sign:
        raise ValueError("its key is not for certificates")
