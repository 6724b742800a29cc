"""The ledger's tables. Exceptions are partitioned by send (delivery/partitions.py); the hot path writes by cursor."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from dispatch.audience.models import Newsletter
from dispatch.delivery import reputation  # noqa: F401 - these tables are delivery's, too
from dispatch.delivery.counting import Heap as Heap  # noqa: PLC0414 - Django looks for models here
from dispatch.delivery.counting import HungTask as HungTask  # noqa: PLC0414 - likewise
from dispatch.delivery.counting import NewsletterTally as NewsletterTally  # noqa: PLC0414 - likewise
from dispatch.delivery.counting import Tally as Tally  # noqa: PLC0414 - likewise
from dispatch.delivery.counting import WorkerBeat as WorkerBeat  # noqa: PLC0414 - likewise
from dispatch.delivery.relay_models import Berth as Berth  # noqa: PLC0414 - likewise
from dispatch.delivery.relay_models import Relay as Relay  # noqa: PLC0414 - given on to whoever asks here
from dispatch.delivery.relay_models import RelayDay as RelayDay  # noqa: PLC0414 - likewise
from dispatch.delivery.relay_models import RelayPace as RelayPace  # noqa: PLC0414 - likewise
from dispatch.editions.models import Edition, Variant

UNDER_WAY = models.Q(state__in=["sending", "first_wave"])
URGENT = models.Q(is_urgent=True, state__in=["sending", "first_wave"])


class Send(models.Model):
    """One edition on its way to one frozen audience."""

    class State(models.TextChoices):
        DRAFT = "draft"
        ENLISTING = "enlisting"
        READY = "ready"
        FIRST_WAVE = "first_wave"
        SENDING = "sending"
        PAUSED = "paused"
        CANCELLING = "cancelling"
        CANCELLED = "cancelled"
        FINISHED = "finished"
        UNBALANCED = "unbalanced"

    edition = models.OneToOneField(Edition, on_delete=models.PROTECT, related_name="send")
    state = models.CharField(max_length=12, choices=State, default=State.DRAFT)
    frozen_count = models.PositiveIntegerField(default=0)
    ambiguity = models.CharField(max_length=12, default="resend_once")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)  # TTL: no deferral is tried past it
    totals = models.JSONField(default=dict)  # kept when the partition is dropped
    emptied_at = models.DateTimeField(null=True)  # when its chunks named nobody any more (forgetting.py)
    first_wave = models.PositiveIntegerField(default=0)  # how many readers go ahead of the rest; 0: nobody does
    wave_until = models.DateTimeField(null=True)  # the rest waits till then; null while the wave is not answered
    wave_over_at = models.DateTimeField(null=True)  # when the rest was let go
    stirred_at = models.DateTimeField(null=True)  # when it was last seen to move, or a person set it going
    trouble = models.CharField(max_length=300, blank=True)  # why it paused by itself
    is_held = models.BooleanField(default=False)  # it paused by itself, and nobody has said what to do
    holds_until = models.DateTimeField(null=True)  # while it is ready: when its first letter leaves
    is_urgent = models.BooleanField(default=False)  # it overtakes others that are under way
    trail = models.CharField(max_length=40, blank=True, default="", db_default="")  # what it began with (logs.trail)

    class Meta:
        indexes = [
            models.Index(fields=["id"], name="send_urgent", condition=URGENT),
            models.Index(fields=["id"], name="send_under_way", condition=UNDER_WAY),
            models.Index(fields=["id"], name="send_remembered", condition=models.Q(emptied_at=None)),
        ]

    @property
    def is_forgotten(self) -> bool:
        """Whether the details are gone, a week after its end: who got it, and who had which exception. The totals stay."""
        return bool(self.totals)


class Approval(models.Model):
    """What a second person is asked to agree to, or did; the send is a draft until then."""

    send = models.OneToOneField(Send, on_delete=models.CASCADE, related_name="approval")
    why = models.CharField(max_length=300)  # a second person is needed, in a sentence
    then = models.CharField(max_length=12)  # the state that the send goes on in
    hash = models.BinaryField(max_length=32)  # of body and audience; see approving.fingerprint
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    agreed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    agreed_at = models.DateTimeField(null=True)


class Chunk(models.Model):
    """About a thousand readers of one variant and provider class, frozen. position < settled: answered;
    settled <= position < ahead: in flight; position >= ahead: untouched."""

    class State(models.TextChoices):
        PENDING = "pending"
        LEASED = "leased"
        DONE = "done"
        STUCK = "stuck"

    class Tie(models.TextChoices):
        NONE = "", "any relay"
        WISH = "wish", "this one while it takes mail"
        ONLY = "only", "this one and no other: it may have the letters already"

    send = models.ForeignKey(Send, on_delete=models.CASCADE, related_name="chunks")
    number = models.PositiveIntegerField()
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="+")
    provider_class = models.PositiveSmallIntegerField(default=0)
    in_wave = models.BooleanField(default=False)  # goes ahead of the rest
    is_retry = models.BooleanField(default=False)  # readers whose deferral came due; not counted twice
    # Subscribers' ids; null: forgotten. A trigger keeps their count as `size`, which stays.
    recipients = ArrayField(models.BigIntegerField(), null=True)
    seal = models.BinaryField(max_length=32, null=True)  # where somebody agreed to it; see agreed.py
    settled = models.PositiveIntegerField(default=0)
    ahead = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    token = models.PositiveIntegerField(default=0)  # fencing: each claim adds one
    lease_until = models.DateTimeField(null=True)
    claimed_by = models.CharField(max_length=120, blank=True, default="", db_default="")  # its last worker, "host:pid"
    claimed_at = models.DateTimeField(null=True)
    takeovers = models.PositiveSmallIntegerField(default=0)  # without progress in between
    is_careful = models.BooleanField(default=False, db_default=False)  # one letter at a time (isolating.py)
    trouble = models.CharField(max_length=300, blank=True)  # why it is stuck, or how its last owner died
    not_before = models.DateTimeField(null=True)
    rung_at = models.DateTimeField(null=True)
    relay = models.ForeignKey(
        Relay, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )  # its last one
    tie = models.CharField(max_length=4, choices=Tie, blank=True, db_default="")  # to that relay

    class Meta:
        constraints = [models.UniqueConstraint(fields=["send", "number"], name="chunk_number")]


class DeliveryException(models.Model):
    """A reader whose outcome is something other than accepted. Partitioned by send; written by delivery/ledger.py."""

    class State(models.TextChoices):
        DEFERRED = "deferred"
        REFUSED = "refused"
        BOUNCED = "bounced"
        COMPLAINED = "complained"
        SKIPPED = "skipped"
        FAILED_RENDER = "failed_render"
        UNKNOWN = "unknown"
        CANCELLED = "cancelled"
        OWED = "owed"  # cancelled, and told with the reader's next letter (returning.py)

    pk = models.CompositePrimaryKey("send_id", "subscriber_id")
    send = models.ForeignKey(Send, on_delete=models.DO_NOTHING, related_name="exceptions", db_constraint=False)
    subscriber_id = models.BigIntegerField()
    chunk = models.PositiveIntegerField()  # the first-round chunk's number
    state = models.CharField(max_length=16, choices=State)
    code = models.CharField(max_length=20, blank=True)  # "550 5.1.1"; never the reply's text: it may quote addresses
    attempts = models.PositiveSmallIntegerField(default=1)
    doubts = models.PositiveSmallIntegerField(default=0)  # how often it may have gone out without an answer
    next_attempt_at = models.DateTimeField(null=True)
    retry_chunk = models.PositiveIntegerField(null=True)  # while a retry chunk holds this reader
    relay = models.BigIntegerField(null=True)  # after a doubt: it may have the letter; else: the one to try next
    at = models.DateTimeField()
    provider_class = models.PositiveSmallIntegerField(default=0)  # its chunk's
    answered_by = models.BigIntegerField(default=0)  # the relay that answered last; 0: nobody
    # What was before, by moment: answers "2026-11-29T08:00:00.000000Z deferred 3 450 4.2.1" (3: the relay), people's acts
    # "… act 1017" (the audit log's entry), the end of its time "… expired refused".
    past = ArrayField(models.TextField(), default=list)

    class Meta:
        managed = False
        db_table = "delivery_exception"


class Mended(models.Model):
    """A reader who was an exception and was accepted in the end: what it took. For pages; the ledger counts without it. It
    goes with the send's exceptions."""

    pk = models.CompositePrimaryKey("send_id", "subscriber_id")
    send = models.ForeignKey(Send, on_delete=models.CASCADE, related_name="+", db_index=False)
    subscriber_id = models.BigIntegerField()
    chunk = models.PositiveIntegerField()  # the first-round chunk's number
    attempts = models.PositiveSmallIntegerField()
    provider_class = models.PositiveSmallIntegerField()
    answered_by = models.BigIntegerField()  # the relay that took it; 0: not known
    at = models.DateTimeField()
    past = ArrayField(models.TextField())  # as of DeliveryException


