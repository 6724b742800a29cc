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
    most_connections = models.PositiveSmallIntegerField(
        null=True
    )  # all workers' together; null: no limit. See berths.py
    most_by_provider = models.JSONField(  # the same of those that carry mail to a provider: {"gmail": 5}
        default=dict, db_default=models.Value({}, models.JSONField())
    )
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
    dane = models.JSONField(null=True)  # how it stood at the last look; null: not asked for. See holding_to_dane.py


class RelayDay(models.Model):
    """How many letters were given to a relay on one day of its warm-up, those that a worker keeps for its chunk included."""

    relay = models.ForeignKey(Relay, on_delete=models.CASCADE, related_name="days")
    day = models.DateField()  # by the newsroom's clock
    letters = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["relay", "day"], name="a_relays_day_once")]


class Berth(models.Model):
    """Connections to a relay that one process may have: a lease, from berths.py. Unlogged: what is lost is said again."""

    relay = models.ForeignKey(Relay, on_delete=models.CASCADE, related_name="berths", db_index=False)
    holder = models.CharField(max_length=60)  # a worker's own sign and a process's number
    provider_class = models.SmallIntegerField()  # of the letters that go over them now; -1: none, or one alone
    held = models.PositiveSmallIntegerField()  # never less than it really has
    wanted = models.PositiveSmallIntegerField()  # 0: they only rest
    is_urgent = models.BooleanField()  # for one letter that somebody waits for
    is_kept = models.BooleanField()  # its worker renews it; a wish in vain, and what rests, end by themselves
    since = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["relay", "holder"], name="berths_of_a_process")]


class RelayPace(models.Model):
    """How many letters may leave through a relay, or to a provider through it, at a moment: a bucket that all workers draw
    from (throttling.py). Unlogged: what is lost costs a second's pace."""

    relay = models.ForeignKey(Relay, on_delete=models.CASCADE, related_name="+", db_index=False)
    provider_class = models.SmallIntegerField()  # -1: all of the relay's letters
    level = models.FloatField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["relay", "provider_class"], name="a_relays_pace_once")]
