"""What a restored database believes is still to leave: some of it left after the backup was made, and none can say which.

So none of it leaves by itself, even once the STOP is lifted: what a person can judge waits for a person, what nobody would
miss or can ask for anew is given up. Mail twice is worse than mail late.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max
from django.utils import timezone

from dispatch.accounts import audit
from dispatch.articles.models import Article, Source, WebhookDelivery
from dispatch.audience.models import Letter, Newsletter, Rhythm, SignUp
from dispatch.delivery.models import Approval, Send
from dispatch.desk.models import Notice
from dispatch.editions.models import OWN, Edition
from dispatch.social.models import Post, Recurrence

WHY = "Restored: what left after the backup is not known."
UNDER_WAY = (Send.State.ENLISTING, Send.State.READY, Send.State.FIRST_WAVE, Send.State.SENDING, Send.State.PAUSED)
NEVER = timedelta(days=36_500)
NOT_YET = (Edition.State.GATHERING, Edition.State.DUE, Edition.State.RENDERED, Edition.State.FAILED)


@dataclass(frozen=True)
class Held:
    """How much of it waits for a person."""

    sends: int
    editions: int
    posts: int


def hold() -> Held:
    """Hold everything whose moment may have come between the backup and now. Called in the restore's transaction."""
    now = timezone.now()
    _give_up(now)
    _read_on_from(now)
    _stop_rounds()
    return Held(_sends(), _editions(now), _posts(now))


def _sends() -> int:
    """One that a second person is asked for has no word of whether they agreed since: agreed to, it stands still, too."""
    found = list(Send.objects.filter(state__in=UNDER_WAY).order_by("pk").values_list("pk", flat=True))
    Send.objects.filter(pk__in=found).update(state=Send.State.PAUSED, is_held=True, trouble=WHY, holds_until=None)
    asked = Approval.objects.filter(agreed_at=None, send__state=Send.State.DRAFT)
    waiting = list(asked.values_list("send", flat=True))
    asked.update(then=Send.State.PAUSED)
    Send.objects.filter(pk__in=waiting).update(is_held=True, trouble=WHY)
    for number in (*found, *waiting):
        audit.record(None, "send.hold", f"send:{number}", WHY)
    return len(found) + len(waiting)


def _editions(now: datetime) -> int:
    """Those by readers' own rhythms are taken back instead, and what they held counts as told: a letter left out is made good
    by the next one, a letter sent twice by nothing."""
    come = Edition.objects.filter(state__in=NOT_YET, due_at__lte=now, enlisted_at=None)
    come.filter(slot__startswith=OWN).update(state=Edition.State.WITHDRAWN, trouble=WHY)
    for newsletter in Newsletter.objects.annotate(newest=Max("items__number")).exclude(newest=None):
        due = Rhythm.objects.filter(subscription__newsletter=newsletter, due_at__lte=now)
        due.update(told_to=newsletter.newest, due_at=None)
    return come.exclude(slot__startswith=OWN).update(state=Edition.State.LATE, trouble=WHY)


def _posts(now: datetime) -> int:
    return Post.objects.filter(state__in=Post.WAITING, due_at__lte=now).update(state=Post.State.LATE, trouble=WHY)


def _stop_rounds() -> None:
    """What comes round again would make the turn that is out already."""
    Recurrence.objects.filter(state=Recurrence.State.GOING).update(state=Recurrence.State.STOPPED)


def _give_up(now: datetime) -> None:
    """Letters that somebody can ask for again, what people of the newsroom were to be told, and webhooks not taken in: those
    are kept, and nobody tries them but a person."""
    letters = Letter.objects.filter(state__in=[Letter.State.WAITING, Letter.State.SENDING])
    letters.update(state=Letter.State.UNKNOWN, code="restored", address=None)
    SignUp.objects.all().delete()
    notices = Notice.objects.filter(state__in=[Notice.State.WAITING, Notice.State.SENDING])
    notices.update(state=Notice.State.UNKNOWN, trouble=WHY, finished_at=now)
    untaken = WebhookDelivery.objects.filter(due_at__isnull=False)
    untaken.update(did="failed", why=WHY, due_at=now + NEVER)


def _read_on_from(now: datetime) -> None:
    """A poll takes what was published after the source was added (intake.py). From now on that is after the restore, or all
    that was published and mailed since the backup would be news once more."""
    Source.objects.exclude(poll_url="").update(created_at=now, poll_state={}, polled_at=None)
    unplanned = Article.objects.filter(planned_at=None).exclude(story__embargo_until__gt=now)
    Article.objects.filter(pk__in=unplanned.values("pk")).update(planned_at=now)
