"""The second factor: everybody needs one, and what cannot be undone asks for it anew.

A passkey or an authenticator's code. A recovery code counts as one, once: whoever lost their phone gets in by it.
"""

import time
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import HttpRequest

from dispatch.accounts import audit, sessions
from dispatch.accounts.models import User

FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
FRESH = 15 * 60


def has(user: User) -> bool:
    """Whether they have set one up."""
    return bool(is_mfa_enabled(user, FACTORS))


def wanted(request: HttpRequest, within: float | None = None) -> str:
    """The name of the page to go to first: setting one up, or showing it. Empty when it was shown, or nobody needs one.

    `within`: seconds; else any time since signing in.
    """
    assert isinstance(request.user, User)
    if not settings.SECOND_FACTOR or _was_shown(request, within):
        return ""
    if not has(request.user):
        return "mfa_index"
    types = Authenticator.objects.filter(user=request.user).values_list("type", flat=True)
    return "mfa_reauthenticate" if Authenticator.Type.TOTP in types else "mfa_reauthenticate_webauthn"


def is_too_old(request: HttpRequest) -> bool:
    """Whether they signed in longer ago than a session lasts: its cookie begins anew with each change, this does not."""
    records = get_authentication_records(request, request.user)
    return bool(records) and time.time() - records[0]["at"] > settings.SESSION_COOKIE_AGE


def forget(user: User, by: User | None, reason: str) -> None:
    """Take away what they lost, recovery codes included; at the next sign-in they set up another."""
    Authenticator.objects.filter(user=user).delete()
    audit.record(by, "account.factor_forgotten", f"user:{user.pk}", reason)


def added(request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    """Told by allauth when somebody set one up: with it in hand, which is proof enough for the next minutes."""
    if authenticator.type in FACTORS:
        record_authentication(request, user, "mfa", id=authenticator.pk, type=authenticator.type, reauthenticated=True)
        sessions.end(user, but=request.session.session_key, reason="a further factor")
    audit.record(user, "account.factor_added", f"user:{user.pk}", str(authenticator.type))


def removed(request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    """Told by allauth when somebody took one away: who is signed in elsewhere, perhaps by that one, is not any more."""
    sessions.end(user, but=request.session.session_key, reason="a factor less")
    audit.record(user, "account.factor_removed", f"user:{user.pk}", str(authenticator.type))


def renewed(user: User, **_: Any) -> None:
    """Told by allauth when somebody made new recovery codes."""
    audit.record(user, "account.recovery_codes", f"user:{user.pk}")


def _was_shown(request: HttpRequest, within: float | None) -> bool:
    since = time.time() - within if within else 0
    records = get_authentication_records(request, request.user)
    return any(record["method"] == "mfa" and record["at"] > since for record in records)
