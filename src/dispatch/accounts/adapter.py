"""How django-allauth and django-axes behave here: nobody signs up by themselves, no address of a visitor is kept."""

from collections.abc import Mapping
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from dispatch import vault


class ClosedAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Accounts are made by `dispatch user`, never by a visitor."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth's signature
        """Never."""
        return False


def no_ip_address(request: HttpRequest) -> str:  # noqa: ARG001 - axes' signature
    """What axes may know of a visitor's network: nothing."""
    return "0.0.0.0"  # noqa: S104 - a value, not a bind


def tried_account(request: HttpRequest, credentials: Mapping[str, Any] | None) -> str:
    """What axes counts failures by: a keyed hash of the address that was tried, however it was spelled."""
    tried = str((credentials or {}).get("email") or request.POST.get("login", ""))
    return vault.mac("sign-in attempt", tried.strip().casefold().encode(errors="replace")).hex()[:32]
