"""A relay that others stand in for is a matter for tomorrow; one that nobody stands in for is not."""

import newsroom
import pytest
from prometheus_client.parser import text_string_to_metric_families

from dispatch.audience.models import Subscriber
from dispatch.delivery import warming
from dispatch.delivery.models import Relay
from dispatch.desk import happening
from dispatch.operations import carrying, figures, health

pytestmark = pytest.mark.django_db
OPEN = {"breaker": Relay.Breaker.OPEN, "failures": 5, "trouble": "connection refused"}


@pytest.fixture
def relays():
    """Two that carry letters as they are."""
    return [Relay.objects.create(name=name, url=b"", kind=Relay.Kind.SMTP) for name in ("main", "spare")]


def fail(*names, **how):
    Relay.objects.filter(name__in=names).update(**(how or OPEN))


def needed():
    return [relay.name for relay in carrying.needed()]


def test_one_of_two_is_not_needed_and_both_are(relays):
    assert needed() == []
    fail("main")
    assert needed() == []
    fail("spare", breaker=Relay.Breaker.HALF_OPEN)
    assert needed() == ["main", "spare"]


def test_one_that_is_paused_or_stands_by_is_none_and_one(relays):
    fail("main")
    fail("spare", weight=0)
    assert needed() == []
    fail("spare", active=False)
    assert needed() == ["main"]


def test_one_that_has_had_all_of_its_warm_ups_day_carries_nothing(relays, monkeypatch):
    fail("main")
    monkeypatch.setattr(warming, "left", lambda relay: 0 if relay.name == "spare" else None)
    assert needed() == ["main"]


def test_encrypted_letters_want_a_relay_that_carries_them_as_they_are(relays):
    fail("main")
    fail("spare", kind=Relay.Kind.ANYMAIL)
    assert needed() == []
    newsroom.readers(newsroom.newsletter(), en=1)
    Subscriber.objects.update(openpgp=b"sealed")
    assert needed() == ["main"]
    Relay.objects.create(name="third", url=b"", kind=Relay.Kind.SMTP)
    assert needed() == []


def test_an_api_is_not_needed_while_anything_takes_mail(relays):
    fail("main", kind=Relay.Kind.ANYMAIL, **OPEN)
    newsroom.readers(newsroom.newsletter(), en=1)
    Subscriber.objects.update(openpgp=b"sealed")
    assert needed() == []


def test_health_is_bad_only_while_nobody_takes_its_mail(relays):
    fail("main")
    found = {check.part: (check.state, check.remedy) for check in health.relays()}
    assert found["Relay main"] == ("todo", "Others take its mail meanwhile; no reader is given up.")
    fail("spare")
    found = {check.part: (check.state, check.remedy) for check in health.relays()}
    assert found["Relay main"] == ("bad", "Mail waits for it; no reader is given up.")


def test_programs_are_not_told_that_all_is_lost_while_mail_flows(relays, client, monkeypatch):
    monkeypatch.setattr(health, "checks", lambda: list(health.relays()))
    fail("main")
    for number, (trouble, status) in enumerate(((("main",), 200), (("main", "spare"), 503))):
        fail(*trouble)
        monkeypatch.setattr(health, "_last", (-health.KEPT, bool(number)))
        assert client.get("/operations/health.json").status_code == status


def test_whoever_is_told_hears_that_others_carry(relays):
    fail("main")
    (thing,) = [one for one in happening.now() if one.kind == "relay"]
    assert thing.words.endswith("connection refused Others take its mail meanwhile.")
    fail("spare")
    assert not any("Others" in one.words for one in happening.now())


def test_prometheus_is_told_of_each_relay_whether_it_is_needed(relays, monkeypatch):
    monkeypatch.setattr(figures, "_last", (-figures.KEPT, b""))
    fail("main", "spare")
    families = text_string_to_metric_families(figures.exposition().decode())
    (family,) = [one for one in families if one.name == "dispatch_relay_needed"]
    assert {sample.labels["relay"]: sample.value for sample in family.samples} == {"main": 1, "spare": 1}
