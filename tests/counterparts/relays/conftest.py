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
import ports
import pytest
from faulty_relay import Relay

from dispatch.delivery.mailers import dialling, shelf, smtp

UNPACKED = Path(__file__).parents[3] / ".cache" / "relays"
ABSENT = "Postfix, Exim and OpenSMTPD are not here: run tests/counterparts/relays/unpack (Debian, root)"
ETC = Path(__file__).parent / "etc"
USERS = ("postfix", "postdrop", "Debian-exim", "opensmtpd", "opensmtpq", "dovecot", "dovenull")
FIRST_USER = 9901
COMMANDS = {
    "postfix": "/usr/sbin/dovecot; /usr/sbin/postfix start-fg",
    "exim4-daemon-light": "/usr/sbin/exim4 -bdf -q1m -oP /var/spool/exim4/pid",
    "opensmtpd": "/usr/sbin/smtpd -d",
}
APART = ("unshare", "--mount", "--pid", "--fork", "--kill-child")
"""In namespaces of its own; that of processes ends with its first one, and whatever has forked off goes with it."""
INSIDE = """
mount -t proc proc /proc
mount -t overlay usr -o lowerdir={root}/usr:/usr /usr
mount -t overlay etc -o lowerdir={etc}:{root}/etc:/etc /etc
for place in /var/spool /var/lib /run; do mount -t tmpfs none $place; done
mkdir -p /var/spool/exim4 /var/spool/postfix /var/lib/postfix /var/lib/opensmtpd/empty /var/lib/dovecot
chown Debian-exim /var/spool/exim4
chown postfix /var/lib/postfix
{command}
"""


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


@pytest.fixture(scope="session", params=COMMANDS)
def real(request, tmp_path_factory, certificate):
    """Each of the three."""
    if os.geteuid() or not (UNPACKED / "unpacked").exists():
        pytest.skip(ABSENT)
    if subprocess.run([*APART, "true"], capture_output=True, check=False).returncode:
        pytest.skip("Postfix, Exim and OpenSMTPD cannot run apart: this machine grants no namespaces")
    onward = Relay(offers=("PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE 1000000"))
    etc, at = tmp_path_factory.mktemp(request.param), {"port": free_port(), "secure": free_port()}
    lay_out(etc, request.param, certificate, {**at, "onward": onward.port})
    script = INSIDE.format(root=UNPACKED / request.param, etc=etc, command=COMMANDS[request.param])
    with running([*APART, "sh", "-ec", script], *at.values(), log=etc / "log"):
        yield Running(request.param, **at, onward=onward, cafile=str(certificate))
    onward.close()


@pytest.fixture
def smtp_sink():
    """smtp_sink("-r", "RCPT") starts one of Postfix's with these options; its port, and where it writes what it heard."""
    program = shutil.which("smtp-sink", path=UNPACKED / "postfix/usr/sbin") or shutil.which("smtp-sink")
    if os.geteuid() or not program:
        pytest.skip(ABSENT)
    libraries = {**os.environ, "LD_LIBRARY_PATH": str(UNPACKED / "postfix/usr/lib/postfix")}

    @contextmanager
    def start(*words):
        with tempfile.TemporaryDirectory() as folder:
            port, heard = free_port(), Path(folder, "heard")
            shutil.chown(folder, "nobody")
            command = [program, "-u", "nobody", *words, "-D", heard, f"127.0.0.1:{port}", "100"]
            with running(command, port, log=Path(folder, "log"), env=libraries):
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
    key = base64.b64decode((ETC / "dovecot/keys/default/HS256/default").read_bytes())
    now = int(time.time())
    parts = ({"alg": "HS256", "typ": "JWT"}, {"sub": "office", "iat": now - 60, "exp": now + 3600})
    said = b".".join(encoded(json.dumps(part).encode()) for part in parts)
    return (said + b"." + encoded(hmac.digest(key, said, hashlib.sha256))).decode()


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def lay_out(etc, name, certificate, values):
    """The server's /etc, to be laid over the machine's."""
    program = UNPACKED / "opensmtpd/usr/libexec/opensmtpd/encrypt"
    secret = subprocess.run([program, "open sesame"], capture_output=True, text=True, check=True).stdout.strip()
    shutil.copytree(ETC, etc, dirs_exist_ok=True)
    for file in (one for one in etc.rglob("*") if one.is_file()):
        text = file.read_text()
        for key, value in {**values, "secret": secret}.items():
            text = text.replace(f"@{key}@", str(value))
        file.write_text(text)
    for number, user in enumerate(USERS, start=FIRST_USER):
        append(etc / "passwd", f"{user}:x:{number}:{number}::/nonexistent:/bin/false\n")
        append(etc / "group", f"{user}:x:{number}:\n")
    shutil.copy(certificate, etc / "relay.pem")
    (etc / "relay.pem").chmod(0o600)
    if name.startswith("exim"):  # it opens its key as its own user
        os.chown(etc / "relay.pem", FIRST_USER + USERS.index("Debian-exim"), 0)
    etc.chmod(0o755)


def append(file, line):
    """To the machine's own file, but for a user of the same name."""
    name, _, _ = line.partition(":")
    text = file.read_text() if file.exists() else Path("/etc", file.name).read_text()
    file.write_text("".join(old for old in text.splitlines(True) if not old.startswith(f"{name}:")) + line)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


@contextmanager
def running(command, *listening, log, env=None):
    """From when it listens."""
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, cwd="/", env=env, start_new_session=True)
        try:
            for port in listening:
                ports.wait_for(port, process, log)
            yield
        finally:
            process.kill()
            process.wait()
