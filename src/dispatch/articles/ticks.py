"""What the clock repeats for articles."""

from datetime import timedelta

from django.db.models import DurationField, ExpressionWrapper, F, Q
from django.utils import timezone

from dispatch import clock, queue
from dispatch.articles import embargo, hints
from dispatch.articles.models import Article, Hint, Source, WebhookDelivery, Withdrawal

LOST = timedelta(seconds=5)
KEPT = timedelta(days=30)
AT_ONCE = 100


@clock.tick("take in what no worker took", every=2)
def ring_arrivals() -> None:
    """Webhooks whose doorbell was lost, and those that could not be taken in and are due again."""
    waiting = WebhookDelivery.objects.filter(due_at__lt=timezone.now() - LOST)
    for number in waiting.values_list("source", flat=True).distinct():
        queue.enqueue("articles.take_in", number)


@clock.tick("plan what no worker took", every=1)
def ring_unplanned() -> None:
    """Articles whose doorbell was lost, and those whose embargo is over. In no order, so that some that cannot be planned do
    not stand before the others."""
    lost = timezone.now() - LOST
    waiting = Article.objects.filter(embargo.free(), planned_at=None).filter(Q(current__received_at__lt=lost))
    for number in waiting.order_by("?").values_list("pk", flat=True)[:AT_ONCE]:
        queue.enqueue("articles.plan_article", number)


@clock.tick("poll sources", every=5)
def poll_due() -> None:
    """Sources whose time has come; marked first, so that a slow one is not asked twice."""
    now = timezone.now()
    patience = ExpressionWrapper(F("poll_every") * timedelta(seconds=1), DurationField())
    due = Source.objects.exclude(poll_url="").filter(Q(polled_at=None) | Q(polled_at__lt=now - patience))
    for number in due.values_list("pk", flat=True):
        Source.objects.filter(pk=number).update(polled_at=now)
        queue.enqueue("articles.poll_source", number)


@clock.tick("look where a hint pointed", every=5)
def ring_hints() -> None:
    """Hints whose doorbell was lost, or whose CMS did not answer."""
    now = timezone.now()
    for hint in Hint.objects.filter(due_at__lt=now - LOST).order_by("due_at")[:AT_ONCE]:
        Hint.objects.filter(pk=hint.pk, due_at=hint.due_at).update(due_at=now + hints.AGAIN)
        queue.enqueue("articles.fetch_article", hint.source_id, hint.external_id)


@clock.tick("forget old deliveries", every=3600)
def forget_deliveries() -> None:
    """A repeat is recognised for thirty days, and so is what was taken back."""
    WebhookDelivery.objects.filter(received_at__lt=timezone.now() - KEPT).delete()
    Withdrawal.objects.filter(received_at__lt=timezone.now() - KEPT).delete()
