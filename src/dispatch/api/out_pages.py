"""Where others are told of what happens here: the endpoints, and what became of each event."""

from typing import cast

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from dispatch import vault
from dispatch.accounts import permissions
from dispatch.accounts.models import Role, User
from dispatch.api import endpoints, events
from dispatch.api.models import Delivery, Endpoint
from dispatch.desk import acting
from dispatch.desk.forms import Reason

SHOWN = 100


class Adding(Reason):
    """What is to be told, and where."""

    name = forms.CharField(max_length=60, error_messages={"required": "Say what it is. Nothing was changed."})
    url = forms.CharField(max_length=500, error_messages={"required": "Say its address. Nothing was changed."})
    events = forms.MultipleChoiceField(
        choices=[(name, words) for name, words in events.KINDS.items()],
        error_messages={"required": "Choose what it is to be told of. Nothing was changed."},
    )


@permissions.requires(Role.OPERATOR)
@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """Every endpoint, and the form for another."""
    return _list(request)


@permissions.requires(Role.OPERATOR, freshly=True)
@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """Add one. Its secret stands in this answer, and nowhere else, ever."""
    form = Adding(request.POST)
    if not form.is_valid():
        messages.error(request, str(next(iter(form.errors.values()))[0]))
        return redirect("webhooks_out")
    given = form.cleaned_data
    try:
        made, secret = endpoints.add(given["name"], given["url"], given["events"], _user(request), given["reason"])
    except endpoints.Unsuited as problem:
        messages.error(request, f"That cannot be told: {problem}. Nothing was changed.")
        return redirect("webhooks_out")
    return _one(request, made, secret)


@permissions.requires(Role.OPERATOR)
@require_safe
def one(request: HttpRequest, number: int) -> HttpResponse:
    """What became of each event, the latest first."""
    return _one(request, get_object_or_404(Endpoint, pk=number))


@permissions.requires(Role.OPERATOR, freshly=True)
@require_POST
def rotate(request: HttpRequest, number: int) -> HttpResponse:
    """A fresh secret, shown once."""
    endpoint = get_object_or_404(Endpoint, pk=number)
    if not (why := acting.reason(request)):
        return redirect("webhook_out", number)
    try:
        secret = endpoints.rotate(endpoint, _user(request), why)
    except vault.Unreadable as problem:
        messages.error(request, f"{problem} Nothing was changed.")
        return redirect("webhook_out", number)
    endpoint.refresh_from_db()
    return _one(request, endpoint, secret)


@permissions.requires(Role.OPERATOR, freshly=True)
@require_POST
def switch(request: HttpRequest, number: int, to: str) -> HttpResponse:
    """On or off."""
    endpoint = get_object_or_404(Endpoint, pk=number)
    if to not in {"on", "off"}:
        raise Http404
    if why := acting.reason(request):
        done = endpoints.switch(endpoint, _user(request), why, on=to == "on")
        words = "It is told from now on." if to == "on" else "It is told no more; what still waited for it is void."
        acting.tell(request, done, words, "It is so already; nothing was changed.")
    return redirect("webhook_out", number)


@permissions.requires(Role.OPERATOR)
@require_POST
def test(request: HttpRequest, number: int) -> HttpResponse:
    """Send an event that says only that it is one."""
    endpoint = get_object_or_404(Endpoint, pk=number)
    if endpoint.active:
        endpoints.test(endpoint)
    acting.tell(request, endpoint.active, "A test is on its way; look again in a moment.", "It is switched off.")
    return redirect("webhook_out", number)


@permissions.requires(Role.OPERATOR)
@require_POST
def again(request: HttpRequest, number: int) -> HttpResponse:
    """Tell it of an event once more."""
    delivery = get_object_or_404(Delivery, pk=number)
    done = endpoints.again(delivery)
    acting.tell(request, done, "It is told again; look in a moment.", "It waits anyway, or its endpoint is off.")
    return redirect("webhook_out", delivery.endpoint_id)


def _list(request: HttpRequest) -> HttpResponse:
    shown = {"endpoints": Endpoint.objects.order_by("-active", "name"), "kinds": events.KINDS}
    return render(request, "api/endpoints.html", shown)


def _one(request: HttpRequest, endpoint: Endpoint, secret: str = "") -> HttpResponse:
    deliveries = endpoint.deliveries.prefetch_related("attempts").order_by("-pk")
    shown = {"endpoint": endpoint, "deliveries": deliveries[:SHOWN], "secret": secret, "kinds": events.KINDS}
    return render(request, "api/endpoint.html", shown)


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)
