"""Lists that leave: who asks, who agrees, and the file, which only the holder of a key can read."""

import tempfile
from collections.abc import Container
from typing import cast

from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from dispatch.accounts import permissions
from dispatch.accounts.models import Role, User
from dispatch.audience import exporting
from dispatch.audience.models import Export, Honey
from dispatch.desk import acting, forms

SHOWN = 50


@permissions.requires(Role.OPERATOR)
@require_safe
def exports(request: HttpRequest) -> HttpResponse:
    """What was asked for, the latest first, and the form to ask."""
    latest = Export.objects.select_related("newsletter", "asked_by", "agreed_by")
    seen = _seen()
    shown = [(one, _state(one, seen), seen.get(one.pk, [])) for one in latest.order_by("-pk")[:SHOWN]]
    has_honey = bool(settings.HONEY_DOMAINS)
    return render(request, "desk/exports.html", {"exports": shown, "form": forms.Leaving(), "has_honey": has_honey})


@permissions.requires(Role.OPERATOR, freshly=True)
@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for a list; nothing leaves before a second person has agreed."""
    form = forms.Leaving(request.POST)
    if not form.is_valid():
        messages.error(request, str(next(iter(form.errors.values()))[0]))
        return redirect("exports")
    given = form.cleaned_data
    try:
        exporting.ask(given["newsletter"], given["form"], given["recipient"], given["reason"], _user(request))
    except exporting.Unsuited as problem:
        messages.error(request, f"{problem} Nothing was changed.")
    else:
        messages.success(request, "Asked for. A second operator has a day to agree.")
    return redirect("exports")


@permissions.requires(Role.OPERATOR, freshly=True)
@require_POST
def act(request: HttpRequest, number: int, act: str) -> HttpResponse:
    """Agree to somebody else's, or withdraw one."""
    get_object_or_404(Export, pk=number)
    if act not in {"agree", "withdraw"}:
        raise Http404
    if why := acting.reason(request):
        do, words = (exporting.agree, "Agreed.") if act == "agree" else (exporting.withdraw, "Withdrawn.")
        acting.tell(request, do(number, _user(request), why), words, "That cannot be done to it; nothing was changed.")
    return redirect("exports")


@permissions.requires(Role.OPERATOR, freshly=True)
@require_POST
def take(request: HttpRequest, number: int) -> HttpResponseBase:
    """The sealed file, once, to the person who asked for it."""
    export = get_object_or_404(Export.objects.select_related("newsletter"), pk=number)
    sealed = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it; what is in it is encrypted
    if not exporting.take(number, _user(request), sealed):
        sealed.close()
        messages.warning(request, "It cannot be taken (any more); nothing was changed.")
        return redirect("exports")
    sealed.seek(0)
    answer = FileResponse(sealed, as_attachment=True, filename=exporting.file_name(export))
    answer["Cache-Control"] = "no-store"
    return answer


def _seen() -> dict[int, list[Honey]]:
    """Invented readers that turned up, by their export."""
    found: dict[int, list[Honey]] = {}
    for one in Honey.objects.filter(file__startswith="export:").exclude(seen_at=None).order_by("seen_at"):
        found.setdefault(int(one.file.partition(":")[2]), []).append(one)
    return found


def _state(export: Export, seen: Container[int]) -> str:
    """As desk.states names it."""
    if export.pk in seen:
        return "seen"
    if export.taken_at:
        return "taken"
    if export.expires_at <= timezone.now():
        return "over"
    return "agreed" if export.agreed_at else "asked"


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)
