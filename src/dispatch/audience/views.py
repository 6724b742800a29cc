"""Readers' pages. They show no address, set no cookie, change nothing on GET, and answer the same to a token that is none."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language_from_request
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from dispatch.audience import leaving, tokens, wording
from dispatch.audience.models import Subscription


@csrf_exempt  # the token is the proof; RFC 8058 forbids asking for a cookie
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows a button. POST leaves: from the button, or in one click from the mailbox (RFC 8058). Undo within a day."""
    subscription = tokens.find(token)
    if request.method != "POST":
        return _page(request, "leave", subscription)
    if request.POST.get("act") == "undo":
        done = subscription is not None and leaving.come_back(subscription)
        return _page(request, "back", subscription, done=done)
    if subscription is not None:
        leaving.leave(subscription)
    if request.POST.get("List-Unsubscribe") == "One-Click":
        return _quiet(HttpResponse("", content_type="text/plain"))
    return _page(request, "left", subscription)


@never_cache
@require_http_methods(["GET", "HEAD"])
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    """What can be changed, and how; shows nothing that a forwarded mail would give away."""
    return _page(request, "preferences", tokens.find(token), leave_url=reverse("leave", args=[token]))


def _page(request: HttpRequest, name: str, subscription: Subscription | None, **more: object) -> HttpResponse:
    words = wording.words(_language(request, subscription))
    context = {"words": words, "newsletter_name": _name(subscription, words["language"]), **more}
    return _quiet(render(request, f"audience/{name}.html", context))


def _language(request: HttpRequest, subscription: Subscription | None) -> str:
    """What ?lang asks for, else the subscription's, else the browser's."""
    asked = request.GET.get("lang", "").lower()
    if asked in dict(settings.LANGUAGES):
        return asked
    return subscription.language if subscription else get_language_from_request(request)


def _name(subscription: Subscription | None, language: str) -> str:
    if subscription is None:
        return ""
    names = subscription.newsletter.names
    return str(names.get(language) or names.get("en") or next(iter(names.values()), subscription.newsletter.slug))


def _quiet(response: HttpResponse) -> HttpResponse:
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    return response
