"""A relay whose certificate is not the one that the DNS names gets nobody's letter, and nobody is given up for it."""

import hashlib
import json
import socket
import ssl

import faulty_relay
import pytest
from authorities import Certificate

from dispatch import cli
from dispatch.delivery import ledger, progress, relays, self_testing, sending, statements
from dispatch.delivery.mailers import shelf
from dispatch.delivery.models import Chunk, DeliveryException, Relay

pytestmark = pytest.mark.django_db
READERS = ("alice", "bob", "charlie")


@pytest.fixture(scope="module")
def root():
    return Certificate("An authority", is_authority=True)


@pytest.fixture(scope="module")
def own(root):
    return Certificate("relay", root, hosts=["relay.example.org", "localhost"])


@pytest.fixture
def server(own, tmp_path):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(own.save(tmp_path))
    made = faulty_relay.Relay(tls=context)
    yield made
    shelf.clear()
    made.close()


def publish(names, server, certificate, host="localhost"):
    there = f"_{server.port}._tcp.{host}"
    digest = hashlib.sha256(certificate.spki).hexdigest()
    names.zone |= {host: {"A": ["127.0.0.1"]}, there: {"TLSA": [f"3 1 1 {digest}"]}}
    names.proven |= {host, there}
    return there


def held(server, wish="yes"):
    return relays.save("main", f"smtps://localhost:{server.port}?dane={wish}&connections=1")


def go(send):
    Chunk.objects.filter(state="pending").update(not_before=None)
    for number in Chunk.objects.filter(send=send).exclude(state="done").values_list("number", flat=True):
        sending.send_chunk(send.pk, number)


def test_nobody_is_given_up_and_everybody_gets_one_once_it_is_mended(names, server, own, edition, subscribe):
    for name in READERS:
        subscribe(name)
    held(server)
    publish(names, server, Certificate("the true one"))
    send = ledger.enlist(edition.pk)
    for _ in range(relays.OPENS_AFTER):
        go(send)
    relay = Relay.objects.get()
    assert relay.breaker == Relay.Breaker.OPEN
    assert "not one of those that the DNS names at" in relay.trouble
    assert (server.taken, DeliveryException.objects.count()) == ([], 0)
    publish(names, server, own)
    Relay.objects.update(probe_at=statements.now())
    for _ in range(3):
        go(send)
    assert sorted(taken.recipients[0] for taken in server.taken) == [f"{name}@example.org" for name in READERS]
    assert progress.of_send(send.pk).sent == 3


def test_a_proof_that_does_not_hold_makes_them_wait(names, server, own, edition, subscribe):
    subscribe("alice")
    held(server)
    names.broken.add(publish(names, server, own))
    send = ledger.enlist(edition.pk)
    go(send)
    assert (server.connections, DeliveryException.objects.count()) == (0, 0)
    assert "does not say what the relay's certificate must be (DANE)" in Relay.objects.get().trouble
    names.broken.clear()
    go(send)
    assert len(server.taken) == 1


def words(steps):
    return {step.name: (step.state, step.words) for step in steps}


def test_its_test_says_that_the_dns_named_it(names, server, own):
    there = publish(names, server, own)
    steps = words(self_testing.run(held(server, "must")))
    assert list(steps)[:3] == ["DANE", "Connects", "Encrypts"]
    assert steps["DANE"] == ("good", f"At {there} the DNS says which certificate is the relay's, and DNSSEC proves it.")
    assert steps["Encrypts"] == ("good", "TLSv1.3; the certificate is one that the DNS names.")


def test_its_test_says_what_lacks(names, server, own, capsys):
    relay = held(server, "must")
    there = publish(names, server, own)
    del names.zone[there]
    (step,) = self_testing.run(relay)
    assert (step.name, step.state) == ("DANE", "bad")
    assert step.words == f"The relay is used only with DANE (dane=must), and the DNS has no TLSA records at {there}."
    assert cli.main(["relay", "test", "main", "--json"]) == 1
    assert json.loads(capsys.readouterr().out.partition('\n{"error')[0])["steps"][0]["words"] == step.words


def test_its_test_says_that_it_is_another_one(names, server):
    there = publish(names, server, Certificate("the true one"))
    steps = words(self_testing.run(held(server)))
    assert [state for state, _ in steps.values()] == ["good", "good", "bad"]
    assert steps["Encrypts"][1] == f"The relay's certificate is not one of those that the DNS names at {there} (DANE)."


def test_its_test_says_that_it_is_not_held_to_anything(names, server, root, tmp_path, monkeypatch):
    """It is used all the same; who asked for DANE learns that there is none."""
    monkeypatch.setenv("SSL_CERT_FILE", str(root.save(tmp_path)))
    names.zone["localhost"] = {"A": ["127.0.0.1"]}
    steps = words(self_testing.run(held(server)))
    assert steps["DANE"] == ("", "Not held to it: DNSSEC does not prove what it says of localhost.")
    assert "the certificate is verified" in steps["Encrypts"][1]


@pytest.fixture
def reached(names, server, root, tmp_path, monkeypatch):
    """relay.example.org is this machine, and an authority that the machine trusts vouches for it."""
    find = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _, *more, **options: find("127.0.0.1", *more, **options))
    monkeypatch.setenv("SSL_CERT_FILE", str(root.save(tmp_path)))
    names.zone["relay.example.org"] = {"A": ["127.0.0.1"]}
    names.proven.add("relay.example.org")
    return relays.save("main", f"smtps://relay.example.org:{server.port}")


@pytest.mark.parametrize(
    ("is_ours", "advice"),
    [
        (True, " The DNS names it, too: with dane=yes in its address no other is believed."),
        (False, " But at {} the DNS names another one (DANE): ask whoever runs the relay."),
    ],
)
def test_one_that_is_not_held_to_it_is_told_that_it_could_be(names, server, own, reached, *, is_ours, advice):
    there = publish(names, server, own if is_ours else Certificate("another"), "relay.example.org")
    assert words(self_testing.run(reached))["Encrypts"][1].partition(" GMT.")[2] == advice.format(there)


def test_where_the_dns_names_none_there_is_nothing_to_advise(reached):
    state, said = words(self_testing.run(reached))["Encrypts"]
    assert state == "good"
    assert said.endswith("GMT.")
