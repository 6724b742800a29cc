"""Channels, their slots, posts for them, what a post shows, each attempt to publish one, and what changed it later."""

from django.db import models
from django.db.models.functions import Coalesce

from dispatch.articles.models import Article, Story
from dispatch.social.programs import App

__all__ = ["App", "Attempt", "Change", "Channel", "Media", "Post", "PostMedia", "Slot"]


class Channel(models.Model):
    """One connected account on one network."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    network = models.CharField(max_length=20)  # a key of social.networks.registry
    server = models.URLField(max_length=300, blank=True)  # empty: the network's own
    account = models.CharField(max_length=200, blank=True)  # @handle, chat id, DID: public
    credentials = models.BinaryField()  # sealed JSON for "channel:<slug>:credentials"
    languages = models.JSONField(default=list)  # articles in these; none: all
    topics = models.JSONField(default=list)  # articles with one of these; none: all
    active = models.BooleanField(default=True)
    trouble = models.CharField(max_length=300, blank=True)
    limits = models.JSONField(default=dict)  # as the server last said
    probed_at = models.DateTimeField(null=True)
    rung_at = models.DateTimeField(null=True)  # when a worker was last asked to probe it
    expires_at = models.DateTimeField(null=True)  # of its credentials; None: never, or nobody says
    settings = models.JSONField(default=dict)  # what the newsroom wants of this network alone: {"threads": true}
    zone = models.CharField(max_length=64, blank=True)  # IANA, of its slots and quiet hours; empty: the newsroom's
    quiet_from = models.TimeField(null=True)  # wall-clock; nothing that can wait goes out from here …
    quiet_to = models.TimeField(null=True)  # … to here; None: no quiet hours
    identity = models.CharField(max_length=200, blank=True)  # the network's own name of the account: an id, a DID
    refused_at = models.DateTimeField(
        null=True
    )  # its credentials are, since then: nothing is rung until there are others
    removed_at = models.DateTimeField(null=True)  # kept for what was posted; its credentials are destroyed
    desk = models.ForeignKey(
        "accounts.Desk", null=True, on_delete=models.SET_NULL, related_name="+"
    )  # whose it is; None: everybody's


class Slot(models.Model):
    """A wall-clock time of the week at which a channel likes to post."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="slots")
    weekday = models.PositiveSmallIntegerField()  # 0: Monday
    at = models.TimeField()  # in the channel's zone

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "weekday", "at"], name="a_slot_once")]
        ordering = ["weekday", "at"]


class Media(models.Model):
    """A picture as it was brought, without its metadata."""

    key = models.BinaryField(max_length=32, unique=True)  # SHA-256 of the content
    kind = models.CharField(max_length=20)  # "image/jpeg"
    content = models.BinaryField()
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)


class Post(models.Model):
    """One text for one channel, due at one moment. A thread's further parts and a first comment are posts of their own, each
    of which follows the one before it."""

    class State(models.TextChoices):
        DRAFT = "draft"
        SCHEDULED = "scheduled"
        CLAIMED = "claimed"  # an attempt is under way, or its worker died
        DEFERRED = "deferred"  # the network said: later (due_at)
        LATE = "late"  # its moment passed before it could leave; it waits for a person
        SENT = "sent"
        REFUSED = "refused"
        UNKNOWN = "unknown"  # may or may not be out; looked for, then shown to an editor
        DROPPED = "dropped"  # someone decided against it
        WITHDRAWN = "withdrawn"  # the article was taken back before it went out
        GONE = "gone"  # it was out, and was taken back

    WAITING = (State.SCHEDULED, State.DEFERRED)
    UNSENT = (State.DRAFT, *WAITING, State.LATE, State.REFUSED)
    STUCK = {
        State.DRAFT: "waits for you",
        State.LATE: "is late and waits for you",
        State.REFUSED: "was refused",
        State.UNKNOWN: "may or may not be out",
        State.DROPPED: "was dropped",
        State.WITHDRAWN: "was taken back",
        State.GONE: "was taken back",
    }
    """What became of a post whose followers do not go out by themselves."""

    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="posts")
    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="posts")
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="posts")
    turn = models.PositiveIntegerField(default=0)  # 0: the story's own post; from 1: it comes round again
    place = models.PositiveSmallIntegerField(default=0)  # 0: the first, or the only one; from 1: a further part
    follows = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="followed_by")
    text = models.TextField()
    link = models.URLField(max_length=1000, blank=True)
    language = models.CharField(max_length=12)
    content_warning = models.CharField(max_length=300, blank=True)  # shown instead of the text, where a network can
    settings = models.JSONField(default=dict)  # what one network alone knows: {"pin": true}
    version = models.PositiveIntegerField(default=1)  # +1 with each edit; whoever saves names the one they saw
    edited = models.BooleanField(default=False)  # an editor wrote it: templates keep their hands off
    state = models.CharField(max_length=10, choices=State, default=State.SCHEDULED)
    due_at = models.DateTimeField()
    placed = models.BooleanField(default=False)  # planned for its moment, by hand or in a slot; else as soon as may be
    again = models.ForeignKey("Recurrence", null=True, on_delete=models.SET_NULL, related_name="turns")  # that made it
    attempts_made = models.PositiveSmallIntegerField(default=0)
    token = models.PositiveIntegerField(default=0)  # fencing: each claim adds one
    lease_until = models.DateTimeField(null=True)
    rung_at = models.DateTimeField(null=True)
    remote_id = models.CharField(max_length=300, blank=True)
    remote_url = models.URLField(max_length=1000, blank=True)
    trouble = models.CharField(max_length=500, blank=True)  # the network's words
    warning = models.CharField(max_length=300, blank=True)  # what stands against its text, seen before its moment
    checked_at = models.DateTimeField(null=True)  # when that was looked for; its channel was asked then, too
    sent_at = models.DateTimeField(null=True)
    before = models.JSONField(null=True)  # of one that was withdrawn: its state and trouble until then
    asked_at = models.DateTimeField(null=True)  # when somebody, or its story, last said that it is to go out
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "story", "turn", "place"], name="one_post_a_channel")]
        indexes = [
            models.Index(
                fields=["due_at"],
                name="post_due",
                condition=models.Q(state__in=["scheduled", "deferred", "claimed", "unknown"]),
            ),
            models.Index(Coalesce("sent_at", "due_at"), name="post_moment"),  # where it stands in the calendar
        ]

    @property
    def risk(self) -> str:
        """Why it will not go out at its moment as things stand; empty where nothing is known. Reads channel and follows."""
        if self.state not in self.WAITING:
            return ""
        if not self.channel.active:
            return "the channel is switched off"
        return self.channel.trouble or self.warning or self.waits

    @property
    def waits(self) -> str:
        """What a further part of a thread waits for besides its moment and the part before it."""
        before = self.follows
        if before is None or (before.state == self.State.SENT and before.remote_id):
            return ""
        if before.state == self.State.SENT:
            return "the part before it is out, but nobody knows where"
        why = self.STUCK.get(self.State(before.state))
        return f"the part before it {why}" if why else ""


