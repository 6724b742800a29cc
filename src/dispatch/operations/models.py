"""What operators' pages keep of their own: how much flowed when, how much of it came back, and acts upon many readers that
are still being done."""

from django.conf import settings
from django.db import models


class Flow(models.Model):
    """What flowed in one stretch of time: how much, with which outcome, how late. See flowing.py."""

    class Kind(models.TextChoices):
        ARTICLE = "article"
        RENDER = "render"
        MAIL = "mail"
        POST = "post"
        SEND = "send"  # an edition's mail begins
        MAILING = "mailing"  # mail once more, by newsletter

    at = models.DateTimeField()  # when the stretch begins
    minutes = models.PositiveSmallIntegerField(default=1)  # how long it is: 1, later a quarter of an hour
    kind = models.CharField(max_length=8, choices=Kind)
    part = models.CharField(max_length=80, blank=True)  # "main/1" for mail, a channel's or newsletter's slug
    outcome = models.CharField(max_length=10)  # sent, deferred, refused, unknown
    count = models.PositiveBigIntegerField(default=0)
    late = models.FloatField(default=0)  # seconds, of all together, where the kind has a moment that it was due
    latest = models.FloatField(default=0)  # seconds, of the latest

    class Meta:
        constraints = [models.UniqueConstraint(fields=["at", "minutes", "kind", "part", "outcome"], name="flowed_once")]


class FlowMark(models.Model):
    """Up to where a counter that only grows is in the flow."""

    counter = models.CharField(max_length=120, unique=True)  # "main/gmail/accepted"
    total = models.PositiveBigIntegerField()
    late = models.FloatField(default=0, db_default=0)  # likewise of its seconds


class FlowLook(models.Model):
    """When the clock last wrote down what flowed: one row, from which the next look goes on."""

    at = models.DateTimeField()


class ReturnedShare(models.Model):
    """How many of the last days' letters came back, by the way they went, as the clock last summed it. See returned.py."""

    relay = models.CharField(max_length=80)
    provider = models.PositiveSmallIntegerField()  # audience.addresses.ProviderClass
    kind = models.CharField(max_length=10)  # hard, complaint
    count = models.PositiveBigIntegerField()
    letters = models.PositiveBigIntegerField()  # that went this way

    class Meta:
        constraints = [models.UniqueConstraint(fields=["relay", "provider", "kind"], name="share_summed_once")]


class Sweep(models.Model):
    """An act upon all readers of some heaps, done a part at a time by the clock: nobody waits for a million rows."""

    class Act(models.TextChoices):
        RETRY = "retry"
        DROP = "drop"
        MOVE = "move"

    act = models.CharField(max_length=5, choices=Act)
    wanted = models.JSONField()  # filters.Wanted as its address says it: {"kind": "reader", "state": "deferred"}
    relay = models.BigIntegerField(default=0)  # of a move
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.CharField(max_length=300)
    asked_at = models.DateTimeField()
    # By send, its entry in the audit log, which the pasts of those whom it reached name: {"4": 1017}.
    entries = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
    expected = models.PositiveBigIntegerField(default=0)  # readers, when it was asked for
    done = models.PositiveBigIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)
    stopped_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["id"], name="sweep_open", condition=models.Q(ended_at=None))]
