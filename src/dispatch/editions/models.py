"""An edition: one mailing of a newsletter, its stories, and what was rendered of it."""

import hashlib
import secrets

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from dispatch.articles.models import Revision, Story
from dispatch.audience.models import Newsletter


def new_public_id() -> str:
    """Names an edition's web page without saying how many there are."""
    return secrets.token_urlsafe(12)


OWN = "own:"
"""What the slot of an edition begins with that is for readers with a rhythm of their own."""

BREAKING = "breaking:"
"""Likewise of one that brings a story at once; the story's number follows."""

CORRECTION = "correction:"
"""Likewise of one that corrects a story; the story's number follows, and which correction of it this is."""


class Item(models.Model):
    """A story that a newsletter brings, numbered as it came."""

    newsletter = models.ForeignKey(Newsletter, on_delete=models.CASCADE, related_name="items")
    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="+")
    number = models.PositiveIntegerField()  # from 1; a lower one was there for all to see before a higher one
    arrived_at = models.DateTimeField()
    mailed = models.JSONField(
        default=dict
    )  # language → the Tally.editions of the newsletter's own edition that told it

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["newsletter", "story"], name="a_story_numbered_once"),
            models.UniqueConstraint(fields=["newsletter", "number"], name="a_number_once_a_newsletter"),
        ]
        indexes = [models.Index(fields=["newsletter", "arrived_at"], name="items_lately")]


class Edition(models.Model):
    """One mailing of one newsletter."""

    class State(models.TextChoices):
        DRAFT = "draft"  # a correction that is being written
        GATHERING = "gathering"  # a digest that waits for its slot
        DUE = "due"  # to be rendered now
        RENDERED = "rendered"  # frozen; a send may be enlisted
        EMPTY = "empty"  # nothing to say: not sent
        WITHDRAWN = "withdrawn"  # its only story was taken back before it was rendered
        FAILED = "failed"  # could not be rendered; `trouble` says why
        LATE = "late"  # found hours after its moment; it waits for a person

    newsletter = models.ForeignKey(Newsletter, on_delete=models.CASCADE, related_name="editions")
    slot = models.CharField(max_length=80)  # "2026-11-23", "story:12", "story:12/be", "breaking:12", "own:2026-11-…"
    state = models.CharField(max_length=12, choices=State, default=State.GATHERING)
    trouble = models.CharField(max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField(
        default=0
    )  # renderings begun; a worker that died in one left it counted
    tries = models.TextField(
        blank=True, default="", db_default=""
    )  # the last of them, see retrying.noted; what was wrong
    rung_at = models.DateTimeField(null=True)  # when a worker was last asked to render it
    public_id = models.CharField(max_length=24, unique=True, default=new_public_id)
    due_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)
    rendered_at = models.DateTimeField(null=True)
    enlisted_at = models.DateTimeField(null=True)  # its audience was frozen
    is_urgent = models.BooleanField(default=False)  # breaking news, a correction: it overtakes what is under way

    class Meta:
        constraints = [models.UniqueConstraint(fields=["newsletter", "slot"], name="one_edition_a_slot")]
        indexes = [
            models.Index(fields=["due_at"], name="edition_due", condition=models.Q(state__in=["gathering", "due"])),
        ]

    @property
    def is_own(self) -> bool:
        """Whether it is for readers with a rhythm of their own, each of whom gets what they have not been told yet."""
        return self.slot.startswith(OWN)

    @property
    def is_of_a_story(self) -> bool:
        """Whether it is for one story, and nothing without it."""
        return self.slot.startswith("story:") or self.is_breaking

    @property
    def is_correction(self) -> bool:
        """Whether it is for those who got something wrong of a story."""
        return self.slot.startswith(CORRECTION)

    @property
    def is_breaking(self) -> bool:
        """Whether an editor let its story leave at once."""
        return self.slot.startswith(BREAKING)


class Correction(models.Model):
    """What an edition says about a story that earlier ones told wrongly; its words are the edition's phrasings."""

    edition = models.OneToOneField(Edition, on_delete=models.CASCADE, related_name="correction")
    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="corrections")
    mistaken = models.ManyToManyField(Revision, related_name="+")  # whoever was told one of these gets it


class SubjectTest(models.Model):
    """Two subjects for one edition: each goes to a share of the readers first, and the better one to the rest."""

    edition = models.OneToOneField(Edition, on_delete=models.CASCADE, related_name="subject_test")
    subjects = models.JSONField(default=dict)  # language → the second subject; the first is the edition's own
    share = models.PositiveSmallIntegerField(default=10)  # per cent of the readers, for each subject
    wait = models.PositiveSmallIntegerField(default=60)  # minutes from the last answer until it is decided
    by_clicks = models.BooleanField(
        default=False
    )  # links say which letter they are in, for the newsroom's own site to count
    clicks = models.JSONField(default=dict)  # {"a": 12, "b": 30}, as the newsroom counted them
    winner = models.CharField(max_length=1, blank=True)
    why = models.CharField(max_length=300, blank=True)  # that one won, in a sentence
    decided_at = models.DateTimeField(null=True)


