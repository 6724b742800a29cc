"""A relay is held to what the DNS demands of its certificate, before anything is said to it; what is not known holds mail."""

import hashlib
import ssl
import types

import pytest
from authorities import Certificate
from faulty_relay import letters

from dispatch.delivery.domains import asking
from dispatch.delivery.mailers import dane, shelf, smtp
from dispatch.delivery.mailers.base import Trouble
from dispatch.delivery.mailers.dialling import Relay
from dispatch.outcomes import Sent


@pytest.fixture(scope="module")
def root():
    return Certificate("The newsroom's authority", is_authority=True)


@pytest.fixture(scope="module")
def own():
    """Vouches for itself, is made out to nobody whom we know, and has ended."""
    return Certificate("relay", hosts=["nowhere.example.org"], days=-3)


@pytest.fixture
def serving(relay, tmp_path):
    """serving(certificate) is a relay that shows it, and what it is shown with, from the first byte."""

    def start(certificate):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate.save(tmp_path))
        context.sni_callback = lambda _, asked, __: server.heard.append(f"for {asked}")
        server = relay(tls=context)
        return server

    return start


@pytest.fixture
def trusted(root, tmp_path, monkeypatch):
    """The machine trusts the authority that issued this certificate."""
    monkeypatch.setenv("SSL_CERT_FILE", str(root.save(tmp_path)))
    return Certificate("relay", root, hosts=["localhost"])


@pytest.fixture
def post():
    opened = []

    def open_to(server, wish="yes", **options):
        opened.append(smtp.Smtp(Relay("localhost", server.port, security="tls", dane=wish, connections=1, **options)))
        return opened[-1]

    yield open_to
    for one in opened:
        one.close()
    shelf.clear()


def publish(names, server, *records, host="localhost"):
    """An address and TLSA records, all of them proven."""
    there = f"_{server.port}._tcp.{host}"
    names.zone |= {host: {"A": ["127.0.0.1"]}, there: {"TLSA": list(records)}}
    names.proven |= {host, there}
    return there


def record(certificate, usage=3):
    return f"{usage} 1 1 {hashlib.sha256(certificate.spki).hexdigest()}"


def said(server):
    """What a relay was told in so many words, and not only asked for in the handshake."""
    return [one for one in server.heard if not one.startswith("for ")]


def test_a_certificate_that_the_dns_names_needs_nobody_else_to_vouch_for_it(names, serving, post, own):
    server = serving(own)
    publish(names, server, record(own))
    assert list(post(server, "must").send(letters(3))) == [Sent()] * 3
    assert len(server.taken) == 3
    assert "for localhost" in server.heard


def test_another_certificate_is_refused_before_a_word_is_said(names, serving, post, own, root):
    server = serving(own)
    there = publish(names, server, record(root))
    (trouble,) = post(server).send(letters(3))
    assert str(trouble) == f"the relay's certificate is not one of those that the DNS names at {there} (DANE)"
    assert (said(server), server.taken) == ([], [])


def test_a_certificate_that_is_good_by_all_authorities_is_no_better(names, serving, post, trusted):
    """That is what DANE is for: an authority that everybody trusts and somebody has turned."""
    server = serving(trusted)
    assert list(post(server, "no").send(letters(1))) == [Sent()]
    shelf.clear()
    publish(names, server, record(Certificate("the true one")))
    (trouble,) = post(server).send(letters(1))
    assert "(DANE)" in str(trouble)
    assert len(server.taken) == 1


def test_an_authority_of_the_newsrooms_own_is_named(names, serving, post, root):
    server = serving(Certificate("relay", root, hosts=["localhost"]))
    publish(names, server, record(root, 2))
    assert list(post(server, "must").send(letters(1))) == [Sent()]


def test_its_certificate_for_another_host_is_refused(names, serving, post, root):
    server = serving(Certificate("relay", root, hosts=["elsewhere.example.org"]))
    publish(names, server, record(root, 2))
    (trouble,) = post(server).send(letters(1))
    assert "(DANE)" in str(trouble)
    assert said(server) == []


def unproven(names, server, own, there):
    names.proven.clear()
    return "DNSSEC does not prove what it says of localhost"


def unproven_record(names, server, own, there):
    names.proven.remove(there)
    return f"DNSSEC does not prove what it says of {there}"


def none(names, server, own, there):
    del names.zone[there]
    return f"the DNS has no TLSA records at {there}"


def unusable(names, server, own, there):
    names.zone[there]["TLSA"] = [record(own, 1), record(own, 0)]
    return f"none of the TLSA records at {there} is of usage 3 or 2"


def unknown(names, server, own, there):
    del names.zone["localhost"]
    return "the DNS knows no address of localhost"


LACKING = pytest.mark.parametrize("lacks", [unproven, unproven_record, none, unusable, unknown])


