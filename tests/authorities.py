"""Certificates of every kind: who issued them, to whom, until when, with which key."""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

DER, PEM = serialization.Encoding.DER, serialization.Encoding.PEM
KEYS = {
    "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "RSA": lambda: rsa.generate_private_key(65537, 2048),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
}


class Certificate:
    """Issued by another one, or by itself; an authority where it is to issue some."""

    def __init__(self, name, issuer=None, *, hosts=(), kind="P-256", days=9, is_authority=False):
        self.key, self.name = KEYS[kind](), x509.Name.from_rfc4514_string(f"CN={name}")
        issuer, now = issuer or self, datetime.now(UTC)
        made = x509.CertificateBuilder(issuer.name, self.name, self.key.public_key(), x509.random_serial_number())
        made = made.not_valid_before(now - timedelta(days=30)).not_valid_after(now + timedelta(days=days))
        if hosts:
            made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in hosts]), critical=False)
        made = made.add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        digest = None if isinstance(issuer.key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
        self.made = made.sign(issuer.key, digest)
        self.chain = [self, *(issuer.chain if issuer is not self else [])]

    @property
    def der(self):
        return self.made.public_bytes(DER)

    @property
    def spki(self):
        return self.key.public_key().public_bytes(DER, serialization.PublicFormat.SubjectPublicKeyInfo)

    @property
    def shown(self):
        """What a server with it shows."""
        return [one.der for one in self.chain]

    def save(self, folder):
        """Its key and all that it shows, in one file (PEM)."""
        file = folder / f"{self.made.serial_number:x}.pem"
        key = self.key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        file.write_bytes(key + b"".join(one.made.public_bytes(PEM) for one in self.chain))
        return file
