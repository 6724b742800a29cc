"""How fast letters leave through each relay, in all and to each mailbox provider; what a relay says when it is asked."""

from typing import cast

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from dispatch.accounts import audit, permissions
from dispatch.accounts.models import Role, User
from dispatch.audience.addresses import ProviderClass
from dispatch.delivery import throttling
from dispatch.delivery.models import Relay
from dispatch.desk import acting

PROVIDERS = [provider.name.lower() for provider in sorted(ProviderClass, key=lambda one: one == ProviderClass.OTHER)]


@permissions.requires(Role.OPERATOR)
@require_safe
def relays(request: HttpRequest) -> HttpResponse:
    """Each relay, whether it takes mail, and its pace."""
    rows = [
        (relay, throttling.words(relay), [(name, relay.by_provider.get(name)) for name in PROVIDERS])
        for relay in Relay.objects.order_by("-active", "name")
    ]
    return render(request, "operations/relays.html", {"relays": rows, "trouble": throttling.trouble()})


@permissions.requires(Role.OPERATOR)
@require_POST
def set_pace(request: HttpRequest, number: int) -> HttpResponse:
    """Change one's pace; workers take it up with their next chunk."""
    relay = get_object_or_404(Relay, pk=number)
    if why := acting.reason(request):
        try:
            with transaction.atomic():
                throttling.set_pace(
                    relay, _rate(request, "per_second"), {n: _rate(request, f"to_{n}") for n in PROVIDERS}
                )
                audit.record(cast("User", request.user), "relay.pace", f"relay:{relay.name}", why)
        except (ValueError, throttling.Impossible):
            messages.error(request, "A pace is letters a second; nothing or 0 is no limit. Nothing was changed.")
        else:
            messages.success(request, f"{relay.name}: {throttling.words(relay) or 'as fast as it goes'}.")
    return redirect("relays")


def _rate(request: HttpRequest, field: str) -> float:
    return float(request.POST.get(field) or 0)
