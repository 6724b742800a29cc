"""What is kept of one address is told whole, and forgotten whole; neither leaves the address in a log."""

import io
import json
import secrets
from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch import cli, vault
from dispatch.accounts.models import AuditEntry
from dispatch.audience import letters
from dispatch.audience.models import Letter, Subscriber, Subscription, Suppression, Wish
from dispatch.delivery.models import Send

pytestmark = pytest.mark.django_db
BOB = "bob@example.org"


@pytest.fixture
def office():
    return newsroom.newsletter()


@pytest.fixture
def bob(office):
    """Bob reads the office's news, has got some, and has asked for his link."""
    reader = Subscriber.objects.create(address=b"", address_index=vault.blind_index(BOB))
    place = f"subscriber:{reader.pk}"
    reader.address, reader.name = vault.seal(BOB, f"{place}:address"), vault.seal("Bob", f"{place}:name")
    reader.save()
    Subscription.objects.create(
        subscriber=reader,
        newsletter=office,
        language="en",
        handle=secrets.token_bytes(8),
        consented_at=timezone.now(),
        consent_source="form",
    )
    letters.write(Letter.Kind.PREFERENCES, office, "en", BOB, subscriber=reader)
    newsroom.send(office, newsroom.story("en"))
    return reader


@pytest.fixture
def typed(monkeypatch):
    """typed("bob@…") on standard input."""
    return lambda text: monkeypatch.setattr("sys.stdin", io.StringIO(f"{text}\n"))


def test_everything_is_told_at_the_terminal(bob, typed, capsys):
    typed(" Bob@EXAMPLE.org ")
    assert cli.main(["reader", "show", "--reason", "he asked"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["The reader"][0]["address"] == BOB
    assert told["The reader"][0]["name"] == "Bob"
    assert told["Newsletters"][0] | {"how": "form", "state": "active"} == told["Newsletters"][0]
    assert told["Letters"][0]["kind"] == "preferences"
    assert told["Mail whose readers are still known"][0]["became"] == "untouched"
    assert list(AuditEntry.objects.values_list("act", "target", "reason")) == [
        ("reader.show", f"reader:{bob.pk}", "he asked")
    ]


def test_everything_is_forgotten_and_an_old_list_does_not_bring_it_back(bob, office, typed, capsys):
    Wish.objects.create(
        address=b"", address_index=bob.address_index, newsletter=office, language="en", expires_at=timezone.now()
    )
    typed(BOB)
    assert cli.main(["reader", "erase", "--reason", "he asked"]) == 0
    assert [kind.objects.count() for kind in (Subscriber, Subscription, Letter, Wish)] == [0, 0, 0, 0]
    tombstone = Suppression.objects.get()
    assert tombstone.reason == "erased"
    assert tombstone.expires_at > timezone.now() + timedelta(days=300)
    assert AuditEntry.objects.get().target == f"reader:{bob.pk}"
    typed(BOB)
    assert cli.main(["reader", "erase", "--reason", "again"]) == 1
    assert "Nothing was kept" in capsys.readouterr().out
    assert Send.objects.exists()


def test_a_stranger_is_not_known_and_not_made_known(typed, capsys):
    typed("eve@example.org")
    assert cli.main(["reader", "erase", "--reason", "a mistake"]) == 1
    assert not Suppression.objects.exists()
    typed("no address")
    assert cli.main(["reader", "show", "--reason", "a mistake"]) == 1
    assert "no address" not in capsys.readouterr().err


def test_an_operator_sees_it_and_forgets_it_on_a_page(client, bob):
    newsroom.signed_in(client)
    page = client.post("/operations/reader/", {"address": BOB, "reason": "he asked", "act": "show"})
    assert "form" in page.content.decode()
    assert page["Cache-Control"] == "no-store"
    gone = client.post("/operations/reader/", {"address": BOB, "reason": "he asked", "act": "erase"}, follow=True)
    assert "Forgotten" in gone.content.decode()
    assert not Subscriber.objects.exists()
    again = client.post("/operations/reader/", {"address": BOB, "reason": "he asked", "act": "show"})
    assert "erased" in again.content.decode()
    bad = client.post("/operations/reader/", {"address": "bob", "reason": "he asked", "act": "show"})
    assert "This is no address" in bad.content.decode()


def test_an_editor_does_not(client, bob):
    newsroom.signed_in(client, "editor")
    assert client.get("/operations/reader/").status_code == 403


def test_it_asks_for_a_fresh_second_factor(client, bob, settings):
    newsroom.signed_in(client)
    settings.SECOND_FACTOR = True
    assert client.get("/operations/reader/").url.startswith("/account/factors/")
    client.post("/operations/reader/", {"address": BOB, "reason": "he asked", "act": "erase"})
    assert Subscriber.objects.exists()
    assert BOB not in str(dict(client.session))
