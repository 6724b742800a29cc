"""One's own tokens: made with a fresh second factor, shown once, ended at any time."""

from typing import cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from dispatch.accounts import permissions
from dispatch.accounts.models import Role, Token, User
from dispatch.api import tokens

SPANS = ((30, "A month"), (90, "Three months"), (365, "A year"))


class Minting(forms.Form):
    """What a token is for, what it may do, and how long it is good."""

    name = forms.CharField(max_length=60, error_messages={"required": "Say what it is for. No token was made."})
    days = forms.TypedChoiceField(choices=SPANS, coerce=int)
    scopes = forms.MultipleChoiceField(error_messages={"required": "Choose what it may do. No token was made."})

    def __init__(self, user: User, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["scopes"].choices = [(one.value, one.label) for one in tokens.offered(user)]  # type: ignore[attr-defined]


@permissions.requires(Role.EDITOR)
@require_safe
def own(request: HttpRequest) -> HttpResponse:
    """Those one has, and the form for another."""
    return _page(request)


@permissions.requires(Role.EDITOR, freshly=True)
@require_POST
def make(request: HttpRequest) -> HttpResponse:
    """Make one. It stands in this answer, and nowhere else, ever."""
    form = Minting(_user(request), request.POST)
    if not form.is_valid():
        messages.error(request, str(next(iter(form.errors.values()))[0]))
        return redirect("tokens")
    given = form.cleaned_data
    token, secret = tokens.mint(_user(request), given["name"], given["scopes"], given["days"])
    return _page(request, fresh=token, secret=secret)


@permissions.requires(Role.EDITOR)
@require_POST
def revoke(request: HttpRequest, number: int) -> HttpResponse:
    """End one of one's own; an administrator ends anybody's by signing them out."""
    token = get_object_or_404(Token, pk=number, user=_user(request))
    if tokens.revoke(token, _user(request)):
        messages.success(request, f"{token.name} is not good any more.")
    else:
        messages.warning(request, "It was not good any more; nothing was changed.")
    return redirect("tokens")


def _page(request: HttpRequest, fresh: Token | None = None, secret: str = "") -> HttpResponse:
    mine = Token.objects.filter(user=_user(request)).order_by("-pk")
    living = mine.filter(revoked_at=None, expires_at__gt=timezone.now())
    shown = {
        "tokens": living,
        "ended": mine.exclude(pk__in=living)[:10],
        "scopes": [(one.value, one.label) for one in tokens.offered(_user(request))],
        "spans": SPANS,
        "fresh": fresh,
        "secret": secret,
    }
    return render(request, "api/tokens.html", shown)


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)
