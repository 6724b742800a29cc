"""What was answered to programs, and what is told to others: endpoints, events on their way, attempts to deliver them."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from dispatch.accounts.models import Token


class Answered(models.Model):
    """An answer to a POST with an Idempotency-Key, kept for a day. No personal data: answers hold none."""

    token = models.ForeignKey(Token, on_delete=models.CASCADE, related_name="+")
    key = models.BinaryField(max_length=32, unique=True)  # vault.mac of the token and the key
    said = models.BinaryField(max_length=32)  # SHA-256 of what was asked
    at = models.DateTimeField(db_index=True)
    status = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=80)
    headers = models.JSONField(default=dict)
    body = models.TextField()


class Endpoint(models.Model):
    """Where others want to be told of what happens here."""

    name = models.CharField(max_length=60)
    url = models.URLField(max_length=500)
    events = ArrayField(models.CharField(max_length=40))  # of api.events.KINDS
    secrets = models.BinaryField()  # sealed for "endpoint:<id>:secrets": one a line, the newest first
    rotated_at = models.DateTimeField(null=True)  # the one before the newest signs too, for a day from here
    active = models.BooleanField(default=True)
    trouble = models.CharField(max_length=300, blank=True)  # why it was switched off, or what went wrong last
    failing_since = models.DateTimeField(null=True)  # since its last success nothing got through
    created_at = models.DateTimeField(auto_now_add=True)


class Delivery(models.Model):
    """An event on its way to an endpoint: the outbox. Written by triggers, in the transaction of the change itself."""

    class State(models.TextChoices):
        WAITING = "waiting"
        DELIVERED = "delivered"
        FAILED = "failed"  # for three days nobody took it
        VOID = "void"  # its endpoint was switched off first

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="deliveries")
    kind = models.CharField(max_length=40)
    data = models.JSONField()  # ids and states
    story = models.BigIntegerField(null=True)  # under whose embargo it waits
    edition = models.BigIntegerField(null=True)  # likewise, of any story in it
    at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    due_at = models.DateTimeField()
    attempts_made = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    rung_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], name="delivery_due", condition=models.Q(state="waiting")),
            models.Index(fields=["at"], name="delivery_age"),
        ]

    @property
    def message_id(self) -> str:
        """The webhook-id: the same in each attempt."""
        return f"msg_{self.pk}"


class Attempted(models.Model):
    """One attempt to deliver an event."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="attempts")
    at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)  # None: no answer
    took_ms = models.PositiveIntegerField()
    answer = models.CharField(max_length=200, blank=True)  # the beginning, addresses masked; or why there is none
