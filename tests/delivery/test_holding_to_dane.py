"""Whether a relay can be held to the DNS is said before a letter depends on it: what is wrong, what follows, what to do."""

import json

import newsroom
import pytest

from dispatch import cli
from dispatch.delivery import holding_to_dane, relays, ticks
from dispatch.delivery.models import Relay
from dispatch.desk import happening
from dispatch.operations import health
from dispatch.workers import upkeep

pytestmark = pytest.mark.django_db
HOST = "relay.example.org"
TLSA = f"_587._tcp.{HOST}"


@pytest.fixture(autouse=True)
def rung(monkeypatch):
    said = []
    monkeypatch.setattr("dispatch.queue.enqueue", lambda *what: said.append(what))
    return said


@pytest.fixture
def zone(names):
    """The relay's records, and a resolver that proves what is signed: the root and them."""
    names.zone |= {
        "": {"SOA": ["a.root.example. admin.example. 1 1800 900 604800 86400"]},
        HOST: {"A": ["127.0.0.1"]},
        TLSA: {"TLSA": [f"3 1 1 {'ab' * 32}"]},
    }
    names.proven |= {"", HOST, TLSA}
    return names


def relay(wish="yes"):
    return relays.save("main", f"smtp://alice:secret@{HOST}:587?dane={wish}")


def seen():
    """What is kept after a look by a worker."""
    upkeep.look_at_relays()
    return holding_to_dane.kept(Relay.objects.get())


def checks():
    return [check for check in health.relays() if check.part == "Relay main, DANE"]


def test_one_whose_records_are_proven_is_held_to_them_and_nobody_is_bothered(zone):
    relay()
    assert seen().words == f"Held to the DNS: {TLSA} says which certificate is the relay's, and DNSSEC proves it."
    assert checks() == []
    assert list(happening.now()) == []


YES = ("unheld", "Its address asks for DANE, and it cannot be held to it: ", f". {holding_to_dane.AS_WITHOUT}", "todo")
MUST = ("waits", "Mail waits: it is used only with DANE (dane=must), and ", ".", "bad")


@pytest.mark.parametrize(("wish", "told"), [("yes", YES), ("must", MUST)])
def test_a_resolver_that_verifies_nothing_is_named_as_the_reason(zone, wish, told):
    standing, begins, ends, state = told
    zone.proven.clear()
    relay(wish)
    held = seen()
    assert (held.standing, held.todo) == (standing, holding_to_dane.RESOLVER)
    assert held.words == f"{begins}the resolver does not verify DNSSEC{ends}"
    (check,) = checks()
    assert (check.state, check.words, check.remedy) == (state, held.words, held.todo)
    (thing,) = happening.now()
    assert (thing.name.endswith(":dane"), thing.kind) == (True, "relay")
    assert thing.words == f"The relay main: {held.words} {held.todo}"


def test_one_that_is_not_believed_is_named_with_its_address(zone, monkeypatch):
    monkeypatch.setattr("dispatch.delivery.domains.asking.PASSES_ON", "127.0.0.1")
    relay("must")
    held = seen()
    assert held.words.startswith(
        "Mail waits: it is used only with DANE (dane=must), and the resolver 127.0.0.1 is not "
    )
    assert held.todo == holding_to_dane.RESOLVER


def test_a_domain_that_is_not_signed_or_names_no_certificate_is_its_owners_to_mend(zone):
    zone.proven -= {HOST, TLSA}
    relay("must")
    held = seen()
    assert f"DNSSEC does not prove what it says of {HOST}" in held.words
    assert held.todo.startswith(f"Ask whoever runs {HOST}, or do without: dispatch relay add main ")
    zone.proven |= {HOST}
    del zone.zone[TLSA]
    assert f"the DNS has no TLSA records at {TLSA}" in seen().words


def test_where_a_proof_does_not_hold_mail_waits_whatever_is_asked_for(zone):
    zone.broken.add(TLSA)
    relay("yes")
    held = seen()
    assert held.words == f"Mail waits: its address asks for DANE (dane=yes), and the DNS gives no answer for {TLSA}."
    assert f"`dig @{zone.place} +dnssec {TLSA}`" in held.todo
    assert [check.state for check in checks()] == ["bad"]


def test_what_is_mended_is_seen_at_the_next_look_whatever_the_dns_said_to_remember(zone):
    zone.proven.clear()
    relay("must")
    assert seen().standing == "waits"
    zone.proven |= {"", HOST, TLSA}
    assert seen().standing == "held"
    relay("no")
    assert Relay.objects.get().dane is None, "nothing is said of an address that nobody looked at"
    assert seen() is None
    assert checks() == []


def test_whoever_adds_a_relay_at_the_terminal_hears_it_at_once(zone, capsys):
    zone.proven.clear()
    assert cli.main(["relay", "add", "main", f"smtp://{HOST}?dane=must"]) == 0
    said = capsys.readouterr().out
    assert "the resolver does not verify DNSSEC" in said
    assert holding_to_dane.RESOLVER in said
    assert cli.main(["relay", "list"]) == 0
    assert "the resolver does not verify DNSSEC" in capsys.readouterr().out
    assert cli.main(["relay", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["dane"]["standing"] == "waits"


def test_the_page_of_relays_says_it(zone, client):
    zone.proven.clear()
    relay("must")
    seen()
    page = newsroom.signed_in(client).get("/operations/relays/").content.decode()
    assert "Mail waits: it is used only with DANE (dane=must), and the resolver does not verify DNSSEC." in page
    assert "apt install unbound" in page


def test_the_clock_has_it_looked_at_only_where_a_relay_takes_mail(zone, rung):
    ticks.look_at_relays()
    assert rung == []
    made = relay()
    ticks.look_at_relays()
    assert rung == [("upkeep.look_at_relays",)]
    relays.pause(made)
    ticks.look_at_relays()
    assert len(rung) == 1
