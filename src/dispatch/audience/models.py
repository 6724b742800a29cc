"""Newsletters, who reads them, and who must not be written to."""

import zoneinfo

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models


def check_zone(name: str) -> None:
    """Raises ValidationError where no IANA time zone has this name."""
    try:
        zoneinfo.ZoneInfo(name)
    except (ValueError, zoneinfo.ZoneInfoNotFoundError, OSError) as error:
        raise ValidationError("There is no such time zone; an IANA name is like Europe/Vilnius.") from error


class Newsletter(models.Model):
    """What a reader subscribes to."""

    class Cadence(models.TextChoices):
        EACH = "each", "Each article at once"
        DAILY = "daily", "Daily digest"
        WEEKLY = "weekly", "Weekly digest"

    slug = models.SlugField(unique=True)
    names = models.JSONField(default=dict)  # {"en": "Office news", "be": "Навіны Офіса"}
    languages = ArrayField(models.CharField(max_length=12), default=list)
    topics = ArrayField(
        models.CharField(max_length=80), default=list, blank=True
    )  # articles with one of these; none: all
    cadence = models.CharField(max_length=8, choices=Cadence, default=Cadence.EACH)
    at = models.TimeField(default="08:00")  # wall-clock time of a digest
    weekday = models.PositiveSmallIntegerField(default=0)  # 0 Monday, for a weekly digest
    zone = models.CharField(max_length=64, default="Europe/Vilnius", validators=[check_zone])
    from_name = models.CharField(max_length=120)
    from_address = models.EmailField()
    reply_to = models.EmailField(blank=True)
    template = models.SlugField(default="", blank=True)  # folder in templates/email/; empty: by cadence
    picture_hosts = ArrayField(models.CharField(max_length=200), default=list, blank=True)  # may be loaded by a mail
    ambiguity = models.CharField(
        max_length=12, default="resend_once", choices=[("resend_once", "Resend once"), ("never_twice", "Never twice")]
    )
    active = models.BooleanField(default=True)


class Subscriber(models.Model):
    """A reader. The address and name open with the vault's keys only."""

    address = models.BinaryField()  # sealed for "subscriber:<id>:address"
    address_index = models.BinaryField(max_length=32, unique=True)  # vault.blind_index of the normalised address
    name = models.BinaryField(null=True)  # sealed for "subscriber:<id>:name"
    provider_class = models.PositiveSmallIntegerField(default=0)  # audience.addresses.ProviderClass
    created_at = models.DateTimeField(auto_now_add=True)


class Subscription(models.Model):
    """One reader's wish for one newsletter."""

    class Frequency(models.TextChoices):
        EACH = "each"
        DAILY = "daily"
        WEEKLY = "weekly"

    class State(models.TextChoices):
        ACTIVE = "active"
        LEFT = "left"

    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="subscriptions")
    newsletter = models.ForeignKey(Newsletter, on_delete=models.CASCADE, related_name="subscriptions")
    language = models.CharField(max_length=12)
    second_language = models.CharField(max_length=12, blank=True)
    topics = ArrayField(models.CharField(max_length=80), default=list, blank=True)  # none: all
    frequency = models.CharField(max_length=8, choices=Frequency, blank=True)  # blank: the newsletter's cadence
    state = models.CharField(max_length=8, choices=State, default=State.ACTIVE)
    handle = models.BinaryField(max_length=8, unique=True)  # random; with its keyed hash it makes the reader's token
    consent_source = models.CharField(max_length=120, blank=True)
    consented_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subscriber", "newsletter"], name="one_subscription_each")]
        indexes = [
            models.Index(fields=["newsletter", "subscriber"], name="readers_of", condition=models.Q(state="active")),
            models.Index(fields=["left_at"], name="who_left", condition=models.Q(state="left")),
        ]


class Suppression(models.Model):
    """An address that is not written to, known by its blind index only."""

    class Reason(models.TextChoices):
        BOUNCED = "bounced"
        COMPLAINED = "complained"
        ERASED = "erased"
        REFUSED = "refused"

    address_index = models.BinaryField(max_length=32, unique=True)
    reason = models.CharField(max_length=12, choices=Reason)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True)