class Recurrence(models.Model):
    """A post that comes round again by the wall clock; each turn is a post, planned when the one before is settled."""

    class Unit(models.TextChoices):
        WEEK = "week"
        MONTH = "month"

    class State(models.TextChoices):
        GOING = "going"
        OVER = "over"  # its last day is past, or it came as often as it was to
        STOPPED = "stopped"  # by someone

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="recurrences")  # what comes again
    every = models.PositiveSmallIntegerField(default=1)  # units between two turns
    unit = models.CharField(max_length=5, choices=Unit, default=Unit.WEEK)
    first = models.DateField()  # of the cycle: says the weekday or the day of the month, and is the first that may be
    at = models.TimeField()
    zone = models.CharField(max_length=64)  # IANA, as the channel's was when it was set
    until = models.DateField(null=True)  # the last day, inclusive
    most = models.PositiveSmallIntegerField(null=True)  # turns that went out
    texts = models.JSONField(default=list)  # other words for the turns, one after another; none: the post's own
    soon = models.BooleanField(default=False)  # the same text again within a week, as asked
    state = models.CharField(max_length=7, choices=State, default=State.GOING)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["post"], name="one_recurrence_a_post", condition=models.Q(state="going"))
        ]


class PostMedia(models.Model):
    """A picture of a post, with what is said of it."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="media")
    media = models.ForeignKey(Media, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField(default=0)
    alt = models.TextField(blank=True)
    focus_x = models.FloatField(default=0.5)  # 0: left, 1: right; a crop keeps this point
    focus_y = models.FloatField(default=0.5)  # 0: top, 1: bottom

    class Meta:
        constraints = [models.UniqueConstraint(fields=["post", "media"], name="a_picture_once_a_post")]
        ordering = ["position"]


class Attempt(models.Model):
    """One call to a network, written before it is made."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="attempts")
    number = models.PositiveSmallIntegerField()
    key = models.CharField(max_length=64)  # Idempotency-Key, record key: the same for every attempt of the same text
    frozen = models.JSONField(default=dict)  # what must not change between attempts: createdAt, text, record
    prepared = models.JSONField(null=True)  # what was put at the network first: picture ids, a container; None: not yet
    started_at = models.DateTimeField()
    called_at = models.DateTimeField(null=True)  # just before `publish`; None: nothing of it can be out
    finished_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, blank=True)  # sent, deferred, refused, unknown; empty: under way or died
    evidence = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["post", "number"], name="attempt_number")]


class Change(models.Model):
    """An edit or a deletion of what is out, wanted by someone. It waits where the post's own fate is not known yet."""

    class Act(models.TextChoices):
        EDIT = "edit"
        DELETE = "delete"

    class State(models.TextChoices):
        WAITING = "waiting"  # due at due_at, once the post is out
        CLAIMED = "claimed"
        DONE = "done"
        REFUSED = "refused"
        UNKNOWN = "unknown"  # asked for several times, and never an answer
        VOID = "void"  # there is nothing to change: the post never went out, or a later change came first

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="changes")
    act = models.CharField(max_length=6, choices=Act)
    text = models.TextField(blank=True)  # of an edit
    content_warning = models.CharField(max_length=300, blank=True)  # of an edit
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    asked_at = models.DateTimeField(auto_now_add=True)
    due_at = models.DateTimeField()
    attempts_made = models.PositiveSmallIntegerField(default=0)
    token = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    rung_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=500, blank=True)  # the network's words
    evidence = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["post", "act"], name="one_waiting_change", condition=models.Q(state="waiting")
            )
        ]


class Counted(models.Model):
    """How a post is taken, in its network's public numbers, some time after it went out. Never who."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="counted")
    after = models.DurationField()  # one of feedback.MOMENTS
    asked_at = models.DateTimeField(auto_now_add=True)
    replies = models.PositiveIntegerField(null=True)
    likes = models.PositiveIntegerField(null=True)
    reposts = models.PositiveIntegerField(null=True)
    why_not = models.CharField(max_length=300, blank=True)  # the network does not say, in words
    refused = models.BooleanField(
        default=False, db_default=False
    )  # it does not let the channel see any post's; False again once it told some

    class Meta:
        constraints = [models.UniqueConstraint(fields=["post", "after"], name="counted_once_a_moment")]
        indexes = [models.Index(fields=["asked_at"], name="counts_refused", condition=models.Q(refused=True))]
        ordering = ["after"]
