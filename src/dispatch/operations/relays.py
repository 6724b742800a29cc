"""The page of relays: how each one stands, and what an operator may do about it, each act with a reason."""

import contextlib
from collections.abc import Callable
from typing import cast

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from dispatch.accounts import audit, permissions
from dispatch.accounts.models import Role, User
from dispatch.audience.addresses import ProviderClass
from dispatch.delivery import berths, self_testing, standings, throttling, warming
from dispatch.delivery import relays as mail
from dispatch.delivery.models import Relay
from dispatch.desk import acting

PROVIDERS = [provider.name.lower() for provider in sorted(ProviderClass, key=lambda one: one == ProviderClass.OTHER)]


@permissions.requires(Role.OPERATOR)
@require_safe
def relays(request: HttpRequest) -> HttpResponse:
    """Each relay: how it stands, its share, pace and warm-up, and what its last test found."""
    known = list(Relay.objects.order_by("-active", "name"))
    parts: dict[str, object] = {"relays": [standings.of(relay, known) for relay in known]}
    parts |= {"providers": PROVIDERS, "usual": ", ".join(map(str, warming.USUAL)), "sender": self_testing.sender()}
    return render(request, "operations/relays.html", parts)


@permissions.requires(Role.OPERATOR)
@require_POST
def test(request: HttpRequest, number: int) -> HttpResponse:
    """Ask one step by step, with a letter to whoever asks; the page shows what was found."""
    relay = get_object_or_404(Relay, pk=number)
    user = cast("User", request.user)
    steps = self_testing.run(relay, user.email)
    audit.record(user, "relay.test", f"relay:{relay.name}", "a test letter to oneself")
    if self_testing.is_good(steps):
        messages.success(request, f"{relay.name} passed its test.")
    else:
        messages.error(request, f"{relay.name} failed its test: see below at which step.")
    return redirect(f"{reverse('relays')}#relay-{relay.pk}")


@permissions.requires(Role.OPERATOR)
@require_POST
def act(request: HttpRequest, number: int, act: str) -> HttpResponse:
    """Pause it, take it up again, try it now, give it a share or a warm-up."""
    if act not in ACTS:
        raise Http404
    relay = get_object_or_404(Relay, pk=number)
    if why := acting.reason(request):
        try:
            # A trial talks to the relay, and no transaction is held open meanwhile.
            with contextlib.nullcontext() if act == "try" else transaction.atomic():
                told = ACTS[act](relay, request)
                audit.record(cast("User", request.user), f"relay.{act}", f"relay:{relay.name}", why)
        except (ValueError, warming.Impossible, berths.Impossible) as problem:
            messages.error(
                request, f"{problem}. Nothing was changed."[:1].upper() + f"{problem}. Nothing was changed."[1:]
            )
        else:
            messages.success(request, f"{relay.name}: {told}")
    return redirect(f"{reverse('relays')}#relay-{relay.pk}")


def _pause(relay: Relay, _: HttpRequest) -> str:
    return "paused. What is under way is still answered." if mail.pause(relay) else "it was paused before."


def _resume(relay: Relay, _: HttpRequest) -> str:
    return "it takes mail again." if mail.resume(relay) else "it took mail already."


def _try_now(relay: Relay, _: HttpRequest) -> str:
    trouble = self_testing.try_now(relay)
    return f"it still fails. {trouble}." if trouble else "it lets us in; the next letter is its trial."


def _weigh(relay: Relay, request: HttpRequest) -> str:
    text = request.POST.get("weight", "").strip()
    if not text.isdecimal():
        raise mail.Unusable("a weight is a whole number")
    mail.weigh(relay, int(text))
    return "it stands by." if int(text) == 0 else f"its weight is {int(text)}."


def _connect(relay: Relay, request: HttpRequest) -> str:
    berths.set_limits(relay, _count(request, "most"), {name: _count(request, f"to_{name}") for name in PROVIDERS})
    mail.wake()
    return f"{berths.words(relay)}." if berths.words(relay) else "as many connections as its workers make."


def _count(request: HttpRequest, field: str) -> int:
    text = request.POST.get(field, "").strip() or "0"
    if not text.isdecimal():
        raise berths.Impossible("a limit is a whole number of connections; nothing or 0 is none")
    return int(text)


def _warm_up(relay: Relay, request: HttpRequest) -> str:
    warming.plan(relay, warming.read(request.POST.get("ceilings", "")[:2000]))
    mail.wake()
    return f"{warming.words(relay)}." if relay.warm_up else "it has no warm-up any more."


ACTS: dict[str, Callable[[Relay, HttpRequest], str]] = {
    "pause": _pause, "resume": _resume, "try": _try_now, "weight": _weigh, "warm-up": _warm_up,
    "connections": _connect,
}  # fmt: skip


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
