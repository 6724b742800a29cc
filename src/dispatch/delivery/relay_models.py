"""The tables of relays; everyone has them from models.py."""

from django.db import models


class Relay(models.Model):
    """Where mail is handed over."""

    class Kind(models.TextChoices):
        SMTP = "smtp", "SMTP"
        ANYMAIL = "anymail", "A provider's API"
        FAKE = "fake", "Nowhere (tests)"

    class Breaker(models.TextChoices):
        CLOSED = "closed"
        OPEN = "open"
        HALF_OPEN = "half_open"

    name = models.SlugField(unique=True)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.SMTP)
    url = models.BinaryField()  # sealed for "relay:<name>:url": smtp://user:password@host:587?security=starttls
    connections = models.PositiveSmallIntegerField(default=4)  # kept by each worker
    weight = models.PositiveSmallIntegerField(default=1)  # its share beside others'; 0: only while no other takes mail
    per_second = models.FloatField(null=True)  # letters, through all workers together; null: as fast as they go
    by_provider = models.JSONField(default=dict)  # the same to some mailbox providers: {"gmail": 20.0}
    warm_up = models.JSONField(default=list)  # letters on its first, second, … day at most: [500, 1000]; see warming.py
    warm_up_from = models.DateField(null=True)  # the first of them
    active = models.BooleanField(default=True)
    breaker = models.CharField(max_length=10, choices=Breaker, default=Breaker.CLOSED)
    failures = models.PositiveIntegerField(default=0)  # in a row
    opened_times = models.PositiveIntegerField(default=0)  # since it last worked; sets the wait before the next probe
    opened_at = models.DateTimeField(null=True)  # when the breaker opened; stays through trials that fail
    probe_at = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=300, blank=True)
    tested_at = models.DateTimeField(null=True)
    tested = models.JSONField(default=list)  # the last test's steps; see self_testing.py


class RelayDay(models.Model):
    """How many letters were given to a relay on one day of its warm-up, those that a worker keeps for its chunk included."""

    relay = models.ForeignKey(Relay, on_delete=models.CASCADE, related_name="days")
    day = models.DateField()  # by the newsroom's clock
    letters = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["relay", "day"], name="a_relays_day_once")]
