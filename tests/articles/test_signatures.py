"""Who really sent a webhook."""

import base64
import hmac
import json
import time

import pytest
from articles.conftest import SECRET, add_source, article

from dispatch.articles import signatures
from dispatch.articles.models import Article, WebhookDelivery

pytestmark = pytest.mark.django_db


def test_a_signature_is_made_as_the_standard_webhooks_library_makes_it(native):
    from datetime import UTC, datetime

    from standardwebhooks import Webhook

    made = Webhook(SECRET).sign("msg_1", datetime.fromtimestamp(1_700_000_000, UTC), '{"a":1}')
    assert made == signatures.sign_standard(SECRET, "msg_1", 1_700_000_000, b'{"a":1}')


def test_a_forged_signature_is_refused_and_nothing_is_stored(native, send):
    answer = send(article(), secret="whsec_bm90IHRoZSBzZWNyZXQ=")
    assert (answer.status_code, answer.json()["did"]) == (401, "refused")
    assert not Article.objects.exists()
    assert not WebhookDelivery.objects.exists()


@pytest.mark.parametrize("off", [-301, 301])
def test_a_signature_of_another_time_is_refused(native, send, off):
    assert send(article(), moment=int(time.time()) + off).status_code == 401


@pytest.mark.parametrize("off", [-298, 298])
def test_five_minutes_of_another_clock_are_borne(native, send, off):
    assert send(article(), moment=int(time.time()) + off).status_code == 202


def test_every_bit_of_the_body_counts(native):
    body = b'{"type":"article.published"}'
    headers = {"webhook-id": "m", "webhook-timestamp": "1700000000"}
    headers["webhook-signature"] = signatures.sign_standard(SECRET, "m", 1_700_000_000, body)
    assert signatures.verify(native, headers, body, "", 1_700_000_000) == signatures.Genuine("m")
    for place in range(len(body)):
        flipped = bytes([*body[:place], body[place] ^ 1, *body[place + 1 :]])
        assert isinstance(signatures.verify(native, headers, flipped, "", 1_700_000_000), signatures.Forged)


def test_the_id_is_signed_too(native):
    headers = {"webhook-timestamp": "1700000000", "webhook-id": "other"}
    headers["webhook-signature"] = signatures.sign_standard(SECRET, "m", 1_700_000_000, b"{}")
    assert isinstance(signatures.verify(native, headers, b"{}", "", 1_700_000_000), signatures.Forged)


def test_both_secrets_are_good_while_one_replaces_the_other(db, send):
    old, new = SECRET, "whsec_bmV3IHNlY3JldCBvZiB0aGUgdGVzdHM="
    add_source("native", secrets=[new, old])
    assert send(article(), secret=old, name="a").status_code == 202
    assert send(article(), secret=new, name="b").status_code == 202


def test_one_good_signature_of_several_is_enough(native):
    good = signatures.sign_standard(SECRET, "m", 1_700_000_000, b"{}")
    headers = {"webhook-id": "m", "webhook-timestamp": "1700000000", "webhook-signature": f"v1a,xyz v1,AAAA {good}"}
    assert signatures.verify(native, headers, b"{}", "", 1_700_000_000) == signatures.Genuine("m")


@pytest.mark.parametrize("moment", ["", "soon", "²²²²²²²²²²", "-1700000000", "9" * 400])
def test_a_time_that_is_none_is_refused(native, moment):
    headers = {"webhook-id": "m", "webhook-timestamp": moment, "webhook-signature": "v1,AAAA"}
    assert isinstance(signatures.verify(native, headers, b"{}", "", 1_700_000_000), signatures.Forged)


def test_ghosts_real_webhook_is_genuine_at_its_time_and_stale_later(ghost, data):
    request = json.loads((data / "ghost-post-published.json").read_text())["request"]
    headers = {"X-Ghost-Signature": request["headers"]["x-ghost-signature"]}
    moment = int(headers["X-Ghost-Signature"].partition("t=")[2]) / 1000
    body = request["raw_body"].encode()
    assert isinstance(signatures.verify(ghost, headers, body, "", moment), signatures.Genuine)
    assert isinstance(signatures.verify(ghost, headers, body + b" ", "", moment), signatures.Forged)
    assert isinstance(signatures.verify(ghost, headers, body, "", moment + 301), signatures.Forged)


def test_wordpress_brings_its_token_by_header_or_query(wordpress, client):
    hint = {"post_id": 7}
    assert client.post("/hooks/wordpress", hint, content_type="application/json").status_code == 401
    wrong = client.post("/hooks/wordpress?token=wrong", hint, content_type="application/json")
    assert wrong.status_code == 401
    by_query = client.post("/hooks/wordpress?token=token of the tests", hint, content_type="application/json")
    headers = {"X-Dispatch-Token": "token of the tests"}
    by_header = client.post("/hooks/wordpress", hint, content_type="application/json", headers=headers)
    assert (by_query.status_code, by_header.status_code) == (202, 202)


def test_a_wordpress_that_signs_does_not_send_its_token(wordpress, client):
    body = b'{"post_id": 7}'

    def send(secret, moment):
        digest = hmac.digest(secret, b"d." + str(moment).encode() + b"." + body, "sha256")
        signed = {"webhook-id": "d", "webhook-timestamp": str(moment)}
        signed["webhook-signature"] = "v1," + base64.b64encode(digest).decode()
        return client.post("/hooks/wordpress", body, content_type="application/json", headers=signed).status_code

    now = int(time.time())
    assert send(b"token of the tests", now) == 202
    assert send(b"another", now) == 401
    assert send(b"token of the tests", now - 400) == 401
