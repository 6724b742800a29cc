"""Signing in by link."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from dispatch.accounts import signing_in

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
