"""Signing in by link, and one's own account: where one is signed in, and one's password."""

from typing import cast

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dispatch import saying
from dispatch.accounts import audit, permissions, proof, sessions, signing_in
from dispatch.accounts.models import Role, User

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_link(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows whose link it is, POST signs in."""
    if request.method != "POST":
        owner = signing_in.owner(token)
        return render(request, "account/link.html", {"owner": owner}, status=200 if owner else 410)
    user = signing_in.use(token)
    if user is None:
        return render(request, "account/link.html", {"owner": None}, status=410)
    return signing_in.by_link(request, user)


@permissions.requires(Role.EDITOR)
@require_safe
def own(request: HttpRequest) -> HttpResponse:
    """Where one is signed in, and what one signs in with."""
    user = _user(request)
    shown = {"sessions": sessions.of(user, request.session.session_key), "has_factor": proof.has(user)}
    return render(request, "account/own.html", shown)


@permissions.requires(Role.EDITOR)
@require_POST
def end_sessions(request: HttpRequest) -> HttpResponse:
    """One of one's own, by name, or all others."""
    name = request.POST.get("name", "")
    reason = "one of their own" if name else "all others of their own"
    ended = sessions.end(_user(request), name=name, but=request.session.session_key, reason=reason)
    messages.success(request, f"{saying.many(ended, 'session')} ended.")
    return redirect("account_own")


@permissions.requires(Role.EDITOR, freshly=True)
@require_http_methods(["GET", "HEAD", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Choose one, or another: the old one is asked for. Every other session ends."""
    user = _user(request)
    kind = PasswordChangeForm if user.has_usable_password() else SetPasswordForm
    form = kind(user, request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render(request, "account/password.html", {"form": form, "is_first": kind is SetPasswordForm})
    form.save()
    update_session_auth_hash(request, user)
    audit.record(user, "account.password", f"user:{user.pk}")
    sessions.end(user, but=request.session.session_key, reason="a new password")
    messages.success(request, "That is your password now. Wherever else you were signed in, you are not any more.")
    return redirect("account_own")


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)
