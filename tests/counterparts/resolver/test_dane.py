"""What a real resolver proves is believed, what it does not is not, and a proof that does not hold is no answer."""

import contextlib
import hashlib
import socket
import ssl
import subprocess
import threading

import pytest
from authorities import Certificate

from dispatch.delivery.domains import asking
from dispatch.delivery.mailers import dane, tlsa
from dispatch.delivery.mailers.base import Trouble

pytestmark = pytest.mark.counterpart
TRUE = bytes.fromhex("aa" * 32)
HOST = "relay.example.org"


@pytest.fixture(autouse=True)
def _asked(unbound, settings):
    settings.DNS = [unbound]
    yield
    dane._known.clear()


def test_records_that_are_proven_are_demanded():
    name, records = "_587._tcp.relay.example.org", (tlsa.Record(3, 1, 1, TRUE),)
    assert dane.look(HOST, 587) == dane.Demand(name, HOST, (HOST,), records)
    assert asking.proven(name, "TLSA").seconds <= 40


def test_an_alias_leads_to_them():
    demand = dane.look("alias.example.org", 587)
    assert (demand.host, demand.hosts) == (HOST, (HOST, "alias.example.org"))


def test_an_alias_that_leads_out_of_what_is_proven_has_its_own():
    demand = dane.look("outward.example.org", 587)
    assert (demand.host, demand.records[0].data) == ("outward.example.org", TRUE)


@pytest.mark.parametrize(
    ("host", "why"),
    [
        ("relay.example.net", "DNSSEC does not prove what it says of relay.example.net"),
        ("bare.example.org", "the DNS has no TLSA records at _587._tcp.bare.example.org"),
        ("nobody.example.org", "the DNS knows no address of nobody.example.org"),
    ],
)
def test_where_nothing_is_proven_nothing_is_demanded(host, why):
    assert dane.look(host, 587) == dane.Nothing(why)
    assert isinstance(dane.of(host, 587, "must"), Trouble)


@pytest.mark.parametrize("name", ["_587._tcp.spoiled.example.org", "lost.example.org"])
def test_a_proof_that_does_not_hold_is_no_answer(name):
    trouble = dane.of(name.removeprefix("_587._tcp."), 587, "yes")
    assert str(trouble).endswith(f"no answer for {name}")


ROOT = Certificate("The newsroom's authority", is_authority=True)
MIDDLE = Certificate("The one below it", ROOT, is_authority=True)
SHOWN = {
    "of a stranger": Certificate("stranger", hosts=[HOST]),
    "self-signed, for nobody, ended": Certificate("relay", days=-3),
    "issued": Certificate("relay", MIDDLE, hosts=[HOST]),
    "issued to another": Certificate("relay", MIDDLE, hosts=["other.example.org"]),
    "issued, ended": Certificate("relay", MIDDLE, hosts=[HOST], days=-3),
}
NAMED = {name: SHOWN[name] for name in SHOWN if name != "of a stranger"} | {"the root": ROOT, "the middle": MIDDLE}


@pytest.fixture(params=SHOWN)
def shown(request, tmp_path):
    """A server that shows one of them, and its port."""
    certificate = SHOWN[request.param]
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate.save(tmp_path))
    listening = socket.create_server(("127.0.0.1", 0))

    def serve():
        with contextlib.suppress(OSError):
            while True:
                line, _ = listening.accept()
                with line, contextlib.suppress(OSError), context.wrap_socket(line, server_side=True) as secured:
                    secured.recv(1)

    thread = threading.Thread(target=serve)
    thread.start()
    yield certificate, listening.getsockname()[1]
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join(60)


def test_openssl_finds_the_same_of_each_certificate_and_record(shown):
    """It knows DANE, and only Python does not pass that on."""
    certificate, port = shown
    for named in NAMED.values():
        for usage, selector, matching in [(3, 0, 1), (3, 1, 1), (3, 1, 2), (3, 0, 0), (2, 0, 1), (2, 1, 1), (2, 0, 0)]:
            chosen = named.spki if selector else named.der
            data = {0: chosen, 1: hashlib.sha256(chosen).digest(), 2: hashlib.sha512(chosen).digest()}[matching]
            ours = tlsa.is_met([tlsa.Record(usage, selector, matching, data)], certificate.shown, [HOST])
            assert ours == by_openssl(port, f"{usage} {selector} {matching} {data.hex()}"), (
                named,
                usage,
                selector,
                matching,
            )


def by_openssl(port, record):
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-brief"]
    command += ["-dane_tlsa_domain", HOST, "-dane_tlsa_rrdata", record, "-dane_ee_no_namechecks"]
    said = subprocess.run(command, input=b"\n", capture_output=True, check=False, timeout=120).stderr.decode()
    assert "Verification" in said, said
    return "Verification: OK" in said
