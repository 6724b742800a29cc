"""Newsletters, who reads them, and who must not be written to."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from dispatch.audience.zones import check_zone


class Newsletter(models.Model):
    """What a reader subscribes to."""

    class Cadence(models.TextChoices):
        EACH = "each", "Each article at once"
        DAILY = "daily", "Daily digest"
        WEEKLY = "weekly", "Weekly digest"

    slug = models.SlugField(unique=True)
    names = models.JSONField(default=dict)  # {"en": "Office news", "be": "Навіны Офіса"}
    languages = ArrayField(models.CharField(max_length=12), default=list)
    topics = ArrayField(models.CharField(max_length=80), default=list, blank=True)  # of its articles; none: all
    cadence = models.CharField(max_length=8, choices=Cadence, default=Cadence.EACH)
    at = models.TimeField(default="08:00")  # wall-clock time of a digest
    weekday = models.PositiveSmallIntegerField(default=0)  # 0 Monday, for a weekly digest
    zone = models.CharField(max_length=64, default="Europe/Vilnius", validators=[check_zone])
    from_name = models.CharField(max_length=120)
    from_address = models.EmailField()
    reply_to = models.EmailField(blank=True)
    discreet_address = models.EmailField(blank=True)  # of discreet letters; empty: from_address, without a name
    discreet_pictures = models.BooleanField(default=False)  # whether discreet letters hold the stories' pictures
    template = models.SlugField(default="", blank=True)  # folder in templates/email/; empty: by cadence
    picture_hosts = ArrayField(models.CharField(max_length=200), default=list, blank=True)  # may be loaded by a mail
    ambiguity = models.CharField(
        max_length=12, default="resend_once", choices=[("resend_once", "Resend once"), ("never_twice", "Never twice")]
    )
    # how often a reader may have it instead; none: as it comes
    offers = ArrayField(models.CharField(max_length=8, choices=Cadence), default=list, blank=True)
    patience = models.PositiveSmallIntegerField(default=0)  # hours in which a translation may still come
    hold = models.PositiveSmallIntegerField(default=0)  # minutes in which a send that is ready can still be stopped
    intros = models.JSONField(default=dict, blank=True)  # Markdown before an edition's stories, by language
    outros = models.JSONField(default=dict, blank=True)  # likewise after them
    archived = models.BooleanField(default=True)  # whether its editions are listed for everybody to read
    active = models.BooleanField(default=True)
    # whose it is; None: everybody's
    desk = models.ForeignKey("accounts.Desk", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")


class Tally(models.Model):
    """What a newsletter has counted so far. Its row is locked while a story is numbered or an audience frozen, so that
    both happen one after another, and counts tell which came first where no clock could."""

    newsletter = models.OneToOneField(Newsletter, on_delete=models.CASCADE, primary_key=True, related_name="tally")
    stories = models.PositiveIntegerField(default=0)  # numbered
    editions = models.PositiveIntegerField(default=0)  # whose audience was frozen
    departed = models.JSONField(default=dict)  # UTC day → readers who left on it and are forgotten since


class Subscriber(models.Model):
    """A reader. The address and name open with the vault's keys only."""

    address = models.BinaryField()  # sealed for "subscriber:<id>:address"
    address_index = models.BinaryField(max_length=32, unique=True)  # vault.blind_index of the normalised address
    name = models.BinaryField(null=True)  # sealed for "subscriber:<id>:name"
    openpgp = models.BinaryField(null=True)  # a public key, sealed for "subscriber:<id>:openpgp"; letters are encrypted
    provider_class = models.PositiveSmallIntegerField(default=0)  # audience.addresses.ProviderClass
    paused_until = models.DateTimeField(null=True)  # no edition before then, by the reader's wish
    most_a_day = models.PositiveSmallIntegerField(null=True)  # letters, by the reader's wish
    counted_on = models.DateField(null=True)  # the day of `counted`, for those who set a limit
    counted = models.PositiveSmallIntegerField(default=0, db_default=0)  # letters that they had on it
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


