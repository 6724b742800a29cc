"""What is counted as it happens, so that no page counts it again: relays' answers, signs of life, readers by their heap."""

from django.db import models

from dispatch import signs


class WorkerBeat(models.Model):
    """A worker process's sign of life, written beside Celery: what it means is in signs.py. Its name is host:pid."""

    name = models.CharField(max_length=120, unique=True)
    queues = models.CharField(max_length=120)
    doing = models.CharField(max_length=120, blank=True)
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField()
    heard_at = models.DateTimeField(null=True)  # a doorbell of its own came through; null: it has nothing to hear
    version = models.CharField(max_length=40, blank=True)  # of Dispatch
    memory = models.PositiveBigIntegerField(default=0)  # resident bytes of all its processes; 0: not known here
    now = models.JSONField(default=list)  # what each process is at: what hands.now() says
    connections = models.JSONField(  # to relays, of all its processes: what roll.call() says
        default=list, db_default=models.Value([], models.JSONField())
    )
    disks = models.JSONField(  # that it stands on: ["data", bytes free, bytes in all], as disks.Disk
        default=list, db_default=models.Value([], models.JSONField())
    )

    @property
    def sign(self) -> signs.Sign:
        """What it says of its process."""
        return signs.Sign(self.beat_at, self.heard_at, self.doing == signs.STARTING)


class HungTask(models.Model):
    """How often tasks of one kind hung and were ended, and the last of them; see workers/hanging.py."""

    kind = models.CharField(max_length=80, unique=True)  # upkeep.ask_mailbox
    count = models.BigIntegerField()
    last = models.CharField(max_length=160)  # with its ids
    last_at = models.DateTimeField()
    last_seconds = models.PositiveIntegerField()  # in which it got on with nothing


class Tally(models.Model):
    """How many letters a relay ever answered in one way, for one class of mailboxes; see tallies.py."""

    relay = models.ForeignKey("delivery.Relay", on_delete=models.CASCADE, related_name="+")
    provider_class = models.PositiveSmallIntegerField()
    outcome = models.CharField(max_length=10)  # of tallies.OUTCOMES, or of tallies.RETURNED
    letters = models.BigIntegerField(default=0)
    late = models.FloatField(default=0, db_default=0)  # seconds from their due moments to their answers, all together

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["relay", "provider_class", "outcome"], name="counted_by_relay_and_provider")
        ]


class NewsletterTally(models.Model):
    """How many letters of a newsletter were ever answered in one way, by whatever relay; see tallies.py."""

    newsletter = models.ForeignKey("audience.Newsletter", on_delete=models.CASCADE, related_name="+")
    outcome = models.CharField(max_length=10)  # of tallies.OUTCOMES
    letters = models.BigIntegerField(default=0)
    late = models.FloatField(default=0)  # as in Tally

    class Meta:
        constraints = [models.UniqueConstraint(fields=["newsletter", "outcome"], name="counted_by_newsletter")]


class Heap(models.Model):
    """Readers of a send who stand alike: one state, provider class, relay and code. A view upon what triggers count
    (sql/heaps.sql); its rows are few, whatever the audience."""

    pk = models.CompositePrimaryKey("send_id", "state", "provider_class", "relay_id", "code")
    send = models.ForeignKey("delivery.Send", on_delete=models.DO_NOTHING, related_name="heaps", db_constraint=False)
    state = models.CharField(max_length=16)
    provider_class = models.PositiveSmallIntegerField()
    relay_id = models.BigIntegerField()  # 0: none answered
    code = models.CharField(max_length=20)
    readers = models.BigIntegerField()

    class Meta:
        managed = False
        db_table = "delivery_heaps"
