"""What flowed is written down by the clock: twice is once, counters only by what they grew, and old minutes become hours."""

from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch.delivery import relays, tallies
from dispatch.operations import flowing
from dispatch.operations.models import Flow
from dispatch.social.models import Attempt, Post

pytestmark = pytest.mark.django_db


def flows(kind):
    return [(one.part, one.outcome, one.count) for one in Flow.objects.filter(kind=kind).order_by("part", "outcome")]


@pytest.fixture
def posted():
    """A post that went out 4 s after its moment."""
    due = timezone.now() - timedelta(seconds=4)
    post = newsroom.post(newsroom.channel(), newsroom.story("en"), Post.State.SENT, due_at=due, placed=True)
    moments = {"started_at": due + timedelta(seconds=4), "finished_at": timezone.now()}
    Attempt.objects.create(post=post, number=1, key="k", outcome="sent", **moments)
    return post


def test_a_post_is_counted_once_however_often_the_clock_looks(posted):
    flowing.write()
    flowing.write()
    assert flows("post") == [("masto", "sent", 1)]
    chart = flowing.chart("post", "15m")
    assert chart.total["sent"] == 1
    assert [round(one) for one in chart.late if one is not None] == [4]
    assert len(chart.rows) == 1


def test_letters_are_counted_by_what_their_tally_grew():
    relay = relays.save("main", "fake://")
    tallies.add(relay.pk, 1, {"accepted": 1000})
    flowing.write()
    assert flows("mail") == [], "what was there before the first look is not of this minute"
    tallies.add(relay.pk, 1, {"accepted": 7, "deferred": 2})
    flowing.write()
    tallies.add(relay.pk, 1, {"accepted": 3})
    flowing.write()
    assert flows("mail") == [("main/1", "deferred", 2), ("main/1", "sent", 10)]
    assert flowing.chart("mail", "1h", "main").total == {"sent": 10, "deferred": 2, "refused": 0, "unknown": 0}
    assert flowing.chart("mail", "1h", "other").total["sent"] == 0
    assert ("main/1", "gmail by main") in flowing.parts("mail")


def test_old_minutes_become_quarters_then_hours_and_nothing_is_lost():
    now = timezone.now().replace(minute=20, second=0, microsecond=0)
    for days, minutes in ((4, 1), (4, 1), (20, 15), (80, 60), (0, 1)):
        at = now - timedelta(days=days, minutes=Flow.objects.count())
        Flow.objects.create(
            at=at, minutes=minutes, kind="post", part="masto", outcome="sent", count=10, late=5, latest=3
        )
    flowing.thin()
    kept = sorted(Flow.objects.values_list("minutes", "count", "latest"))
    assert kept == [(1, 10, 3), (15, 20, 3), (60, 10, 3)]
    flowing.thin()
    assert sum(Flow.objects.values_list("count", flat=True)) == 40


def test_every_span_has_its_points_and_a_strange_one_is_an_hour(client):
    newsroom.signed_in(client)
    for span, (_, seconds, step) in flowing.SPANS.items():
        assert abs(len(flowing.chart("mail", span).moments) - seconds // step) <= 1
    answer = client.get("/operations/queue/flow.json", {"span": "for ever", "kind": "gossip"}).json()
    assert answer["step"] == 60
    assert len(answer["flow"]) == 5
