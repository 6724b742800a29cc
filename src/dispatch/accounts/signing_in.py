"""A sign-in link: good once, for fifteen minutes. Opening it shows a button, pressing that signs in: scanners open links."""

import hashlib
import secrets
from datetime import timedelta

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from axes.models import AccessAttempt
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from dispatch.accounts import audit, remembering, sessions
from dispatch.accounts.models import SignInLink, Token, User

VALID = timedelta(minutes=15)
ATTEMPTS_KEPT = timedelta(hours=2)  # longer than the hour for which an account is locked


def link(user: User, valid: timedelta = VALID) -> str:
    """The path of a fresh link for this person."""
    token = secrets.token_urlsafe(24)
    SignInLink.objects.create(user=user, token_hash=_hash(token), expires_at=timezone.now() + valid)
    return reverse("sign_in_link", args=[token])


def owner(token: str) -> User | None:
    """Whose link it is, while it is good."""
    found = SignInLink.objects.select_related("user").filter(
        token_hash=_hash(token), used_at=None, expires_at__gt=timezone.now(), user__is_active=True
    )
    first = found.first()
    return first.user if first else None


def use(token: str) -> User | None:
    """Use it up. Two at once: one gets in."""
    user = owner(token)
    used = SignInLink.objects.filter(token_hash=_hash(token), used_at=None).update(used_at=timezone.now())
    return user if used else None


def by_link(request: HttpRequest, user: User) -> HttpResponse:
    """Let the owner of a used link in, or ask for their second factor first."""
    record_authentication(request, user, "link")
    answer: HttpResponse = perform_login(request, user)
    return answer


def signed_in(request: HttpRequest, user: User, **_: object) -> None:
    """Told by allauth when somebody is in."""
    ways = [str(record["method"]) for record in get_authentication_records(request, user)]
    how = " and ".join({"mfa": "a second factor"}.get(way, way) for way in ways)
    sessions.begin(request)
    audit.record(user, "account.sign_in", f"user:{user.pk}", f"by {how}")


def sign_out(who: User | None, by: User | None, reason: str, *, programs: bool = True) -> int:
    """End every session and link of one person, or of everybody (None). How many sessions that were.

    `programs`: and every token. A changed role keeps them: what they may do is asked of the role at each call.
    """
    theirs_alone = {"user": who} if who else {}
    SignInLink.objects.filter(**theirs_alone).delete()
    if programs:
        Token.objects.filter(**theirs_alone, revoked_at=None).update(revoked_at=timezone.now())
    theirs = Session.objects.filter(pk__in=sessions.owned_by(who)) if who else Session.objects.all()
    ended, _ = theirs.delete()
    audit.record(by, "account.sign_out", f"user:{who.pk}" if who else "user:all", reason)
    return ended


def forget_traces() -> None:
    """Delete links, sessions, failed attempts and counts that no longer mean anything."""
    now = timezone.now()
    SignInLink.objects.filter(expires_at__lt=now).delete()
    Session.objects.filter(expire_date__lt=now).delete()
    AccessAttempt.objects.filter(attempt_time__lt=now - ATTEMPTS_KEPT).delete()
    remembering.forget_old()


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
