"""TLS in front of a receiver that has none: what arrives is opened and handed on. `tls.py PORT CERTIFICATE`.

It counts as the receiver's: a real relay opens TLS itself, and faster.
"""

import datetime as dt
import ipaddress
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

AT_ONCE = 256 * 1024


@contextmanager
def in_front_of(port: int, folder: Path) -> Iterator[tuple[int, Path]]:
    """The port that speaks TLS, and the certificate to trust."""
    certificate = folder / "relay.pem"
    certificate.write_bytes(self_signed())
    process = subprocess.Popen([sys.executable, __file__, str(port), str(certificate)], stdout=subprocess.PIPE)
    try:
        assert process.stdout
        yield int(process.stdout.readline()), certificate
    finally:
        process.terminate()
        process.wait(10)


def self_signed() -> bytes:
    """A key and a certificate for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + made.public_bytes(serialization.Encoding.PEM)


def main() -> int:
    port, certificate = int(sys.argv[1]), sys.argv[2]
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        print(listening.getsockname()[1], flush=True)
        while True:
            sock, _ = listening.accept()
            threading.Thread(target=serve, args=(context, sock, port), daemon=True).start()


def serve(context: ssl.SSLContext, sock: socket.socket, port: int) -> None:
    with (
        suppress(OSError),
        context.wrap_socket(sock, server_side=True) as near,
        socket.create_connection(("127.0.0.1", port)) as far,
    ):
        threading.Thread(target=hand_on, args=(far, near), daemon=True).start()
        hand_on(near, far)


def hand_on(one: socket.socket, other: socket.socket) -> None:
    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with suppress(OSError):
        while data := one.recv(AT_ONCE):
            other.sendall(data)
        other.shutdown(socket.SHUT_WR)


if __name__ == "__main__":
    sys.exit(main())
