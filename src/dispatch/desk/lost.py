"""A lost second factor at the desk: anybody may say that they lost theirs; administrators see to it; its owner stops it."""

from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from dispatch.accounts import losing, permissions
from dispatch.accounts.models import LostFactor, Role, User
from dispatch.desk import acting


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """The same answer whatever is typed: it tells nobody who works here."""
    address = request.POST.get("address", "").strip()[:254] if request.method == "POST" else ""
    if address:
        losing.ask(address)
    return render(request, "account/lost.html", {"is_asked": bool(address)})


@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, number: int, token: str) -> HttpResponse:
    """From a letter, signed in or not: GET shows what POST does, since scanners open links."""
    if not losing.is_stop_token(number, token):
        raise Http404
    is_open = LostFactor.objects.filter(pk=number, state__in=losing.OPEN).exists()
    is_stopped = False
    if request.method == "POST":
        owner = User.objects.filter(lost_factors=number).first()
        is_stopped = losing.stop(number, owner, "by the link in the letter")
    status = 200 if is_open else 410
    return render(request, "account/lost_stop.html", {"is_open": is_open, "is_stopped": is_stopped}, status=status)


@permissions.requires(Role.ADMINISTRATOR, freshly=True)
@require_POST
def act(request: HttpRequest, number: int, act: str) -> HttpResponse:
    """Agree to what another administrator granted, or stop it."""
    if act not in {"agree", "stop"}:
        raise Http404
    if why := acting.reason(request):
        do, words = (
            (losing.agree, "Agreed. Its owner is told, and the waiting time runs.")
            if act == "agree"
            else (losing.stop, "Stopped. The second factor stays, and its owner is told.")
        )
        try:
            acting.tell(request, do(number, _user(request), why), words, "It is over already; nothing was changed.")
        except losing.NotYours as problem:
            messages.error(request, str(problem))
    return redirect("people")


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)
