"""Lists of items as an operator wants them, one item's page, and acts upon one, some or all that match."""

from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from dispatch.accounts import permissions
from dispatch.accounts.models import Role, User
from dispatch.articles.models import Source
from dispatch.audience.models import Newsletter
from dispatch.delivery.models import Relay
from dispatch.desk import acting
from dispatch.operations import sweeping
from dispatch.operations.items import history, many, names, providers, rows
from dispatch.operations.items import wanted as wanting
from dispatch.social.models import Channel


@permissions.requires(Role.OPERATOR)
@require_safe
def items(request: HttpRequest) -> HttpResponse:
    """What matches, fifty at a time; the address says what was asked for."""
    try:
        wanted = wanting.read(request.GET)
    except wanting.Unheard as problem:
        messages.error(request, f"{problem} This is everything of one kind instead.")
        wanted = wanting.Wanted()
    found = rows.find(wanted)
    shown = {
        "wanted": wanted,
        "found": found,
        "kinds": wanting.KINDS,
        "columns": wanting.COLUMNS,
        "newsletters": Newsletter.objects.order_by("slug"),
        "channels": Channel.objects.order_by("name"),
        "sources": Source.objects.order_by("slug"),
        "filters": wanting.FILTERS[wanted.kind],
        "states": wanting.STATES.get(wanted.kind, []),
        "providers": providers.NAMES,
        "relays": Relay.objects.filter(active=True).order_by("name"),
        "acts": many.ACTS[wanted.kind],
        "sweeps": sweeping.recent(),
        "step": rows.ROWS,
    }
    return render(request, "operations/items.html", shown)


@permissions.requires(Role.OPERATOR)
@require_safe
def item(request: HttpRequest, kind: str, number: str) -> HttpResponse:
    """One item with its whole history."""
    if kind not in history.OF:
        raise Http404
    shown = {"item": history.of(kind, number), "relays": Relay.objects.filter(active=True).order_by("name")}
    return render(request, "operations/item.html", shown | {"kinds": wanting.KINDS})


@permissions.requires(Role.OPERATOR)
@require_POST
def act(request: HttpRequest) -> HttpResponse:
    """Do something to what the form names, or to all that match it, with a reason."""
    try:
        wanted = wanting.read(request.POST)
    except wanting.Unheard as problem:
        messages.error(request, f"{problem} Nothing was changed.")
        return redirect("items")
    doing, back = request.POST.get("act", ""), _back(request, wanted)
    if doing not in many.ACTS[wanted.kind]:
        messages.error(request, "Choose what is to be done with them. Nothing was changed.")
        return redirect(back)
    relay = _relay(request.POST.get("to_relay", ""))
    if doing == "move" and relay is None:
        messages.error(request, "Choose the relay that they are moved to. Nothing was changed.")
        return redirect(back)
    if why := acting.reason(request):
        back = _do(request, many.Asked(doing, cast("User", request.user), why, relay), wanted) or back
    return redirect(back)


def _do(request: HttpRequest, asked: many.Asked, wanted: wanting.Wanted) -> str:
    """Where to go on, where that is not where it was asked."""
    if request.POST.get("all"):
        done = many.act_on_all(asked, wanted)
        is_heard = bool(done.count or done.rest)
        acting.tell(request, is_heard, done.words, "Nothing that matches may be treated so; nothing was changed.")
        return _back(request, wanted.but(before=done.rest))
    named = request.POST.getlist("item")
    if not named:
        messages.error(request, "Tick what is meant, or choose all that match. Nothing was changed.")
        return ""
    try:
        done_to, count = many.act_on_these(asked, wanted.kind, named)
    except wanting.Unheard as problem:
        messages.error(request, f"{problem} Nothing was changed.")
        return ""
    if asked.act == "pause":
        words = "Paused: what they belong to. The audit log says which."
    else:
        words = f"{done_to} of {count} {many.DONE[asked.act]}." if count > 1 else f"It is {many.DONE[asked.act]}."
    acting.tell(request, bool(done_to), words, "They had moved on, or may not be treated so; nothing was changed.")
    return ""


def _relay(text: str) -> Relay | None:
    """One that is switched on, by name or by number."""
    try:
        return Relay.objects.filter(active=True, name=names.find("relay", text)).first()
    except names.Missing:
        return None


def _back(request: HttpRequest, wanted: wanting.Wanted) -> str:
    if alone := request.POST.get("alone", ""):
        return reverse("item", args=[wanted.kind, alone]) if wanting.is_id(wanted.kind, alone) else reverse("items")
    return f"{reverse('items')}?{wanted.query}"
