"""Stories, their language versions, the versions' revisions, and where they come from."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import HashIndex
from django.db import models


class Source(models.Model):
    """A CMS or feed that tells Dispatch what was published."""

    class Kind(models.TextChoices):
        NATIVE = "native", "Standard Webhooks"
        GHOST = "ghost", "Ghost"
        WORDPRESS = "wordpress", "WordPress"
        FEED = "feed", "RSS, Atom or JSON Feed"
        DESK = "desk", "Brought by hand"

    slug = models.SlugField(unique=True)  # in the webhook's address: /hooks/<slug>
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=12, choices=Kind)
    secrets = models.BinaryField(null=True)  # sealed: one a line, the newest first, each accepted
    api_key = models.BinaryField(null=True)  # sealed: for polling the CMS
    base_url = models.URLField(max_length=500, blank=True)  # of the site; relative addresses start here
    poll_url = models.URLField(max_length=500, blank=True)  # a feed, or Ghost's API; empty: not polled
    poll_every = models.PositiveIntegerField(default=300)  # seconds
    polled_at = models.DateTimeField(null=True)
    poll_state = models.JSONField(default=dict)  # ETag, Last-Modified, the newest updated_at seen
    poll_trouble = models.CharField(max_length=300, blank=True)  # the last failure in words
    language = models.CharField(max_length=12, default="en")  # where neither payload nor tag says
    language_tags = models.JSONField(default=dict)  # {"be": "hash-be"}: the tag that marks each language
    created_at = models.DateTimeField(auto_now_add=True)


class Story(models.Model):
    """One event, told in one or more languages."""

    key = models.CharField(max_length=200, unique=True)  # the newsroom's own, or "<source slug>:<id there>"
    created_at = models.DateTimeField(auto_now_add=True)
    embargo_until = models.DateTimeField(null=True)  # nothing of it leaves, or is shown outside, before


class Article(models.Model):
    """One language version of a story."""

    class State(models.TextChoices):
        PUBLISHED = "published"
        WITHDRAWN = "withdrawn"

    class Visibility(models.TextChoices):
        PUBLIC = "public"
        MEMBERS = "members"  # mail only what stands before the paywall; never posted
        EMAIL_ONLY = "email_only"  # mailed whole; never posted

    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="articles")
    language = models.CharField(max_length=12)  # BCP 47
    source = models.ForeignKey(Source, on_delete=models.PROTECT)
    external_id = models.CharField(max_length=200)  # the CMS's own id of this version
    url = models.URLField(max_length=1000, blank=True)
    address = models.CharField(max_length=1000, blank=True)  # the url as canonical.canonical has it, to be found by
    state = models.CharField(max_length=12, choices=State, default=State.PUBLISHED)
    visibility = models.CharField(max_length=12, choices=Visibility, default=Visibility.PUBLIC)
    published_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    planned_at = models.DateTimeField(null=True)  # null: plan_article has yet to look at the current revision or state
    current = models.ForeignKey("Revision", null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["story", "language"], name="one_version_a_language"),
            models.UniqueConstraint(fields=["source", "external_id", "language"], name="one_article_a_source_id"),
        ]
        indexes = [
            models.Index(fields=["id"], name="article_unplanned", condition=models.Q(planned_at=None)),
            HashIndex(fields=["address"], name="article_address"),
        ]


class Revision(models.Model):
    """What an article said from one moment on; never changed."""

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    updated_at = models.DateTimeField()  # the CMS's own word; an older one never replaces a newer
    received_at = models.DateTimeField(auto_now_add=True)
    title = models.CharField(max_length=500)
    summary = models.TextField(blank=True)
    html = models.TextField()  # cleaned for mail
    text = models.TextField()  # the same in plain text
    picture_url = models.URLField(max_length=1000, blank=True)
    picture_alt = models.CharField(max_length=1000, blank=True)
    topics = ArrayField(models.CharField(max_length=80), default=list)
    hash = models.BinaryField(max_length=32)  # of all the fields above that a reader sees

    class Meta:
        constraints = [models.UniqueConstraint(fields=["article", "number"], name="revision_number")]


class Withdrawal(models.Model):
    """What a source took back, and when: whatever it said before that moment and arrives later stays out."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE)
    external_id = models.CharField(max_length=200)  # of one version; with a "/" at its end: of all languages
    at = models.DateTimeField()  # by the CMS's own clock where it says
    received_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "external_id"], name="one_withdrawal_an_article")]


class Hint(models.Model):
    """Something happened to an article there; the CMS has yet to be asked what."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE)
    external_id = models.CharField(max_length=200)
    noted_at = models.DateTimeField()
    due_at = models.DateTimeField()  # the next look; later each time the CMS does not answer

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "external_id"], name="one_hint_an_article")]


class WebhookDelivery(models.Model):
    """One webhook that was accepted: what it says until that is taken in, then only what was done, for a repeat."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE)
    delivery_id = models.CharField(max_length=200)  # webhook-id, or a digest of what makes it the same
    body_hash = models.BinaryField(max_length=32)
    event = models.CharField(max_length=60)
    said = models.TextField(blank=True)  # incoming.to_json, until it is taken in
    due_at = models.DateTimeField(null=True)  # when to take it in, or to try that again; null: done
    did = models.CharField(max_length=20)  # received, failed or dropped; else as intake.RANK has it
    why = models.CharField(max_length=300, blank=True)
    tries = models.TextField(blank=True, default="", db_default="")  # the last of them, see retrying.noted
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "delivery_id"], name="each_delivery_once")]
        indexes = [
            models.Index(fields=["received_at"], name="webhook_delivery_age"),
            models.Index(
                fields=["source", "id"], name="webhook_delivery_waiting", condition=models.Q(due_at__isnull=False)
            ),
        ]
