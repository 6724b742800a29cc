"""Some CMSs say only that something happened to an article; what it is now, their API says. The look is a worker's work."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils import timezone

from dispatch import queue
from dispatch.articles.models import Hint, Source

AGAIN = timedelta(minutes=1)
KEPT = timedelta(days=1)


def note(source: Source, external_id: str) -> None:
    """Keep that it must be looked at, and ask a worker to look."""
    now = timezone.now()
    hint = Hint(source=source, external_id=external_id, noted_at=now, due_at=now)
    Hint.objects.bulk_create(
        [hint],
        update_conflicts=True,
        unique_fields=["source", "external_id"],
        update_fields=["noted_at", "due_at"],
    )
    queue.enqueue("articles.fetch_article", source.pk, external_id)


def doubt(source: Source, names: Iterable[str]) -> None:
    """Have the source asked about what it said within the second in which it took that back, where it can be asked."""
    can_be_asked = {
        Source.Kind.GHOST: bool(source.poll_url and source.api_key),
        Source.Kind.WORDPRESS: bool(source.base_url or source.poll_url),
    }
    for name in names if can_be_asked.get(Source.Kind(source.kind)) else ():
        note(source, name)


def settle(source: Source, external_id: str, looked_at: datetime) -> None:
    """It was looked at: done, unless something happened to it since."""
    Hint.objects.filter(source=source, external_id=external_id, noted_at__lte=looked_at).delete()


def put_off(source: Source, external_id: str) -> None:
    """The CMS did not answer: another look in a minute, for a day."""
    now = timezone.now()
    hints = Hint.objects.filter(source=source, external_id=external_id)
    hints.filter(noted_at__lt=now - KEPT).delete()
    hints.update(due_at=now + AGAIN)
