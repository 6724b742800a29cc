"""What each provider says afterwards finds its reader and its send, by what we gave the provider and nothing that we kept."""

import json
import re

import pytest
import requests
from anymail import signals
from django.test import RequestFactory
from django.utils.module_loading import import_string
from requests.adapters import HTTPAdapter

from dispatch.audience.models import Suppression
from dispatch.delivery import events, ledger, personalizing, relays, sending
from dispatch.delivery.mailers.base import Message
from dispatch.delivery.models import Send

pytestmark = pytest.mark.django_db
ALICE = "alice@example.org"
REPLY = "550 5.1.1 <alice@example.org> no such user"


def sns(message):
    return {
        "Type": "Notification",
        "MessageId": "1",
        "Message": json.dumps(message),
        "Timestamp": "2026-11-23T08:00:00Z",
    }


def ses(mark, *, final):
    kind = {"bounceType": "Permanent" if final else "Transient", "bounceSubType": "General"}
    bounced = [{"emailAddress": ALICE, "diagnosticCode": f"smtp; {REPLY}"}]
    headers = [{"name": "X-Metadata", "value": json.dumps({"dispatch": mark})}]
    mail = {"messageId": "1", "destination": [ALICE], "headers": headers}
    return sns({"eventType": "Bounce", "mail": mail, "bounce": kind | {"bouncedRecipients": bounced}})


def brevo(mark, *, final):
    kept = json.dumps({"dispatch": mark})
    event = "hard_bounce" if final else "soft_bounce"
    return {"event": event, "email": ALICE, "X-Mailin-custom": kept, "reason": REPLY}


def mailgun(mark, *, final):
    data = {"event": "failed", "severity": "permanent" if final else "temporary", "recipient": ALICE, "timestamp": 1.0}
    return {"event-data": data | {"user-variables": {"dispatch": mark}, "delivery-status": {"message": REPLY}}}


def mailjet(mark, *, final):
    kept = json.dumps({"dispatch": mark})
    return {"event": "bounce", "email": ALICE, "hard_bounce": final, "Payload": kept, "time": 1, "smtp_reply": REPLY}


def mailersend(_mark, *, final):
    data = {"type": "hard_bounced" if final else "soft_bounced", "created_at": "2026-11-23T08:00:00Z", "morph": None}
    return {"type": "activity", "data": data | {"email": {"recipient": {"email": ALICE}, "message": {"id": "1"}}}}


def postmark(mark, *, final):
    kind = "HardBounce" if final else "SoftBounce"
    kept = {"dispatch": mark}
    return {
        "RecordType": "Bounce",
        "Type": kind,
        "Email": ALICE,
        "Metadata": kept,
        "Details": REPLY,
        "BouncedAt": "2026-11-23",
    }


def resend(mark, *, final):
    headers = [{"name": "X-Metadata", "value": json.dumps({"dispatch": mark})}]
    bounce = {"type": "Permanent" if final else "Transient", "message": "a bounce message"}
    return {"type": "email.bounced", "created_at": "x", "data": {"to": [ALICE], "headers": headers, "bounce": bounce}}


def sparkpost(mark, *, final):
    kept = {"rcpt_meta": {"dispatch": mark}, "bounce_class": "10" if final else "22", "raw_reason": REPLY}
    return [{"msys": {"message_event": {"type": "bounce", "raw_rcpt_to": ALICE, **kept}}}]


SAYS = {
    "amazon_ses.AmazonSES": (ses, {}),
    "brevo.Brevo": (brevo, {}),
    "mailgun.Mailgun": (mailgun, {"webhook_signing_key": "k"}),
    "mailjet.Mailjet": (mailjet, {}),
    "mailersend.MailerSend": (mailersend, {"signing_secret": "k"}),
    "postmark.Postmark": (postmark, {}),
    "resend.Resend": (resend, {}),
    "sparkpost.SparkPost": (sparkpost, {}),
}
GIVEN = {
    "brevo": ("api_key=k", '{"messageId": "<1@brevo>"}'),
    "mailgun": ("api_key=k&sender_domain=example.org", '{"id": "<1@mailgun>", "message": "Queued"}'),
    "mailjet": ("api_key=k&secret_key=k", '{"Messages": []}'),
    "postmark": ("server_token=k", "{}"),
    "resend": ("api_key=k", '{"id": "1"}'),
    "scaleway": ("secret_key=k&project_id=1", "{}"),
    "sparkpost": ("api_key=k", "{}"),
}


