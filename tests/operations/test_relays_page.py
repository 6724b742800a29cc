"""The operators' page of relays: how fast letters leave, and who changed that."""

import newsroom
import pytest

from dispatch.accounts.models import AuditEntry
from dispatch.delivery import berths, relays
from dispatch.delivery.models import Relay

pytestmark = pytest.mark.django_db
PAGE = "/operations/relays/"


@pytest.fixture
def main():
    return relays.save("main", "smtp://user:sesame@relay.example.org:587")


@pytest.fixture
def alice(client):
    return newsroom.signed_in(client)


def change(client, relay, **said):
    return client.post(f"{PAGE}{relay.pk}/pace", {"reason": "gmail asks for it"} | said, follow=True).content.decode()


def test_it_shows_each_relay_without_its_address(alice, main):
    page = alice.get(PAGE).content.decode()
    assert "as fast as it goes" in page
    assert "sesame" not in page
    assert "relay.example.org" not in page


def test_a_pace_is_set_and_taken_away_and_the_audit_log_says_why(alice, main):
    assert "200 a second at most; to gmail 20" in change(alice, main, per_second="200", to_gmail="20")
    main.refresh_from_db()
    assert (main.per_second, main.by_provider) == (200.0, {"gmail": 20.0})
    assert "as fast as it goes" in change(alice, main, per_second="", to_gmail="0")
    main.refresh_from_db()
    assert (main.per_second, main.by_provider) == (None, {})
    entry = AuditEntry.objects.filter(act="relay.pace").first()
    assert (entry.target, entry.reason) == ("relay:main", "gmail asks for it")


@pytest.mark.parametrize("said", [{"per_second": "-1"}, {"per_second": "fast"}, {"to_gmail": "nan"}, {"reason": ""}])
def test_what_is_no_pace_or_has_no_reason_changes_nothing(alice, main, said):
    assert "Nothing was changed" in change(alice, main, **({"per_second": "5"} | said))
    assert Relay.objects.get().per_second is None
    assert not AuditEntry.objects.exists()


def test_an_editor_changes_no_pace(client, main):
    newsroom.signed_in(client, "editor")
    assert client.post(f"{PAGE}{main.pk}/pace", {"per_second": "5", "reason": "just so"}).status_code == 403


def do(client, relay, act, **said):
    return client.post(f"{PAGE}{relay.pk}/{act}", {"reason": "it is new"} | said, follow=True).content.decode()


def test_a_broken_relay_says_since_when_why_and_until_when(alice, main):
    for _ in range(5):
        relays.failed(main, "no connection to the relay: it does not let us in 421: “4.3.2 closing”")
    page = alice.get(PAGE).content.decode()
    assert "left alone" in page
    assert "After 5 failures" in page
    assert "“4.3.2 closing”" in page
    assert "Tried again" in page
    assert "Try it now" in page


def test_pause_share_and_warm_up_are_acts_with_a_reason(alice, main):
    assert "main: paused." in do(alice, main, "pause")
    assert "Take it up again" in do(alice, main, "weight", weight="3")
    assert "it takes mail again" in do(alice, main, "resume")
    page = do(alice, main, "warm-up", ceilings="500, 1000")
    assert "0 of 500 letters today, 500 left" in page
    main.refresh_from_db()
    assert (main.weight, main.warm_up) == (3, [500, 1000])
    acts = set(AuditEntry.objects.values_list("act", flat=True))
    assert acts == {"relay.pause", "relay.weight", "relay.resume", "relay.warm-up"}


@pytest.mark.parametrize(
    ("act", "said"), [("weight", {"weight": "-1"}), ("weight", {"weight": "9999"}), ("warm-up", {"ceilings": "lots"})]
)
def test_what_cannot_be_is_told_and_changes_nothing(alice, main, act, said):
    assert "Nothing was changed" in do(alice, main, act, **said)
    assert not AuditEntry.objects.exists()


def test_an_unknown_act_is_no_page(alice, main):
    assert alice.post(f"{PAGE}{main.pk}/explode", {"reason": "it is new"}).status_code == 404


def test_a_test_shows_its_steps(alice, monkeypatch):
    relay = relays.save("main", "fake://")
    newsroom.newsletter()
    page = alice.post(f"{PAGE}{relay.pk}/test", follow=True).content.decode()
    assert "main passed its test" in page
    assert "Takes a letter" in page
    assert AuditEntry.objects.get().act == "relay.test"


def test_connections_are_limited_shown_in_use_and_freed_again(alice, main):
    page = do(alice, main, "connections", most="20", to_gmail="5")
    assert "main: 0 of 20 in use; to gmail 0 of 5." in page
    main.refresh_from_db()
    assert (main.most_connections, main.most_by_provider) == (20, {"gmail": 5})
    berths.take(main, 1, 3)
    page = alice.get(PAGE).content.decode()
    assert "3 of 20" in page
    assert "3 of 5" in page
    assert "as many connections as its workers make" in do(alice, main, "connections", most="", to_gmail="0")
    assert AuditEntry.objects.filter(act="relay.connections").count() == 2


@pytest.mark.parametrize("said", [{"most": "-1"}, {"most": "many"}, {"to_gmail": "2.5"}, {"most": "20000"}])
def test_what_is_no_number_of_connections_changes_nothing(alice, main, said):
    assert "Nothing was changed" in do(alice, main, "connections", **said)
    main.refresh_from_db()
    assert main.most_connections is None
