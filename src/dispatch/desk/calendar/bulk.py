"""Posts planned from a file: a look first, which plans nothing; then all that was shown, or nothing."""

import base64
import binascii
from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dispatch import saying
from dispatch.accounts import desks, permissions
from dispatch.accounts.models import Role, User
from dispatch.social import bulk as planning
from dispatch.social import sheets
from dispatch.social.bulk import Look, Refused
from dispatch.social.bulk_lines import Outcome
from dispatch.social.models import Channel

NOTHING = "Nothing was planned."
WHY_NOT = {
    Refused.CHANGED: f"Something changed since that look. {NOTHING} Here is how it is now.",
    Refused.DONE: "These are planned already; nothing was planned twice.",
    Refused.EMPTY: f"No line of it can be planned. {NOTHING}",
}
TYPE = "text/csv; charset=utf-8"


@permissions.requires(Role.EDITOR)
@require_http_methods(["GET", "HEAD", "POST"])
def bulk(request: HttpRequest) -> HttpResponse:
    """GET asks for a file; POST looks at it."""
    if request.method != "POST":
        return _page(request)
    brought = request.FILES.get("file")
    if brought is None or brought.size is None or brought.size > sheets.LARGEST:
        messages.error(request, f"Choose a CSV file of at most {saying.size(sheets.LARGEST)}. {NOTHING}")
        return redirect("bulk")
    return _looked(request, brought.read())


@permissions.requires(Role.EDITOR)
@require_POST
def plan(request: HttpRequest) -> HttpResponse:
    """All that was shown, if it is still so."""
    content = _content(request)
    try:
        made = planning.plan(content, request.POST.get("seen", "")[:64], _user(request))
    except sheets.Unusable as problem:
        messages.error(request, f"{problem} {NOTHING}")
        return redirect("bulk")
    if isinstance(made, Refused):
        messages.warning(request, WHY_NOT[made])
        return redirect("bulk") if made is Refused.DONE else _looked(request, content)
    messages.success(request, f"{saying.many(made, 'post')} planned.")
    return redirect(f"{reverse('calendar')}?view=agenda")


@permissions.requires(Role.EDITOR)
@require_POST
def results(request: HttpRequest) -> HttpResponse:
    """The file with what would become of each line."""
    try:
        return _file(planning.results(planning.look(_content(request), _user(request))), "posts-results.csv")
    except sheets.Unusable as problem:
        messages.error(request, f"{problem} {NOTHING}")
        return redirect("bulk")


@permissions.requires(Role.EDITOR)
@require_safe
def template(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """A file to begin with."""
    return _file(sheets.template(), "posts.csv")


def _looked(request: HttpRequest, content: bytes) -> HttpResponse:
    try:
        return _page(request, planning.look(content, _user(request)), content)
    except sheets.Unusable as problem:
        messages.error(request, f"{problem} {NOTHING}")
        return redirect("bulk")


def _page(request: HttpRequest, look: Look | None = None, content: bytes = b"") -> HttpResponse:
    channels = Channel.objects.filter(active=True).defer("credentials").order_by("slug")
    shown = {
        "look": look,
        "content": base64.b64encode(content).decode(),
        "sections": [(outcome, [row for row in look.rows if row.outcome is outcome]) for outcome in SHOWN]
        if look
        else [],
        "channels": [(one.slug, one.name) for one in desks.visible(_user(request), channels)],
        "most": sheets.MOST,
        "largest": saying.size(sheets.LARGEST),
    }
    return render(request, "desk/bulk.html", shown)


SHOWN = (Outcome.PROBLEM, Outcome.PLAN, Outcome.STANDS)


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)


def _content(request: HttpRequest) -> bytes:
    """The file as the page of the look sends it back; empty where that was damaged."""
    try:
        return base64.b64decode(request.POST.get("content", ""), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _file(text: str, name: str) -> HttpResponse:
    return HttpResponse(text, content_type=TYPE, headers={"Content-Disposition": f'attachment; filename="{name}"'})
