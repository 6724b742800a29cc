"""The numbers of the queue: what waits, by kind and in which way, of a cost that does not grow with the list."""

from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch.delivery import sending
from dispatch.delivery.mailers.fake import Fake
from dispatch.delivery.models import DeliveryException, Send
from dispatch.editions.models import Edition
from dispatch.operations import stats
from dispatch.outcomes import Refused
from dispatch.social.models import Post

pytestmark = pytest.mark.django_db


def counted(kind):
    """{column: how many}, of those that are not nought."""
    return {column: cell.count for column, cell in stats.now().board[kind].items() if cell.count}


@pytest.fixture
def send(settings, monkeypatch):
    """Twelve readers in two chunks; the first ten were refused."""
    from dispatch.delivery import relays

    settings.DELIVERY = {**settings.DELIVERY, "chunk": 10}
    monkeypatch.setattr(sending, "TURN", 0.0)  # one chunk each time
    office = newsroom.newsletter(languages=["en"])
    newsroom.readers(office, en=12)
    newsroom.relay()
    monkeypatch.setattr(
        relays, "open_mailer", lambda relay: Fake(lambda message: Refused(reason="no", code="550 5.1.1"))
    )
    one = newsroom.send(office, newsroom.story("en"))
    sending.send_chunk(one.pk, 1)
    return one


def test_nothing_waits_in_an_empty_newsroom():
    assert {kind: counted(kind) for kind in stats.KINDS} == {kind: {} for kind in stats.KINDS}


def test_readers_and_chunks_stand_where_their_mail_is(send):
    assert counted("mail") == {"due": 2, "failed": 10}
    assert counted("chunk") == {"due": 1}
    (now,) = stats.now().sends
    assert (now.frozen, now.settled, now.untouched, now.sent) == (12, 10, 2, 0)
    assert stats.now().settled == {(send.pk, "en"): 10}


def test_readers_wait_since_their_send_began_and_the_refused_wait_for_nothing(send):
    some = list(DeliveryException.objects.values_list("subscriber_id", flat=True)[:4])
    DeliveryException.objects.filter(subscriber_id__in=some).update(state="deferred")
    board, send = stats.now().board["mail"], Send.objects.get()
    assert {column: cell.oldest for column, cell in board.items() if cell.oldest} == dict.fromkeys(
        ["due", "deferred"], send.started_at
    )


def test_exceptions_are_not_looked_at_to_be_counted(send):
    """A page counts what triggers counted: a million rows or none."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE delivery_exception RENAME TO put_away")
    assert stats.now().board["mail"]["failed"].words == "10"
    assert stats.now().sends[0].sent == 0


def test_the_commonest_replies_are_told(send):
    assert stats.codes(send.pk, DeliveryException.State.REFUSED) == ("550 5.1.1 (10)", None)


def test_posts_and_editions_wait_from_their_moment_on():
    daily, now = newsroom.newsletter("daily", cadence="daily"), timezone.now()
    for day, due in (("2026-11-22", now - timedelta(hours=2)), ("2026-11-23", now + timedelta(hours=2))):
        Edition.objects.create(newsletter=daily, slot=day, state="gathering", due_at=due)
    masto, story = newsroom.channel(), newsroom.story("en")
    newsroom.post(masto, story, Post.State.SCHEDULED, due_at=now + timedelta(hours=1))
    newsroom.post(newsroom.channel("x", "x"), story, Post.State.UNKNOWN)
    assert counted("edition") == {"due": 1}
    assert counted("post") == {"unknown": 1}
    assert now - stats.now().board["edition"]["due"].oldest == timedelta(hours=2)


def test_the_cost_does_not_grow_with_the_sends(send, django_assert_num_queries):
    with django_assert_num_queries(4):
        stats.now()
