"""deploy/proxy: nginx and Caddy run with our files before a stand-in for Dispatch, are asked everything that matters from a
client's own address, lose the server behind them, and that address is then looked for in all that they wrote."""

import datetime as dt
import http.client
import os
import re
import socket
import ssl
import time
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from deploying import parts, stand_in

HOST = "dispatch.example.org"
CLIENT = "127.0.0.9"
"""Another address of this machine, so that it cannot be mistaken for the proxy's own."""
TOKEN = "a-readers-own-token"


@dataclass(frozen=True)
class Door:
    """Where readers come in: `at` is a port, or a socket's path."""

    at: int | Path
    host: str = HOST
    is_tls: bool = True

    @classmethod
    def of_tor(cls, at):
        return cls(at, f"{'a' * 56}.onion", is_tls=False)


def check(work):
    for name, begin in (("nginx", _nginx), ("caddy", _caddy)):
        place = work / name
        place.mkdir(mode=0o755)
        _certify(place)
        behind, plain, tls, onion = parts.free_ports(4)
        try:
            command, about, from_tor = begin(place, behind, plain, tls, onion)
        except parts.Missing as missing:
            yield f"skipped: {missing}"
            continue
        log = place / "log/said.log"
        with parts.running(command, log, **about):
            parts.wait(lambda port=tls: parts.listens(port), f"{name} does not start", log)
            with stand_in.serving(behind):
                _leads_to_tls(name, Door(plain, is_tls=False))
                _passes_on(name, Door(tls), {"X-Forwarded-Proto": "https", "X-Forwarded-For": CLIENT})
                _passes_on(name, from_tor, {"X-Forwarded-Proto": "http", "X-Forwarded-For": "127.0.0.1"})
            for door in (Door(tls), from_tor):
                _ask(door, "GET", f"/leave/{TOKEN}", expect={502})
            with socket.create_connection(("127.0.0.1", tls), source_address=(CLIENT, 0)) as one:
                one.sendall(b"no TLS at all\r\n\r\n")
                one.recv(100)
        yield f"{name}: {_kept(name, place)}"


def _leads_to_tls(name, door):
    _, head = _ask(door, "GET", "/x", expect={301, 308})
    if not dict(head)["Location"].startswith(f"https://{HOST}"):
        raise parts.Failed(f"{name} leads to {dict(head)['Location']}")


def _passes_on(name, door, wanted):
    """What Dispatch is told is ours, and nothing that a client says of itself."""
    answer, head = _ask(door, "GET", f"/leave/{TOKEN}", expect={200})
    if other := {
        key: answer.get(key) for key, value in ({"Host": door.host} | wanted).items() if answer.get(key) != value
    }:
        raise parts.Failed(f"{name}, {door.host}: what is passed on has {other}")
    told = [value for key, value in head if key.lower() == "strict-transport-security"]
    if door.is_tls and told != ["max-age=31536000"]:
        raise parts.Failed(f"{name} answers with {head}")
    _ask(door, "POST", "/hooks/site", body=b"x" * 8_000_000, expect={200})
    _ask(door, "POST", "/hooks/site", announced=9_500_000, expect={413})
    _ask(door, "GET", "/operations/metrics", expect={404})
    waited = _first_event(door)
    if waited > stand_in.SILENCE / 2:
        raise parts.Failed(f"{name}, {door.host}: a live page's first event was held back for {waited:.1f} s")


def _kept(name, place):
    """What is left of it all: no address, no path."""
    written = "".join(path.read_text() for path in (place / "log").iterdir())
    for trace in (CLIENT, TOKEN, "/hooks/"):
        if trace in written:
            raise parts.Failed(f"{name} keeps {trace}: {written[-1500:]}")
    lines = len(written.splitlines())
    return f"requests, TLS, Tor, 413, live pages; of the client nothing is kept ({lines} lines of log)"


def _connect(door):
    if isinstance(door.at, Path):
        line = socket.socket(socket.AF_UNIX)
        line.settimeout(60)
        line.connect(str(door.at))
    else:
        line = socket.create_connection(("127.0.0.1", door.at), timeout=60, source_address=(CLIENT, 0))
    if door.is_tls:
        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        line = trusting.wrap_socket(line, server_hostname=door.host)
    connection = http.client.HTTPConnection(door.host)
    connection.sock = line
    return connection


