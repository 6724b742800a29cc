"""Tokens: how a program proves for whom it acts. Shown once, kept as a hash, weaker than their person in every way.

`dsp_`, thirty random characters (178 bits) and six that check them, so that a scanner of leaked secrets can tell a token from
chance without asking anybody. What a token may do is the least of its scopes and of its person's role, asked at each call.
"""

import hashlib
import re
import secrets
import zlib
from collections.abc import Iterable
from datetime import timedelta

from django.db import models, transaction
from django.utils import timezone

from dispatch.accounts import audit, permissions
from dispatch.accounts.models import Role, Token, User

PREFIX = "dsp_"
LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
LONG, CHECK = 30, 6
SHAPE = re.compile(rf"{PREFIX}([0-9A-Za-z]{{{LONG}}})([0-9A-Za-z]{{{CHECK}}})")
LONGEST = timedelta(days=365)


class Scope(models.TextChoices):
    """What a token may be good for. Nothing here puts mail on the wire, lifts a STOP, exports, or reads an address."""

    STORIES = "stories", "Read stories"
    EMBARGOED = "stories:embargoed", "Read stories under embargo, and what is planned of them"
    POSTS = "posts", "Read posts, channels and the calendar"
    EDITIONS = "editions", "Read newsletters, editions and how far they are"
    QUEUE = "queue", "Read STOPs, health and the queue’s numbers"
    AUDIT = "audit", "Read the audit log"
    DRAFT = "posts:draft", "Write posts that are not out"
    SCHEDULE = "posts:schedule", "Plan, post, retry and drop posts, and settle unknown ones"
    ARRANGE = "editions:draft", "Arrange, word and check editions that have not left; begin corrections; note clicks"
    CHANGE = "posts:change", "Edit and take back posts that are out"
    PAUSE = "sends:pause", "Pause mail"
    STOP = "stop:pull", "Pull a STOP"
    CHANNELS = "channels:change", "Set when channels post"


OPERATORS = frozenset({Scope.AUDIT, Scope.STOP, Scope.CHANNELS})
"""Of no use in the hands of whoever has a lower role."""


def mint(user: User, name: str, scopes: Iterable[str], days: int) -> tuple[Token, str]:
    """A fresh token, and its secret, which nobody can be shown again. `days`: 1 to 365."""
    wanted = [Scope(one) for one in scopes]
    assert timedelta(days=1) <= timedelta(days=days) <= LONGEST
    secret = _secret()
    with transaction.atomic():
        token = Token.objects.create(
            user=user,
            name=name,
            hash=_hash(secret),
            hint=secret[len(PREFIX) :][:4],
            scopes=sorted(wanted),
            expires_at=timezone.now() + timedelta(days=days),
        )
        audit.record(user, "token.make", f"token:{token.pk}", f"{name}: {', '.join(token.scopes)}"[:300])
    return token, secret


def find(secret: str) -> Token | None:
    """Whose it is, while it is good and their account is open."""
    if not is_shaped(secret):
        return None
    living = Token.objects.filter(hash=_hash(secret), revoked_at=None, expires_at__gt=timezone.now())
    return living.filter(user__is_active=True).select_related("user").first()


def is_shaped(secret: str) -> bool:
    """Whether it can be a token at all: its last characters check the others."""
    found = SHAPE.fullmatch(secret)
    return found is not None and secrets.compare_digest(found[2], _check(found[1]))


def revoke(token: Token, by: User) -> bool:
    """Not good any more from now on. False: it was not already."""
    with transaction.atomic():
        ended = Token.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())
        if ended:
            audit.record(by, "token.revoke", f"token:{token.pk}", token.name)
    return bool(ended)


def offered(user: User) -> list[Scope]:
    """What a token of theirs could be good for."""
    return [scope for scope in Scope if scope not in OPERATORS or permissions.may(user, Role.OPERATOR)]


def _secret() -> str:
    random = "".join(secrets.choice(LETTERS) for _ in range(LONG))
    return f"{PREFIX}{random}{_check(random)}"


def _check(random: str) -> str:
    """CRC-32 of the random part, in 62 digits."""
    rest, digits = zlib.crc32(random.encode()), ""
    for _ in range(CHECK):
        rest, digit = divmod(rest, len(LETTERS))
        digits = LETTERS[digit] + digits
    return digits


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
