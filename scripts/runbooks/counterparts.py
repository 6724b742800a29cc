"""The world around the instance: two mail servers, the stand-ins of two networks, and a proxy that shows a certificate."""

import asyncio
import contextlib
import email
import json
import socket
import ssl
import threading
import urllib.request
from collections import Counter
from datetime import UTC, datetime, timedelta
from email import policy

from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from dispatch.local.networks import server, speakers


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class MailServer:
    """Counts what it took, by recipient and subject. Puts off as many as it is told to, and may be closed for a while."""

    def __init__(self):
        self.port, self.took, self.puts_off = free_port(), Counter(), 0
        self.controller = None
        self.open()

    @property
    def url(self):
        return f"smtp://127.0.0.1:{self.port}"

    def open(self):
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self.controller.start()

    def close(self):
        self.controller.stop()

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802, its name in aiosmtpd
        await asyncio.sleep(0)
        if self.puts_off > 0:
            self.puts_off -= 1
            return "451 4.7.1 too many letters, come again later"
        envelope.rcpt_tos.append(address)
        return "250 taken"

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802, its name in aiosmtpd
        letter = email.message_from_bytes(envelope.content, policy=policy.default)
        self.took[envelope.rcpt_tos[0], letter["subject"]] += 1
        return "250 taken"


class Networks:
    """The stand-ins, and what was posted there."""

    def __init__(self, folder):
        self.port = free_port()
        self.server = server.Server(self.port, folder / "networks.sqlite", speakers.SPEAKERS)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

    def at(self, network):
        return f"http://127.0.0.1:{self.port}/{network}"

    def fault(self, network, fault):
        """For its next post."""
        body = json.dumps({"network": network, "fault": fault}).encode()
        asked = urllib.request.Request(self.at("control"), body, {"Content-Type": "application/json"})
        urllib.request.urlopen(asked, timeout=10).close()

    def posted(self, network):
        """Texts, each as often as it is there."""
        return Counter(post.text for post in self.server.store.posts(network, limit=1000))

    def close(self):
        self.server.shutdown()


class Proxy:
    """Shows a certificate of as many days as it is told to whoever connects."""

    def __init__(self, folder):
        self.folder = folder
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.renew(days=5)
        threading.Thread(target=self._serve, daemon=True).start()

    def renew(self, days):
        file = self.folder / "certificate.pem"
        file.write_bytes(_certificate(days))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        self.context = context

    def _serve(self):
        while True:
            try:
                plain, _ = self.listening.accept()
            except OSError:
                return
            with contextlib.suppress(OSError), plain:
                plain.settimeout(10)
                with self.context.wrap_socket(plain, server_side=True) as shaken:
                    while shaken.recv(1024):  # hanging up while something is unread would look like a fault there
                        pass

    def close(self):
        self.listening.close()


def _certificate(days):
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name.from_rfc4514_string("CN=localhost")
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=days))
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    signed = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    return key.private_bytes(serialization.Encoding.PEM, *plain) + signed
