"""What the clock repeats for articles."""

from datetime import timedelta

from django.db.models import DurationField, ExpressionWrapper, F, Q
from django.utils import timezone

from dispatch import clock, queue
from dispatch.articles.models import Article, Source, WebhookDelivery

LOST = timedelta(seconds=5)
KEPT = timedelta(days=30)


@clock.tick("plan what no worker took", every=2)
def ring_unplanned() -> None:
    """An article whose doorbell was lost."""
    waiting = Article.objects.filter(planned_at=None, current__received_at__lt=timezone.now() - LOST)
    for number in waiting.values_list("pk", flat=True)[:100]:
        queue.enqueue("articles.plan_article", number)


@clock.tick("poll sources", every=5)
def poll_due() -> None:
    """Sources whose time has come; marked first, so that a slow one is not asked twice."""
    now = timezone.now()
    due = Q(polled_at=None) | Q(
        polled_at__lt=now - ExpressionWrapper(F("poll_every") * timedelta(seconds=1), DurationField())
    )
    for number in Source.objects.filter(due).exclude(poll_url="").values_list("pk", flat=True):
        Source.objects.filter(pk=number).update(polled_at=now)
        queue.enqueue("articles.poll_source", number)


@clock.tick("forget old deliveries", every=3600)
def forget_deliveries() -> None:
    """A repeat is recognised for thirty days."""
    WebhookDelivery.objects.filter(received_at__lt=timezone.now() - KEPT).delete()