class Rhythm(models.Model):
    """A reader whose letters bring what they have not been told yet; others read along with the newsletter (rhythms.py)."""

    subscription = models.OneToOneField(Subscription, on_delete=models.CASCADE, primary_key=True, related_name="rhythm")
    hour = models.PositiveSmallIntegerField(null=True)  # on the reader's clock; null: the newsletter's time and zone
    zone = models.CharField(max_length=64, blank=True)
    discreet = models.BooleanField(default=False)
    since = models.PositiveIntegerField()  # Tally.editions when they stopped reading along
    told_to = models.PositiveIntegerField(null=True)  # the number of the last story that is done; null: see `since`
    held = ArrayField(models.PositiveIntegerField(), default=list)  # those before it that are not: untranslated ones
    due_at = models.DateTimeField(null=True)  # the next letter; null: when there is something

    class Meta:
        indexes = [models.Index(fields=["due_at"], name="rhythms_due", condition=models.Q(due_at__isnull=False))]


class Suppression(models.Model):
    """An address that is not written to, known by its blind index only."""

    class Reason(models.TextChoices):
        BOUNCED = "bounced"
        COMPLAINED = "complained"
        ERASED = "erased"
        REFUSED = "refused"
        LEFT = "left"  # another system's list, before it was brought here
        UNREACHABLE = "unreachable"  # letters kept coming back, though none of them for good

    address_index = models.BinaryField(max_length=32, unique=True)
    reason = models.CharField(max_length=12, choices=Reason)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True)


class SignUp(models.Model):
    """What a form brought, as it came: sealed, and not looked at until a worker has time."""

    key = models.UUIDField(unique=True)
    content = models.BinaryField()  # sealed for "sign-up:<key>:content"; see tickets.Wanted
    network = models.BinaryField(max_length=16)  # a keyed hash of the day and the network; see budgets.network
    asked_at = models.DateTimeField(auto_now_add=True)
    not_before = models.DateTimeField(default=timezone.now)  # later where its network has used up its hour

    class Meta:
        indexes = [models.Index(fields=["not_before"], name="sign_ups_due")]


class Wish(models.Model):
    """A newsletter that somebody asked for with this address, until its mailbox confirms it or three days have passed."""

    address = models.BinaryField()  # sealed for "wish:<id>:address"
    address_index = models.BinaryField(max_length=32)
    newsletter = models.ForeignKey(Newsletter, on_delete=models.CASCADE, related_name="+")
    language = models.CharField(max_length=12)
    topics = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    is_told = models.BooleanField(default=False)  # a letter that leads to it has been written
    not_before = models.DateTimeField(default=timezone.now)  # later where a list's readers are asked in waves
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["address_index", "newsletter"], name="one_wish_each")]
        indexes = [models.Index(fields=["not_before"], name="wishes_untold", condition=models.Q(is_told=False))]


class Change(models.Model):
    """A reader's move to another address; both mailboxes must agree."""

    subscriber = models.OneToOneField(Subscriber, on_delete=models.CASCADE, related_name="change")
    address = models.BinaryField()  # the new one, sealed for "change:<subscriber>:address"
    address_index = models.BinaryField(max_length=32)
    newsletter = models.ForeignKey(Newsletter, on_delete=models.CASCADE, related_name="+")  # whose sender asks
    language = models.CharField(max_length=12)
    is_told = models.BooleanField(default=False)  # both letters have been written
    old_agreed_at = models.DateTimeField(null=True)
    new_agreed_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()