@pytest.fixture(autouse=True)
def _webhooks_have_a_secret(settings):
    settings.ANYMAIL = {"WEBHOOK_SECRET": "provider:secret"}


@pytest.fixture
def sends(make_edition, subscribe, fake):
    """Two sends, both of which Alice got."""
    alice, made = subscribe("alice"), []
    for slot in ("story:1", "story:2"):
        made.append(ledger.enlist(make_edition(slot).pk))
        sending.send_chunk(made[-1].pk, 1)
    return alice, *made


def say(provider, mark, *, final=True):
    """As its webhook would, once its signature was checked."""
    body, options = SAYS[provider]
    view_class = import_string(f"anymail.webhooks.{provider}TrackingWebhookView")
    # Amazon's constructor wants boto3, with which it confirms a subscription and reads no event.
    view = view_class.__new__(view_class) if "ses" in provider else view_class(**options)
    request = RequestFactory().post("/", json.dumps(body(mark, final=final)), content_type="application/json")
    for event in view.parse_events(request):
        signals.tracking.send(type(view), event=event, esp_name=view.esp_name)


@pytest.mark.parametrize("provider", [name for name in SAYS if not name.startswith("mailersend")])
def test_a_hard_bounce_is_laid_to_the_very_send_it_speaks_of(sends, provider):
    alice, first, second = sends
    say(provider, personalizing.mark(first.pk, alice.pk))
    assert (ledger.fate(first.pk, alice.pk), ledger.fate(second.pk, alice.pk)) == ("bounced", "sent")
    assert Suppression.objects.get().reason == "bounced"


def test_mailersend_keeps_nothing_of_ours_so_the_latest_send_is_meant(sends):
    alice, first, second = sends
    say("mailersend.MailerSend", "")
    assert (ledger.fate(first.pk, alice.pk), ledger.fate(second.pk, alice.pk)) == ("sent", "bounced")


@pytest.mark.parametrize("provider", SAYS)
def test_a_full_mailbox_strikes_nobody_off(sends, provider):
    alice, first, _ = sends
    say(provider, personalizing.mark(first.pk, alice.pk), final=False)
    assert not Suppression.objects.exists()
    assert ledger.fate(first.pk, alice.pk) == "sent"


@pytest.mark.parametrize("provider", GIVEN)
def test_a_provider_is_given_the_mark_and_nothing_else_about_the_reader(provider, monkeypatch):
    options, answer = GIVEN[provider]
    mark, asked = personalizing.mark(1, 2), []

    def send(adapter, request, **_):
        asked.append(request)
        response = requests.Response()
        response.status_code, response._content, response.request = 200, answer.encode(), request
        response.url = request.url
        return response

    monkeypatch.setattr(HTTPAdapter, "send", send)
    head = f"From: news@example.org\r\nTo: {ALICE}\r\nSubject: News\r\nMessage-ID: <{mark}@mail.example.org>\r\n"
    data = f"{head}Content-Type: text/plain\r\n\r\nHello\r\n".encode()
    mailer = relays.mailer_of(f"anymail+{provider}://?{options}")[1]
    list(mailer.send([Message("news@example.org", ALICE, data)]))
    mailer.close()
    said = requests.utils.unquote_unreserved(str(asked[0].body)).replace("\\", "")
    assert re.search(rf'dispatch"?[^a-z]{{1,60}}{mark}', said)


def test_a_complaint_about_a_send_that_is_forgotten_or_strange_still_suppresses(sends):
    alice, *_ = sends
    Send.objects.update(started_at="2020-01-01T00:00Z")
    assert events.record_of("Alice@Example.org", personalizing.mark(1, alice.pk), "complained")
    assert Suppression.objects.get().reason == "complained"


@pytest.mark.parametrize("address", ["nobody@example.org", "not an address"])
def test_what_is_said_of_strangers_changes_nothing(sends, address):
    assert not events.record_of(address, "", "bounced")
    assert not Suppression.objects.exists()
