"""People of the newsroom, what they may do, and what they did."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractUser
from django.db import models


class Role(models.TextChoices):
    """What a person may do; each one includes those before it, but for the administrator's keys."""

    EDITOR = "editor", "Editor"
    APPROVER = "approver", "Approver"
    OPERATOR = "operator", "Operator"
    ADMINISTRATOR = "administrator", "Administrator"


class People(BaseUserManager["User"]):
    """Makes users; a person is known by their e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Add a person. Without a password they come in by a sign-in link only."""
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class Desk(models.Model):
    """A part of the newsroom, with newsletters and channels of its own. See desks.py."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)


class User(AbstractUser):
    """One person of the newsroom."""

    username = None  # type: ignore[assignment]  # the address is the name
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    role = models.CharField(max_length=16, choices=Role, default=Role.EDITOR)
    desks = models.ManyToManyField(Desk, related_name="people", blank=True)  # where they act; none: everywhere

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[People] = People()  # type: ignore[assignment]


class SignInLink(models.Model):
    """A link that signs its owner in once, within minutes; only its hash is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE)
    token_hash = models.BinaryField(max_length=32, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class Remembered(models.Model):
    """What every process is to know for some minutes: tries counted, codes used up. See remembering.py."""

    key = models.BinaryField(max_length=32, primary_key=True)  # a keyed hash: what it is about is not told
    value = models.JSONField(null=True)
    until = models.DateTimeField(null=True, db_index=True)


class Presence(models.Model):
    """Someone has a page open, or had it open a moment ago. See presence.py."""

    subject = models.CharField(max_length=60)  # what the page is about: "story:12"
    who = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    seen_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subject", "who"], name="once_a_page")]


class Stop(models.Model):
    """A STOP that someone pulled: nothing of its scope leaves until it is lifted. Read inside every claiming statement."""

    class Scope(models.TextChoices):
        EVERYTHING = "everything"
        NEWSLETTER = "newsletter"
        CHANNEL = "channel"

    scope = models.CharField(max_length=12, choices=Scope)
    target = models.BigIntegerField(null=True)  # the newsletter's or channel's id
    reason = models.CharField(max_length=300)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["scope", "target"], name="stop_in_force", condition=models.Q(lifted_at=None))]


class AuditEntry(models.Model):
    """Who did what, and why. Each entry's hash covers the one before it, so a quiet edit shows. No personal data."""

    at = models.DateTimeField()
    # Whoever acted is made inactive, never deleted: to forget them here would break the chain.
    who = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    act = models.CharField(max_length=60)  # "send.pause", "post.drop"
    target = models.CharField(max_length=80)  # "send:12"
    reason = models.CharField(max_length=300, blank=True)
    via = models.CharField(
        max_length=80, blank=True
    )  # "token:4 Calendar": the program that did it for them; else empty
    previous = models.BinaryField(max_length=32)
    hash = models.BinaryField(max_length=32)

    class Meta:
        indexes = [models.Index(fields=["target", "id"], name="audit_of")]  # the history of one thing


class Token(models.Model):
    """What a program shows to act for its person, within their rights; only its hash is kept. See api/tokens.py."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=60)  # what it is for, as its person calls it
    hash = models.BinaryField(max_length=32, unique=True)
    hint = models.CharField(max_length=4)  # its first characters, to tell it from others
    scopes = models.JSONField(default=list)  # of api.tokens.Scope
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_on = models.DateField(null=True)  # the day is enough to see whether it is still in use
    revoked_at = models.DateTimeField(null=True)
    paid_until = models.DateTimeField(null=True)  # how far its calls have used up its rate; see api/sql/admit.sql


class LostFactor(models.Model):
    """Somebody says that they lost their second factor; two others see to it, and then it waits. See losing.py."""

    class State(models.TextChoices):
        UNREAD = "unread"  # nobody has looked yet whether there is such a person
        ASKED = "asked"
        GRANTED = "granted"  # by one
        AGREED = "agreed"  # by a second; it waits until due_at
        DONE = "done"
        STOPPED = "stopped"
        OVER = "over"  # nobody saw to it in time

    asked_as = models.BinaryField(
        max_length=32
    )  # a keyed hash of the address that was typed; empty where nobody typed one
    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="lost_factors")
    state = models.CharField(max_length=8, choices=State, default=State.UNREAD)
    asked_at = models.DateTimeField(auto_now_add=True)
    granted_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    granted_at = models.DateTimeField(null=True)
    agreed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    due_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                name="one_lost_factor_at_once",
                condition=models.Q(state__in=["asked", "granted", "agreed"]),
            ),
            models.CheckConstraint(
                name="two_others_see_to_it",
                condition=~models.Q(agreed_by=models.F("granted_by"))
                & ~models.Q(granted_by=models.F("user"))
                & ~models.Q(agreed_by=models.F("user")),
            ),
        ]
