"""Providers tell at an address with a secret of their own; what is forged is counted and changes nothing."""

import hashlib
import hmac
import json

import pytest

from dispatch.audience.models import Suppression
from dispatch.delivery import ledger, personalizing
from dispatch.delivery.models import Ear, ReturnedCount, SoftBounce

pytestmark = pytest.mark.django_db
SECRET = "dispatch:a long secret"


@pytest.fixture(autouse=True)
def _secrets(settings):
    settings.MAIL_WEBHOOKS = {"postmark": SECRET, "mailgun": "signing key", "brevo": SECRET}


def tell(client, provider, body, secret=SECRET):
    import base64

    proof = {"HTTP_AUTHORIZATION": f"Basic {base64.b64encode(secret.encode()).decode()}"} if secret else {}
    content = body if isinstance(body, bytes) else json.dumps(body)
    return client.post(f"/hooks/mail/{provider}", content, content_type="application/json", **proof)


def postmark(send, reader, **said):
    kept = {"dispatch": personalizing.mark(send.pk, reader.pk)}
    usual = {"RecordType": "Bounce", "Type": "HardBounce", "Email": "alice@example.org", "Metadata": kept, "ID": 1}
    return {**usual, "Details": "smtp;550 5.1.1 no such user", "BouncedAt": "2026-11-23", **said}


def test_a_hard_bounce_is_recorded_once_however_often_it_is_told(client, sends):
    alice, first, _ = sends
    for _ in range(3):
        assert tell(client, "postmark", postmark(first, alice)).status_code == 200
    assert ledger.fate(first.pk, alice.pk) == "bounced"
    assert Suppression.objects.get().reason == "bounced"
    assert ReturnedCount.objects.get().count == 1
    assert Ear.objects.get(way="webhook:postmark").heard == 3


def test_a_soft_one_is_counted(client, sends):
    alice, first, _ = sends
    tell(client, "postmark", postmark(first, alice, Type="SoftBounce"))
    assert ReturnedCount.objects.get().kind == "soft"
    assert SoftBounce.objects.count() == 1
    assert not Suppression.objects.exists()


@pytest.mark.parametrize("secret", ["dispatch:another", ""])
def test_a_wrong_secret_is_turned_away_and_counted(client, sends, secret):
    alice, first, _ = sends
    assert tell(client, "postmark", postmark(first, alice), secret).status_code == 401
    assert not Suppression.objects.exists()
    ear = Ear.objects.get(way="webhook:postmark")
    assert (ear.heard, ear.refused) == (0, 1)


def test_a_signature_is_checked_by_the_key_of_its_provider(client, sends):
    alice, first, _ = sends
    data = {"event": "failed", "severity": "permanent", "recipient": "alice@example.org", "timestamp": 1.0, "id": "1"}
    data["user-variables"] = {"dispatch": personalizing.mark(first.pk, alice.pk)}
    signed = {"timestamp": "1", "token": "t", "signature": hmac.new(b"signing key", b"1t", hashlib.sha256).hexdigest()}
    forged = {**signed, "signature": "0" * 64}
    assert tell(client, "mailgun", {"event-data": data, "signature": forged}, "").status_code == 401
    assert tell(client, "mailgun", {"event-data": data, "signature": signed}, "").status_code == 200
    assert ledger.fate(first.pk, alice.pk) == "bounced"


@pytest.mark.parametrize(
    "said",
    [{"RecordType": "Delivery"}, {"RecordType": "Novelty"}, {"Email": "nobody@example.org"}, {"Type": "Novelty"}],
)
def test_what_does_not_concern_us_is_ignored(client, sends, said):
    alice, first, _ = sends
    assert tell(client, "postmark", postmark(first, alice, **said)).status_code == 200
    assert not Suppression.objects.exists()


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"RecordType": 7}', b"\xff"])
def test_nonsense_is_not_understood_and_says_nothing_of_itself_in_the_log(client, body, caplog):
    assert tell(client, "postmark", body).status_code in {200, 400}
    assert "alice" not in caplog.text


def test_a_provider_that_is_not_set_up_is_not_there(client):
    assert tell(client, "mailjet", {}).status_code == 404
    assert tell(client, "nobody", {}).status_code == 404
    assert client.get("/hooks/mail/postmark").status_code == 405


def test_a_provider_may_ask_whether_anybody_is_there(client):
    assert client.head("/hooks/mail/postmark").status_code == 200
