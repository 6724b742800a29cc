"""How many left is known after everything else of them is forgotten, each counted once."""

from datetime import UTC, timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch.audience import departed, leaving
from dispatch.audience.models import Subscriber, Subscription, Tally

pytestmark = pytest.mark.django_db


@pytest.fixture
def office():
    one = newsroom.newsletter()
    newsroom.readers(one, en=5)
    return one


def today():
    return timezone.now().astimezone(UTC).date()


def left(office):
    return departed.between(office.pk, today() - timedelta(days=3), today())


def leave(count):
    for subscription in Subscription.objects.filter(state="active")[:count]:
        leaving.leave(subscription)


def test_who_left_is_counted_before_and_after_they_are_forgotten(office):
    leave(3)
    assert left(office) == 3
    Subscription.objects.filter(state="left").update(left_at=timezone.now() - timedelta(hours=30))
    assert left(office) == 3
    assert leaving.forget_who_left() == 3
    assert Subscriber.objects.count() == 2
    assert left(office) == 3
    assert leaving.forget_who_left() == 0
    assert left(office) == 3


def test_who_keeps_another_newsletter_is_counted_once(office):
    other = newsroom.newsletter("weekly")
    reader = Subscriber.objects.first()
    Subscription.objects.create(
        subscriber=reader, newsletter=other, language="en", handle=b"12345678", consented_at=timezone.now()
    )
    yesterday = timezone.now() - timedelta(hours=30)
    Subscription.objects.filter(subscriber=reader, newsletter=office).update(state="left", left_at=yesterday)
    leaving.forget_who_left()
    assert (left(office), left(other)) == (1, 0)
    Subscription.objects.filter(subscriber=reader).update(state="left", left_at=yesterday)
    leaving.forget_who_left()
    assert (left(office), left(other)) == (1, 1)


def test_only_the_days_that_are_asked_for_count(office):
    leave(2)
    assert departed.between(office.pk, today() - timedelta(days=9), today() - timedelta(days=2)) == 0


def test_old_days_go(office):
    Tally.objects.update_or_create(newsletter=office, defaults={"departed": {"2020-01-01": 4}})
    leave(1)
    Subscription.objects.filter(state="left").update(left_at=timezone.now() - timedelta(hours=30))
    leaving.forget_who_left()
    assert sum(Tally.objects.get(newsletter=office).departed.values()) == 1
