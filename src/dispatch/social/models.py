"""Channels, their slots, posts for them, what a post shows, and each attempt to publish one."""

from django.db import models

from dispatch.articles.models import Article, Story


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
        SENT = "sent"
        REFUSED = "refused"
        UNKNOWN = "unknown"  # may or may not be out; looked for, then shown to an editor
        DROPPED = "dropped"  # someone decided against it
        WITHDRAWN = "withdrawn"  # the article was taken back before it went out

    WAITING = (State.SCHEDULED, State.DEFERRED)

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
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "story", "turn", "place"], name="one_post_a_channel")]
        indexes = [
            models.Index(
                fields=["due_at"],
                name="post_due",
                condition=models.Q(state__in=["scheduled", "deferred", "claimed", "unknown"]),
            )
        ]

    @property
    def risk(self) -> str:
        """Why it will not go out at its moment as things stand; empty where nothing is known. Reads the channel."""
        if self.state not in self.WAITING:
            return ""
        return (self.channel.trouble or self.warning) if self.channel.active else "the channel is switched off"


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
    prepared = models.JSONField(default=dict)  # what was put at the network before publishing: picture ids, a container
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, blank=True)  # sent, deferred, refused, unknown; empty: under way or died
    evidence = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["post", "number"], name="attempt_number")]
