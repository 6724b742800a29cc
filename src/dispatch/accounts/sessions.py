"""Where somebody is signed in: each of their sessions, by the browser that it began in. No network address is kept."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.utils import timezone

from dispatch.accounts import audit
from dispatch.accounts.models import User

BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
"""What a browser says of itself, the particular before the general: Chrome calls itself Safari, too."""
WHERE = "where"


@dataclass(frozen=True)
class SignedIn:
    """One session. `name` tells it from the person's others and signs nobody in."""

    name: str
    where: str  # "Firefox, Linux"
    since: datetime | None
    is_this: bool


def begin(request: HttpRequest) -> None:
    """Note in a fresh session which browser it is in."""
    request.session[WHERE] = described(request.headers.get("User-Agent", ""))


def described(agent: str) -> str:
    """What a browser says of itself, as coarse as a person knows it: "Firefox, Linux"."""
    browser, system = (next((name for sign, name in signs if sign in agent), "") for signs in (BROWSERS, SYSTEMS))
    return ", ".join(filter(None, (browser, system))) or "A program"


def of(user: User, this: str | None = None) -> list[SignedIn]:
    """Theirs that are still good, the newest first; `this` is the key of the one who looks."""
    found = [_told(key, said, this) for key, said in _theirs(user)]
    oldest = timezone.now() - timedelta(seconds=settings.SESSION_COOKIE_AGE)
    good = [one for one in found if one.since is None or one.since > oldest]
    return sorted(good, key=lambda one: (one.is_this, one.since or oldest), reverse=True)


def end(user: User, *, name: str = "", but: str | None = None, reason: str) -> int:
    """End the one of this name, or all but the one with the key `but`. How many that were."""
    keys = [key for key, _ in _theirs(user) if (_name(key) == name if name else key != but)]
    ended, _ = Session.objects.filter(pk__in=keys).delete()
    if ended:
        audit.record(user, "account.sessions", f"user:{user.pk}", reason)
    return ended


def owned_by(user: User) -> list[str]:
    """The keys of all their sessions."""
    return [key for key, _ in _theirs(user)]


def _theirs(user: User) -> list[tuple[str, dict[str, object]]]:
    living = Session.objects.filter(expire_date__gt=timezone.now())
    opened = ((one.pk, one.get_decoded()) for one in living)
    return [(key, said) for key, said in opened if str(said.get(SESSION_KEY, "")) == str(user.pk)]


def _told(key: str, said: dict[str, object], this: str | None) -> SignedIn:
    records = said.get(AUTHENTICATION_METHODS_SESSION_KEY)
    since = datetime.fromtimestamp(records[0]["at"], UTC) if isinstance(records, list) and records else None
    return SignedIn(_name(key), str(said.get(WHERE, "")) or "A program", since, key == this)


def _name(key: str) -> str:
    return hashlib.sha256(f"session {key}".encode()).hexdigest()[:16]
