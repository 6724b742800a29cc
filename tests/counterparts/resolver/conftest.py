"""A real Unbound that verifies: one zone is signed and trusted, one is not, and of one name the proof was broken."""

import os
import subprocess
from pathlib import Path

import dns.dnssec
import dns.rdatatype
import dns.zone
import ports
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

UNPACKED = Path(__file__).parents[3] / ".cache" / "resolver"
TRUE, FALSE = "aa" * 32, "bb" * 32
SIGNED = f"""
@ 300 IN SOA ns.example.org. office.example.org. 1 3600 600 86400 60
@ 300 IN NS ns
ns 300 IN A 127.0.0.1
relay 300 IN A 192.0.2.1
_587._tcp.relay 40 IN TLSA 3 1 1 {TRUE}
alias 300 IN CNAME relay
outward 300 IN CNAME relay.example.net.
_587._tcp.outward 300 IN TLSA 3 1 1 {TRUE}
bare 300 IN A 192.0.2.1
spoiled 300 IN A 192.0.2.1
_587._tcp.spoiled 300 IN TLSA 3 1 1 {"cc" * 32}
lost 300 IN A 192.0.2.66
"""
UNSIGNED = f"""
@ 300 IN SOA ns.example.net. office.example.net. 1 3600 600 86400 60
@ 300 IN NS ns
ns 300 IN A 127.0.0.1
relay 300 IN A 192.0.2.1
_587._tcp.relay 300 IN TLSA 3 1 1 {FALSE}
"""
CONFIGURATION = """
server:
  interface: 127.0.0.1
  port: {port}
  do-ip6: no
  do-daemonize: no
  use-syslog: no
  username: ""
  chroot: ""
  pidfile: ""
  directory: "{folder}"
  module-config: "validator iterator"
  trust-anchor: "example.org. DNSKEY {key}"
remote-control:
  control-enable: no
auth-zone:
  name: "example.org"
  zonefile: "{folder}/signed"
  for-downstream: no
  fallback-enabled: no
auth-zone:
  name: "example.net"
  zonefile: "{folder}/unsigned"
  for-downstream: no
  fallback-enabled: no
"""


@pytest.fixture(scope="session")
def unbound(tmp_path_factory):
    """Where it listens."""
    if not (UNPACKED / "unpacked").exists():
        pytest.skip("Unbound is not here: run tests/counterparts/resolver/unpack (Debian)")
    folder, port = tmp_path_factory.mktemp("unbound"), ports.free()
    text, key = signed()
    (folder / "signed").write_text(text.replace("cc" * 32, FALSE).replace("192.0.2.66", "192.0.2.67"))
    (folder / "unsigned").write_text(f"$ORIGIN example.net.{UNSIGNED}")
    (folder / "unbound.conf").write_text(CONFIGURATION.format(port=port, folder=folder, key=key))
    libraries = {
        **os.environ,
        "LD_LIBRARY_PATH": os.pathsep.join(map(str, (UNPACKED / "usr/lib").glob("*-linux-gnu*"))),
    }
    command = [UNPACKED / "usr/sbin/unbound", "-c", folder / "unbound.conf"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=libraries)
        try:
            ports.wait_for(port, process, folder / "log")
            yield f"127.0.0.1:{port}"
        finally:
            process.kill()
            process.wait()


def signed():
    """The zone as its owner publishes it, and the key to trust."""
    private = ec.generate_private_key(ec.SECP256R1())
    key = dns.dnssec.make_dnskey(private.public_key(), dns.dnssec.Algorithm.ECDSAP256SHA256, flags=257)
    zone = dns.zone.from_text(SIGNED, "example.org.", relativize=False)
    with zone.writer() as writing:
        dns.dnssec.sign_zone(zone, writing, keys=[(private, key)], lifetime=86_400)
    return zone.to_text(relativize=False), key.to_text()
