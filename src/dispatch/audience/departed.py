"""How many readers left a newsletter, in numbers that outlive what is kept of them: who they were is forgotten in a day."""

from collections import Counter, defaultdict
from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta

from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import QuerySet
from django.utils import timezone

from dispatch.audience.models import Subscription, Tally

KEPT = timedelta(days=60)


@transaction.atomic
def count(subscribers: Collection[int]) -> None:
    """Before these are erased. In the transaction that erases them, so that nobody is counted twice or not at all."""
    found: defaultdict[int, Counter[str]] = defaultdict(Counter)
    theirs = _left().filter(subscriber__in=subscribers, left_at__gt=timezone.now() - KEPT)
    for newsletter, left_at in theirs.values_list("newsletter_id", "left_at"):
        assert left_at is not None
        found[newsletter][left_at.astimezone(UTC).date().isoformat()] += 1
    for newsletter in sorted(found):
        Tally.objects.get_or_create(newsletter_id=newsletter)
        tally = Tally.objects.select_for_update().get(newsletter=newsletter)
        tally.departed = _lately(Counter(tally.departed) + found[newsletter])
        tally.save(update_fields=["departed"])


def between(newsletter_id: int, first: date, last: date, *, using: str = DEFAULT_DB_ALIAS) -> int:
    """Who left on these days (UTC, both inclusive), forgotten or not."""
    kept = Tally.objects.using(using).filter(newsletter=newsletter_id)
    tally = kept.values_list("departed", flat=True).first() or {}
    forgotten: int = sum(count for day, count in tally.items() if first.isoformat() <= day <= last.isoformat())
    start, end = (datetime.combine(day, time(), UTC) for day in (first, last + timedelta(days=1)))
    left = _left().using(using).filter(newsletter=newsletter_id, left_at__gte=start, left_at__lt=end)
    return forgotten + left.count()


def _lately(days: Counter[str]) -> dict[str, int]:
    """Days that somebody may still ask of."""
    oldest = (timezone.now() - KEPT).astimezone(UTC).date().isoformat()
    return {day: count for day, count in sorted(days.items()) if day >= oldest}


def _left() -> QuerySet[Subscription]:
    return Subscription.objects.filter(state=Subscription.State.LEFT)