class Letter(models.Model):
    """One letter to one address outside editions, and the link in it: proof, for a while, of who reads that mailbox."""

    class Kind(models.TextChoices):
        CONFIRM = "confirm"  # of a sign-up
        PREFERENCES = "preferences"  # a fresh link to them
        OLD_ADDRESS = "old_address"  # may the reader move away from here?
        NEW_ADDRESS = "new_address"  # may the reader move here?
        KEY = "key"  # the reader's OpenPGP key runs out

    class State(models.TextChoices):
        WAITING = "waiting"
        SENDING = "sending"
        SENT = "sent"
        REFUSED = "refused"
        UNKNOWN = "unknown"  # it may have been taken; it is not sent again
        LATE = "late"  # its link was over before a relay took it
        DROPPED = "dropped"  # somebody gave it up

    kind = models.CharField(max_length=12, choices=Kind)
    newsletter = models.ForeignKey(Newsletter, on_delete=models.CASCADE, related_name="+")  # whose sender it comes from
    language = models.CharField(max_length=12)
    subscriber = models.ForeignKey(Subscriber, null=True, on_delete=models.CASCADE, related_name="letters")
    address = models.BinaryField(null=True)  # sealed for "letter:<id>:address"; gone once settled
    address_index = models.BinaryField(max_length=32)
    handle = models.BinaryField(max_length=8, unique=True)  # random; see tokens.py
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    code = models.CharField(max_length=20, blank=True)  # "550 5.1.1"; never the reply's text
    attempts = models.PositiveSmallIntegerField(default=0)
    tries = models.TextField(blank=True, default="", db_default="")  # the last of them, see retrying.noted; relay, code
    next_attempt_at = models.DateTimeField(default=timezone.now)  # while it is being sent: when its worker must be dead
    written_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()  # of the link

    class Meta:
        indexes = [
            models.Index(fields=["address_index", "kind"], name="letters_to"),
            models.Index(fields=["next_attempt_at"], name="letters_due", condition=~models.Q(state="sent")),
        ]


class Spent(models.Model):
    """Letters that one network, or all of them together, caused within an hour."""

    bucket = models.BinaryField(max_length=16)  # budgets.network, or empty for everybody
    hour = models.DateTimeField()
    letters = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["bucket", "hour"], name="one_count_an_hour")]


class Import(models.Model):
    """A list on its way in, and how far it has come: what a kill left is taken up there."""

    key = models.BinaryField(max_length=32, unique=True)  # a keyed hash of the file and of what its lines are given
    lines = models.PositiveIntegerField(default=0)  # of the file, that are done with
    added = models.PositiveIntegerField(default=0)
    known = models.PositiveIntegerField(default=0)
    suppressed = models.PositiveIntegerField(default=0)
    ended = models.PositiveIntegerField(default=0)
    asked = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)


class Export(models.Model):
    """A list that leaves: one person asks, another agrees, and it is sealed to a key that is not here."""

    class Form(models.TextChoices):
        CSV = "csv", "CSV"
        JSON = "json", "JSON"

    newsletter = models.ForeignKey(Newsletter, on_delete=models.CASCADE, related_name="+")
    form = models.CharField(max_length=4, choices=Form, default=Form.CSV)
    recipient = models.CharField(max_length=120)  # an age key, age1…
    reason = models.CharField(max_length=300)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    agreed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    agreed_at = models.DateTimeField(null=True)
    taken_at = models.DateTimeField(null=True)
    readers = models.PositiveIntegerField(null=True)  # that the file held
    expires_at = models.DateTimeField()


class Honey(models.Model):
    """A reader who was invented for one file: whoever writes to them, or brings them, has that file."""

    file = models.CharField(max_length=40, db_index=True)  # "export:12", "backup:2026-11-23 14:00:05"
    address_index = models.BinaryField(max_length=32, unique=True)
    seen_at = models.DateTimeField(null=True)  # the first time
    seen_in = models.CharField(max_length=20, blank=True)  # "import", "sign-up", "mail"


class OldPath(models.Model):
    """Paths that links in another system's mails had, on a host that leads here now."""

    pattern = models.CharField(max_length=200, unique=True)  # "/subscription/*"
    newsletter = models.ForeignKey(Newsletter, on_delete=models.CASCADE, related_name="+")


class OldLink(models.Model):
    """What named a reader in such links, by a keyed hash."""

    mark = models.BinaryField(max_length=32, unique=True)
    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="old_links")
