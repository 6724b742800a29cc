"""Who may open a page: roles in a row, each including those before it; and who must show their second factor first."""

from collections.abc import Callable
from functools import wraps
from urllib.parse import urlencode, urlsplit

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from dispatch.accounts import proof
from dispatch.accounts.models import Role, User

View = Callable[..., HttpResponseBase]
ORDER = (Role.EDITOR, Role.APPROVER, Role.OPERATOR, Role.ADMINISTRATOR)


def may(user: User, role: Role) -> bool:
    """Whether this person's role includes `role`."""
    return ORDER.index(Role(user.role)) >= ORDER.index(role)


def requires(role: Role, *, freshly: bool = False) -> Callable[[View], View]:
    """Only people of this role or above; others are asked to sign in, or told no.

    `freshly`: and who showed their second factor within a quarter of an hour.
    """

    def decorate(view: View) -> View:
        @login_required
        @wraps(view)
        def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            assert isinstance(request.user, User)
            if proof.is_too_old(request):
                logout(request)
                return redirect_to_login(request.get_full_path() if request.method == "GET" else "/")
            if not may(request.user, role):
                raise PermissionDenied(f"This page is for people whose role is {role.label.lower()} or above.")
            return prove(request, freshly=freshly) or view(request, *args, **kwargs)

        return guarded

    return decorate


def prove(request: HttpRequest, *, freshly: bool = True) -> HttpResponseRedirect | None:
    """Where to show one's second factor first; None when that was done. What was written in a form is not kept meanwhile."""
    page = proof.wanted(request, proof.FRESH if freshly else None)
    if not page:
        return None
    if request.method == "POST":
        messages.warning(request, "Nothing was done yet. Show that it is you, and then do it again.")
    back = request.get_full_path() if request.method != "POST" else urlsplit(request.headers.get("Referer", "")).path
    return HttpResponseRedirect(f"{reverse(page)}?{urlencode({'next': back or '/'})}")