class Ambiguity(models.Model):
    """A stretch of positions whose owner died or whose reply never came: who may have got it twice, or is unknown."""

    send = models.ForeignKey(Send, on_delete=models.CASCADE, related_name="ambiguities")
    chunk = models.PositiveIntegerField()
    first = models.PositiveIntegerField()
    last = models.PositiveIntegerField()  # inclusive
    reason = models.CharField(max_length=80)
    resolution = models.CharField(max_length=20)  # resent, unknown
    at = models.DateTimeField(auto_now_add=True)


class TeamAddress(models.Model):
    """A mailbox of the newsroom that a newsletter's test letters go to. It is no reader, and is never counted as one."""

    newsletter = models.ForeignKey(Newsletter, on_delete=models.CASCADE, related_name="team")
    label = models.CharField(max_length=60)  # whose, for people: "Gmail on the old phone"
    address = models.BinaryField()  # sealed for "team:<id>:address"
    address_index = models.BinaryField(max_length=32)  # vault.blind_index

    class Meta:
        constraints = [models.UniqueConstraint(fields=["newsletter", "address_index"], name="a_team_address_once")]


class Trial(models.Model):
    """A test letter: one language of an edition as it would be now, to one mailbox of the newsroom."""

    class State(models.TextChoices):
        WAITING = "waiting"
        SENDING = "sending"
        SENT = "sent"
        DEFERRED = "deferred"  # not now; it is not tried again by itself
        REFUSED = "refused"
        UNKNOWN = "unknown"

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="trials")
    language = models.CharField(max_length=12)
    label = models.CharField(max_length=60)  # whose mailbox, for people
    address = models.BinaryField(null=True)  # sealed for "trial:<id>:address"; gone once settled
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    code = models.CharField(max_length=20, blank=True)  # "550 5.1.1"; never the reply's text
    trouble = models.CharField(max_length=300, blank=True)  # why there is no letter, in words
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    claimed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["by", "asked_at"], name="trials_of"),
            models.Index(fields=["asked_at"], name="trials_due", condition=models.Q(state__in=["waiting", "sending"])),
        ]


