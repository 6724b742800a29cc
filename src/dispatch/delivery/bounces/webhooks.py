"""Where providers tell of bounces and complaints: anymail checks and reads each one's form, hearing.py takes it."""

import json
import logging
from typing import Any

from anymail.exceptions import AnymailError, AnymailWebhookValidationFailure
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from dispatch.delivery.bounces import ears

log = logging.getLogger(__name__)
LARGEST = 2 * 1024 * 1024
PROVIDERS = {
    "amazon_ses": ("amazon_ses.AmazonSES", ""),
    "brevo": ("brevo.Brevo", ""),
    "mailgun": ("mailgun.Mailgun", "webhook_signing_key"),
    "mailersend": ("mailersend.MailerSend", "signing_secret"),
    "mailjet": ("mailjet.Mailjet", ""),
    "postmark": ("postmark.Postmark", ""),
    "resend": ("resend.Resend", ""),
    "sparkpost": ("sparkpost.SparkPost", ""),
}
"""anymail's view, and under which name it takes the key that this provider signs with; else the secret is "user:password"."""
MALFORMED = (ValueError, KeyError, IndexError, TypeError, AttributeError, AnymailError)


@csrf_exempt
@require_http_methods(["POST", "HEAD"])
def told(request: HttpRequest, provider: str) -> HttpResponse:
    """200 taken, or nothing that concerns us; 400 not understood; 401 not genuine; 404 not set up here; 413 too large."""
    secret = settings.MAIL_WEBHOOKS.get(provider, "")
    if not secret or provider not in PROVIDERS:
        return HttpResponse(status=404)
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST:
        return HttpResponse(status=413)
    try:
        view = _view(provider, secret)
    except ImproperlyConfigured as missing:
        log.error("a provider's webhook lacks a library", extra={"provider": provider, "code": type(missing).__name__})  # noqa: TRY400 - a setting, no bug
        return HttpResponse(status=503)
    return _hear(view, request, f"webhook:{provider}")


def _view(provider: str, secret: str) -> Any:
    """Anymail's, with this provider's own secret; nothing of it comes from settings for all of them."""
    name, signed = PROVIDERS[provider]
    secrets = {signed: secret, "webhook_secret": []} if signed else {"webhook_secret": secret}
    return import_string(f"anymail.webhooks.{name}TrackingWebhookView")(**secrets)


def _hear(view: Any, request: HttpRequest, way: str) -> HttpResponse:
    view.setup(request)
    if request.method == "HEAD":  # some ask whether anybody is there before they are set up
        return HttpResponse()
    try:
        view.run_validators(request)
        events = view.parse_events(request)
    except AnymailWebhookValidationFailure:
        ears.note(way, refused=1)
        return HttpResponse(status=401)
    except MALFORMED as problem:
        log.warning("a provider's webhook is not understood", extra={"way": way, "code": type(problem).__name__})
        return HttpResponse(json.dumps({"why": "not understood"}), status=400, content_type="application/json")
    for event in events:
        view.signal.send(sender=type(view), event=event, esp_name=view.esp_name)
    ears.note(way, heard=1)
    return HttpResponse()
