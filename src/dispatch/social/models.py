"""Channels, posts for them, and each attempt to publish one."""

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


class Post(models.Model):
    """One text for one channel, due at one moment."""

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
    text = models.TextField()
    link = models.URLField(max_length=1000, blank=True)
    language = models.CharField(max_length=12)
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
        constraints = [models.UniqueConstraint(fields=["channel", "story"], name="one_post_a_channel")]
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


class Attempt(models.Model):
    """One call to a network, written before it is made."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="attempts")
    number = models.PositiveSmallIntegerField()
    key = models.CharField(max_length=64)  # Idempotency-Key, record key: the same for every attempt of the same text
    frozen = models.JSONField(default=dict)  # what must not change between attempts: createdAt, text, record
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, blank=True)  # sent, deferred, refused, unknown; empty: under way or died
    evidence = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["post", "number"], name="attempt_number")]