class EditionStory(models.Model):
    """A story in an edition. A newsletter brings a story once, ever; a language that comes later is a further edition."""

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="stories")
    newsletter = models.ForeignKey(Newsletter, on_delete=models.CASCADE, related_name="+")
    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="editions")
    position = models.PositiveIntegerField(default=0)  # set by an editor, from 1; 0: after those, the newest first
    is_further = models.BooleanField(default=False)  # only for readers whose language was not there the first time
    is_picked = models.BooleanField(default=False)  # an editor put it here, whatever its topics or its embargo

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["edition", "story"], name="a_story_once_an_edition"),
            models.UniqueConstraint(
                fields=["newsletter", "story"],
                name="a_story_once_a_newsletter",
                condition=models.Q(is_further=False),
            ),
        ]
        ordering = ["position"]


class Barred(models.Model):
    """A story that an editor decided a newsletter never brings."""

    newsletter = models.ForeignKey(Newsletter, on_delete=models.CASCADE, related_name="+")
    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="barred")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["newsletter", "story"], name="a_story_barred_once")]


class Phrasing(models.Model):
    """What an editor wrote around an edition's stories in one language. An empty subject or preheader is the template's;
    an intro or outro that is null is the newsletter's own."""

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="phrasings")
    language = models.CharField(max_length=12)
    subject = models.CharField(max_length=250, blank=True)
    preheader = models.CharField(max_length=200, blank=True)
    intro = models.TextField(null=True)  # noqa: DJ001 - Markdown; null is the newsletter's own, "" is none
    outro = models.TextField(null=True)  # noqa: DJ001 - likewise
    version = models.PositiveIntegerField(default=0)  # of what is written here; each save adds one
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    saved_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["edition", "language"], name="one_phrasing_a_language")]


class Preflight(models.Model):
    """What the last look at an edition found that costs time: links, DNS, spam. See preflight.py."""

    edition = models.OneToOneField(Edition, on_delete=models.CASCADE, related_name="preflight")
    asked_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)  # null: a worker is at it, or will be
    found = models.JSONField(default=list)  # preflight.Finding as a mapping


def digest(subject: str, html: str, text: str) -> bytes:
    """SHA-256 over what readers get; a variant's hash."""
    return hashlib.sha256(f"{subject}\0{html}\0{text}".encode()).digest()


class Picture(models.Model):
    """What stood at an address when it was fetched, without its metadata; it travels inside letters."""

    key = models.BinaryField(max_length=32, unique=True)  # SHA-256 of the address
    kind = models.CharField(max_length=12, blank=True)  # "image/jpeg"; empty: nothing that a letter can carry
    content = models.BinaryField()
    fetched_at = models.DateTimeField()

    @property
    def content_id(self) -> str:
        """What a letter's HTML calls it by (RFC 2392), the same in all letters; it vouches for the content."""
        return f"{hashlib.sha256(self.content).hexdigest()[:32]}@mail.invalid"


class Variant(models.Model):
    """What readers of one language and the same wishes get: rendered once, frozen, with ASCII slots where readers differ."""

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="variants")
    language = models.CharField(max_length=12)
    discreet = models.BooleanField(default=False)
    telling = ArrayField(models.CharField(max_length=24), default=list)  # "12/be": an item's number, and told in what
    nonce = models.CharField(max_length=16)  # of the slots' tokens, so that an article cannot forge one
    subject = models.CharField(max_length=500)
    preheader = models.CharField(max_length=500, blank=True)
    html = models.TextField()
    text = models.TextField()
    remark = models.CharField(max_length=300, blank=True)  # what an editor should know of it, in words
    arm = models.CharField(max_length=1, blank=True)  # of a test of two subjects: "a" or "b"
    hash = models.BinaryField(max_length=32)  # `digest`, when it was frozen
    revisions = models.ManyToManyField(Revision, related_name="+")  # exactly what it says
    pictures = models.ManyToManyField(Picture, related_name="variants")  # that travel inside

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "language", "discreet", "telling", "arm"], name="one_variant_each"
            )
        ]

    @property
    def is_as_frozen(self) -> bool:
        """Whether readers would get what was looked at and approved."""
        is_same = bytes(self.hash) == digest(self.subject, self.html, self.text)
        return is_same and all(f"cid:{picture.content_id}" in self.html for picture in self.pictures.all())
