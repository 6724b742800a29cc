"""Real mail servers, each as if it were installed, in namespaces of its own; what they take goes on to a relay of ours."""

import base64
import hashlib
import hmac
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import certificates
import pytest
from counterparts.relays import apart
from faulty_relay import Relay

from dispatch.delivery.mailers import dialling, shelf, smtp


@dataclass(frozen=True)
class Running:
    name: str
    port: int
    secure: int  # the port with TLS from the first byte
    onward: Relay  # what it took arrives here
    cafile: str

    def relay(self, security="none", **options):
        port = self.secure if security == "tls" else self.port
        return dialling.Relay("127.0.0.1", port, security=security, cafile=self.cafile, **options)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1, signed by itself, and its key, in one file."""
    return certificates.make(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="session", params=apart.COMMANDS)
def real(request, tmp_path_factory, certificate):
    """Each of the three."""
    if os.geteuid() or not (apart.UNPACKED / "unpacked").exists():
        pytest.skip(apart.ABSENT)
    if subprocess.run([*apart.APART, "true"], capture_output=True, check=False).returncode:
        pytest.skip("Postfix, Exim and OpenSMTPD cannot run apart: this machine grants no namespaces")
    onward = Relay(offers=("PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE 1000000"))
    etc, at = tmp_path_factory.mktemp(request.param), {"port": free_port(), "secure": free_port()}
    apart.lay_out(etc, request.param, certificate, {**at, "onward": onward.port})
    script = apart.INSIDE.format(root=apart.UNPACKED / request.param, etc=etc, command=apart.COMMANDS[request.param])
    with apart.running([*apart.APART, "sh", "-ec", script], *at.values(), log=etc / "log"):
        yield Running(request.param, **at, onward=onward, cafile=str(certificate))
    onward.close()


@pytest.fixture
def smtp_sink():
    """smtp_sink("-r", "RCPT") starts one of Postfix's with these options; its port, and where it writes what it heard."""
    program = shutil.which("smtp-sink", path=apart.UNPACKED / "postfix/usr/sbin") or shutil.which("smtp-sink")
    if os.geteuid() or not program:
        pytest.skip(apart.ABSENT)
    libraries = {**os.environ, "LD_LIBRARY_PATH": str(apart.UNPACKED / "postfix/usr/lib/postfix")}

    @contextmanager
    def start(*words):
        with tempfile.TemporaryDirectory() as folder:
            port, heard = free_port(), Path(folder, "heard")
            shutil.chown(folder, "nobody")
            command = [program, "-u", "nobody", *words, "-D", heard, f"127.0.0.1:{port}", "100"]
            with apart.running(command, port, log=Path(folder, "log"), env=libraries):
                yield port, heard

    return start


@pytest.fixture
def opened():
    """opened(relay) is a mailer that is closed in the end."""
    made = []

    def open_to(relay):
        made.append(smtp.Smtp(relay))
        return made[-1]

    yield open_to
    for one in made:
        one.close()
    shelf.clear()


@pytest.fixture(scope="session")
def access_token():
    """One that Dovecot believes: signed with the key that lies in etc/dovecot/keys. RFC 7519."""
    key = base64.b64decode((apart.ETC / "dovecot/keys/default/HS256/default").read_bytes())
    now = int(time.time())
    parts = ({"alg": "HS256", "typ": "JWT"}, {"sub": "office", "iat": now - 60, "exp": now + 3600})
    said = b".".join(encoded(json.dumps(part).encode()) for part in parts)
    return (said + b"." + encoded(hmac.digest(key, said, hashlib.sha256))).decode()


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]