class Mailbox(models.Model):
    """A mailbox that undeliverable mail and complaints come to, and that is asked each minute."""

    name = models.SlugField(unique=True)
    url = models.BinaryField()  # sealed for "mailbox:<name>:url": imaps://user:password@host/INBOX
    active = models.BooleanField(default=True)
    asking_since = models.DateTimeField(null=True)  # while a worker asks it
    asked_at = models.DateTimeField(null=True)  # to the end
    read_at = models.DateTimeField(null=True)  # the last time without trouble, or when it was added
    trouble = models.CharField(max_length=300, blank=True)  # of the last time; never what was read
    aside = models.PositiveIntegerField(default=0, db_default=0)  # mails that could not be read, flagged there


class Ear(models.Model):
    """What was heard by one way: "intake", "webhook:brevo", "mailbox:main"."""

    way = models.CharField(max_length=80, unique=True)
    heard_at = models.DateTimeField(null=True)  # the last that was genuine
    heard = models.PositiveBigIntegerField(default=0)
    refused_at = models.DateTimeField(null=True)
    refused = models.PositiveBigIntegerField(default=0)  # forged, or for nobody here
    alive_at = models.DateTimeField(null=True)  # of a process that listens


class Returned(models.Model):
    """That one report was heard, so that it counts once. A keyed hash: it tells of no reader and no mail."""

    digest = models.BinaryField(max_length=16, unique=True)
    on = models.DateField(db_index=True)


class ReturnedCount(models.Model):
    """How many reports came back to a send, from one mailbox provider, of one kind."""

    send = models.ForeignKey(Send, on_delete=models.CASCADE, related_name="returned")
    provider_class = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=12)  # bounces.kinds.Kind
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["send", "provider_class", "kind"], name="returned_once")]


class SoftBounce(models.Model):
    """That a reader's mailbox would not have a letter for now; forgotten after the days in which it counts, and with them."""

    subscriber = models.ForeignKey("audience.Subscriber", on_delete=models.CASCADE, related_name="+")
    # A keyed hash of send and reader; after a week, bytes that mean nothing. The same for the same letter, no more.
    letter = models.BinaryField(max_length=16)
    on = models.DateField(db_index=True)