@LACKING
def test_where_nothing_is_demanded_the_certificate_is_verified_as_before(names, serving, post, trusted, lacks):
    server = serving(trusted)
    lacks(names, server, trusted, publish(names, server, record(Certificate("another"))))
    assert list(post(server).send(letters(1))) == [Sent()]


@LACKING
def test_and_one_that_nobody_vouches_for_is_not_trusted(names, serving, post, own, lacks):
    server = serving(own)
    lacks(names, server, own, publish(names, server, record(own)))
    (trouble,) = post(server).send(letters(1))
    assert "not to be trusted" in str(trouble)
    assert said(server) == []


@LACKING
def test_a_relay_that_must_have_dane_is_not_used_without(names, serving, post, own, lacks):
    server = serving(own)
    words = lacks(names, server, own, publish(names, server, record(own)))
    (trouble,) = post(server, "must").send(letters(1))
    assert str(trouble) == f"the relay is used only with DANE (dane=must), and {words}"
    assert server.connections == 0


@pytest.mark.parametrize(("wish", "which"), [("yes", 0), ("yes", 1), ("must", 0), ("must", 1)])
def test_a_broken_proof_holds_mail_and_is_never_taken_for_none(names, serving, post, own, *, wish, which):
    server = serving(own)
    name = ("localhost", publish(names, server, record(own)))[which]
    names.broken.add(name)
    (trouble,) = post(server, wish).send(letters(1))
    assert isinstance(trouble, Trouble)
    assert str(trouble) == f"the DNS does not say what the relay's certificate must be (DANE): no answer for {name}"
    assert server.connections == 0
    names.broken.clear()
    assert list(post(server, wish).send(letters(1))) == [Sent()]


def test_so_does_silence(names, serving, post, own, monkeypatch):
    monkeypatch.setattr(asking, "SECONDS", 0.2)
    server = serving(own)
    names.silent.add(publish(names, server, record(own)))
    (trouble,) = post(server).send(letters(1))
    assert "no answer" in str(trouble)


def test_without_the_wish_nobody_asks(names, serving, post, own):
    server = serving(own)
    publish(names, server, record(own))
    list(post(server, "no").send(letters(1)))
    assert names.asked == []


def test_an_answer_is_remembered_as_long_as_it_holds(names, serving, post, own, monkeypatch):
    server = serving(own)
    publish(names, server, record(own))
    for _ in range(3):
        assert list(post(server, messages=1).send(letters(3))) == [Sent()] * 3
    assert server.connections == 9
    assert len(names.asked) == 2
    clock = dane.time.monotonic() + 61
    monkeypatch.setattr(dane, "time", types.SimpleNamespace(monotonic=lambda: clock))
    dane.look("localhost", server.port)
    assert len(names.asked) == 4


def test_a_changed_certificate_is_taken_as_soon_as_its_record_stands(names, serving, post, own, root):
    server = serving(own)
    there = publish(names, server, record(root))
    (trouble,) = post(server).send(letters(1))
    assert "(DANE)" in str(trouble)
    names.zone[there]["TLSA"].append(record(own))
    assert list(post(server).send(letters(1))) == [Sent()]


def test_the_name_that_a_proven_alias_leads_to_comes_first(names, serving, post, own, root):
    server = serving(own)
    publish(names, server, record(root))
    publish(names, server, record(own), host="relay.example.org")
    names.zone["localhost"] = {"CNAME": ["relay.example.org"]}
    assert list(post(server, "must").send(letters(1))) == [Sent()]
    assert "for relay.example.org" in server.heard


@pytest.mark.parametrize("breaks", ["the records", "the address"])
def test_where_that_one_has_none_its_own_count(names, serving, post, own, breaks):
    server = serving(own)
    publish(names, server, record(own))
    there = publish(names, server, host="relay.example.org")
    names.zone["localhost"] = {"CNAME": ["relay.example.org"]}
    names.proven.discard({"the records": there, "the address": "relay.example.org"}[breaks])
    assert list(post(server, "must").send(letters(1))) == [Sent()]
    assert "for localhost" in server.heard


def test_a_resolver_elsewhere_is_not_believed(names, serving, post, own, monkeypatch):
    server = serving(own)
    publish(names, server, record(own))
    monkeypatch.setattr(asking, "PASSES_ON", "127.0.0.1")
    (trouble,) = post(server, "must").send(letters(1))
    assert "the resolver 127.0.0.1 is not believed" in str(trouble)


@pytest.mark.parametrize(
    ("place", "is_believed"),
    [
        ("127.0.0.53", True),
        ("::1", True),
        ("127.0.0.11", False),
        ("10.0.0.2", True),
        ("10.0.0.3", False),
        ("9.9.9.9", False),
    ],
)
def test_who_is_believed(settings, place, is_believed):
    """On this machine, or named by the newsroom and on its own network: an open road in between could say anything."""
    settings.DNS = ["10.0.0.2:5353", "9.9.9.9"]
    assert (asking._disbelief(place) == "") == is_believed
