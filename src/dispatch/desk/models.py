"""What people decided at the desk that no other room keeps."""

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
