"""Apprise answers yes or no; what its "no" is worth is read from the wire."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
import requests

from dispatch.local.networks.server import Answer
from dispatch.outcomes import Deferred, Refused, Sent, Unknown
from dispatch.social import channels, networks
from dispatch.social.networks import watched
from dispatch.social.networks.base import Account, Draft

DRAFT = Draft(text="Навіны *Офіса* <b>", link="", language="be", created_at=datetime.now(UTC))


def account(url):
    return Account(server="", name="", credentials={"url": url})


def answered(status, **headers):
    response = requests.Response()
    response.status_code = status
    response._content = b"its words"
    response.headers.update(headers)
    return response


@pytest.mark.parametrize(
    ("seen", "outcome"),
    [
        ([], Refused),
        ([answered(400)], Refused),
        ([answered(429, **{"Retry-After": "60"})], Deferred),
        ([answered(500)], Unknown),
        ([requests.ReadTimeout()], Unknown),
        ([requests.ConnectTimeout()], Deferred),
        ([answered(200)], Unknown),
        ([answered(200), answered(400)], Unknown),
        ([answered(503), answered(400)], Unknown),
        ([answered(401), answered(404)], Refused),
    ],
)
def test_a_no_is_final_only_where_nothing_can_be_out(seen, outcome):
    assert isinstance(watched._of_no(seen, is_watched=True), outcome)
    assert isinstance(watched._of_no(seen, is_watched=False), Unknown)


@pytest.mark.parametrize("url", ["nosuch://x", "", "slack://", "syslog://"])
def test_an_address_that_cannot_be_used_is_refused_without_quoting_it(url):
    health = networks.get("apprise").probe(account(url))
    assert not health.ok
    assert not url or url not in health.words
    assert isinstance(networks.get("apprise").publish(DRAFT, account(url)), Refused)


@pytest.mark.parametrize(
    ("url", "service", "longest"),
    [
        ("discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js", "Discord", 2000),
        ("ntfy://office", "ntfy", 7800),
        ("json://localhost", "JSON", 32768),
    ],
)
def test_what_fits_is_what_the_service_takes(url, service, longest):
    network = networks.get("apprise")
    health = network.probe(account(url))
    assert (health.ok, health.known) == (True, {"service": service, "longest": longest})
    assert network.limits(replace(account(url), known=health.known)).longest == longest


@pytest.mark.django_db
def test_a_text_arrives_as_it_is_and_only_once_whatever_the_address_asks_for(connect, standins):
    known = channels.account(connect("apprise"))
    eager = replace(known, credentials={"url": known.credentials["url"] + "?retry=5&wait=0.1&redirect=yes"})
    assert networks.get("apprise").publish(DRAFT, eager) == Sent()
    standins.faults["apprise"].append(("fail_after", 0))
    assert isinstance(networks.get("apprise").publish(replace(DRAFT, text="Іншае"), eager), Unknown)
    assert [post.text for post in standins.store.posts("apprise")] == ["Іншае", DRAFT.text]


@pytest.mark.django_db
def test_a_refusal_comes_in_the_services_own_words(connect, standins):
    known = channels.account(connect("apprise"))
    said = Answer({"error": "this room is closed"}, 403)
    standins.speakers = {"apprise": replace(standins.speakers["apprise"], answer=lambda *_: said)}
    outcome = networks.get("apprise").publish(DRAFT, known)
    assert isinstance(outcome, Refused)
    assert "this room is closed" in outcome.reason
