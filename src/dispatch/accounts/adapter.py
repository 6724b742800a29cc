"""How django-allauth and django-axes behave here: nobody signs up by themselves, no address of a visitor is kept."""

from collections.abc import Mapping
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest

from dispatch import vault
from dispatch.accounts.models import User

SECRETS = "second factor"


class ClosedAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Accounts are made by `dispatch user`, never by a visitor."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth's signature
        """Never."""
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Nothing: wrong passwords are counted by axes; allauth counts the codes of a second factor only."""

    def get_reauthentication_methods(self, user: User) -> list[dict[str, Any]]:
        """Whoever has a second factor proves themselves by that, not by their password."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        return [one for one in methods if one["id"] != "reauthenticate"] or methods

    def add_message(self, *args: Any, message: str | None = None, **more: Any) -> None:
        """Problems only: what went well is seen on the page that follows."""
        if message:
            super().add_message(*args, message=message, **more)


class SecondFactors(DefaultMFAAdapter):  # type: ignore[misc]  # allauth ships no types
    """Their secrets are sealed: a thief of the database cannot make codes."""

    def encrypt(self, text: str) -> str:
        """Before it is stored."""
        return vault.seal_lasting(text, SECRETS)

    def decrypt(self, encrypted_text: str) -> str:
        """Raises vault.Unreadable."""
        return vault.unseal_lasting(encrypted_text, SECRETS)


def no_ip_address(request: HttpRequest) -> str:  # noqa: ARG001 - axes' signature
    """What axes may know of a visitor's network: nothing."""
    return "0.0.0.0"  # noqa: S104 - a value, not a bind


def tried_account(request: HttpRequest, credentials: Mapping[str, Any] | None) -> str:
    """What axes counts failures by: a keyed hash of the address that was tried, however it was spelled."""
    tried = str((credentials or {}).get("email") or request.POST.get("login", ""))
    return vault.mac("sign-in attempt", tried.strip().casefold().encode(errors="replace")).hex()[:32]