def _ask(door, method, path, *, expect, body=None, announced=None):
    """What is answered; where a size is only announced, before a byte of it was sent."""
    connection = _connect(door)
    claimed = {"X-Forwarded-For": "192.0.2.1"}  # what a client says of itself must not be believed
    size = {"Content-Length": str(announced)} if announced else {}
    connection.request(method, path, body=body, headers=claimed | size)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    if answer.status not in expect:
        raise parts.Failed(f"{method} {path} is answered {answer.status} by {door.host}: {text[:300]}")
    return stand_in.told(text), answer.getheaders()


def _first_event(door):
    """Seconds from the stand-in's first event, which tells its moment, until it was here."""
    connection = _connect(door)
    connection.request("GET", "/operations/events")
    line = connection.getresponse().readline()
    seconds = time.time() - float(line.removeprefix(b"data: "))
    connection.close()
    return seconds


def _certify(place):
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)]), dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False).sign(key, hashes.SHA256())
    )  # fmt: skip
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (place / "key.pem").write_bytes(private)
    (place / "certificate.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (place / "log").mkdir()


def _with_onion(text, begins):
    """A file whose onion service, which stands there as a comment, is one."""
    found = re.search(rf"(?m)^ *# {begins}.*\n(?: *# ?.*\n)*? *# }}\n", text)
    if not found:
        raise parts.Failed(f"there is no onion service that begins with {begins}")
    block = re.sub(r"(?m)^( *)# ?", r"\1", found[0]).replace("<56 letters>.onion", Door.of_tor(0).host)
    return text.replace(found[0], block)


def _nginx(place, behind, plain, tls, _):
    """Our file, with this place's ports and folders."""
    binary = parts.program("nginx", "usr/sbin/nginx")
    text = _with_onion((parts.DEPLOY / "proxy/nginx.conf").read_text(), "server {")
    for old, new in {
        "127.0.0.1:8321": f"127.0.0.1:{behind}", "/run/nginx.pid": f"{place}/pid", "/var/log/nginx": f"{place}/log",
        f"/etc/letsencrypt/live/{HOST}/fullchain.pem": f"{place}/certificate.pem",
        f"/etc/letsencrypt/live/{HOST}/privkey.pem": f"{place}/key.pem", "user www-data;": "user nobody nogroup;",
        "unix:/run/dispatch-onion.sock;\n        server_name": f"unix:{place}/onion;\n        server_name",
    }.items():  # fmt: skip
        if old not in text:
            raise parts.Failed(f"nginx.conf has no {old}")
        text = text.replace(old, new)
    text = re.sub(r"listen \[::\].*\n", "", text)
    text = re.sub(r"listen 80\b", f"listen 127.0.0.1:{plain}", text)
    text = re.sub(r"listen 443\b", f"listen 127.0.0.1:{tls}", text)
    scratch = "".join(f"{kind}_temp_path {place}/{kind};\n" for kind in _SCRATCH)
    (place / "nginx.conf").write_text(text.replace("http {", f"http {{\n{scratch}", 1))
    place.parent.chmod(0o755)
    return (
        [binary, "-c", place / "nginx.conf", "-g", "daemon off;"],
        {"env": parts.libraries("nginx")},
        Door.of_tor(place / "onion"),
    )


_SCRATCH = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def _caddy(place, behind, plain, tls, onion):
    """Our file, with this place's ports and the certificate that it would otherwise get by itself."""
    binary = parts.program("caddy", "usr/bin/caddy")
    text = _with_onion((parts.DEPLOY / "proxy/Caddyfile").read_text(), "http://").replace(":8380 {", f":{onion} {{")
    text = text.replace("admin off", f"admin off\n\thttp_port {plain}\n\thttps_port {tls}\n\tdefault_bind 127.0.0.1", 1)
    text = text.replace("127.0.0.1:8321", f"127.0.0.1:{behind}")
    text = text.replace(f"\n{HOST} {{", f"\n{HOST} {{\n\ttls {place}/certificate.pem {place}/key.pem", 1)
    (place / "Caddyfile").write_text(text)
    home = {**os.environ, "HOME": str(place), "XDG_DATA_HOME": str(place), "XDG_CONFIG_HOME": str(place)}
    return [binary, "run", "--config", place / "Caddyfile", "--adapter", "caddyfile"], {"env": home}, Door.of_tor(onion)
