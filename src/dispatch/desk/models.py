"""What people decided at the desk that no other room keeps."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from dispatch.accounts.models import User


class Decision(models.Model):
    """What someone decided of a post or edition whose story changed after it was out, as the story stood then."""

    class How(models.TextChoices):
        EDITED = "edited"
        DELETED = "deleted"
        CORRECTED = "corrected"  # by a reply, or by mail
        LET_BE = "let be"

    about = models.CharField(max_length=40)  # "post:12"; "edition:5/7": what edition 5 says of story 7
    seen = models.CharField(max_length=200)  # afterwards.stands: another revision is another question
    how = models.CharField(max_length=12, choices=How)
    reason = models.CharField(max_length=300)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["about", "seen"], name="one_decision_a_question")]


class Target(models.Model):
    """Where someone of the newsroom is told what happened: a mailbox, or a chat that Apprise can reach."""

    class Way(models.TextChoices):
        MAIL = "mail", "Mail"
        CHAT = "chat", "Chat"

    name = models.CharField(max_length=120, unique=True)
    way = models.CharField(max_length=4, choices=Way)
    address = models.BinaryField()  # sealed for "target:<id>:address": a mail address, or an Apprise URL
    kinds = ArrayField(models.CharField(max_length=20), default=list)  # of happening.KINDS
    languages = ArrayField(models.CharField(max_length=12), default=list)  # none: all
    quiet_from = models.TimeField(null=True)  # by the newsroom's clock; only what is urgent comes from here …
    quiet_to = models.TimeField(null=True)  # … to here
    created_at = models.DateTimeField(auto_now_add=True)


class Notice(models.Model):
    """One message to one target, of everything that happened within a minute; or to one person, about their own account."""

    class State(models.TextChoices):
        WAITING = "waiting"
        SENDING = "sending"  # a worker has it, or died with it
        SENT = "sent"
        REFUSED = "refused"
        UNKNOWN = "unknown"  # it may have arrived, and is not repeated

    target = models.ForeignKey(Target, null=True, on_delete=models.CASCADE, related_name="notices")
    person = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="+")
    topic = models.CharField(max_length=120, blank=True, db_default="")  # the subject, where it is a person's
    text = models.TextField()
    is_test = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    made_at = models.DateTimeField(auto_now_add=True)
    due_at = models.DateTimeField()  # of the next try; while it is being sent, when its worker is given up
    attempts = models.PositiveSmallIntegerField(default=0)
    trouble = models.CharField(max_length=300, blank=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], name="notice_due", condition=models.Q(state__in=["waiting", "sending"]))
        ]


class Told(models.Model):
    """A thing that one target is to be told, or was. It is told again only if it comes again after it was over."""

    target = models.ForeignKey(Target, on_delete=models.CASCADE, related_name="told")
    thing = models.CharField(max_length=60)  # "post:12:unknown"
    kind = models.CharField(max_length=20)
    words = models.CharField(max_length=600)
    path = models.CharField(max_length=200)
    is_urgent = models.BooleanField(default=False)
    since = models.DateTimeField(auto_now_add=True)
    over_at = models.DateTimeField(null=True)
    notice = models.ForeignKey(Notice, null=True, on_delete=models.SET_NULL, related_name="told")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["target", "thing"], name="a_thing_once_a_target", condition=models.Q(over_at=None)
            )
        ]
