"""What flowed is written down by the clock: twice is once, counters only by what they grew, and old minutes become hours."""

from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch.articles import arrivals
from dispatch.articles.models import Source, WebhookDelivery
from dispatch.delivery import ledger, relays, sending, tallies
from dispatch.delivery.mailers.fake import Fake
from dispatch.delivery.models import Chunk, DeliveryException, NewsletterTally, Send, Tally
from dispatch.editions.models import Edition
from dispatch.operations import flowing
from dispatch.operations.models import Flow, FlowLook, FlowMark
from dispatch.outcomes import Deferred, Sent
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


def away(minutes):
    """No clock looked for so long."""
    FlowLook.objects.update(at=timezone.now() - timedelta(minutes=minutes))


def test_what_went_while_no_clock_led_is_in_its_own_minutes(posted):
    flowing.write()
    Flow.objects.all().delete()
    done_at = timezone.now() - timedelta(hours=3)
    Attempt.objects.update(started_at=done_at, finished_at=done_at)
    away(minutes=200)
    flowing.write()
    flowing.write()
    assert flows("post") == [("masto", "sent", 1)]
    assert Flow.objects.get(kind="post").at == done_at.replace(second=0, microsecond=0)


def test_no_look_goes_behind_minutes_that_are_quarters_by_now(posted):
    flowing.write()
    Flow.objects.all().delete()
    Attempt.objects.update(finished_at=timezone.now() - timedelta(days=3))
    away(minutes=5 * 24 * 60)
    flowing.write()
    assert flows("post") == []


def test_letters_that_left_while_no_clock_led_are_no_spike(monkeypatch):
    monkeypatch.setattr(relays, "open_mailer", lambda relay: Fake(lambda _: Sent()))
    newsroom.relay()
    office = newsroom.newsletter(languages=["en"])
    newsroom.readers(office, en=7)
    flowing.write()
    for tally in (newsroom.send(office, newsroom.story("en")), newsroom.send(office, newsroom.story("en"))):
        sending.send_chunk(tally.pk, 1)
    first, second = Chunk.objects.order_by("pk")
    now = timezone.now().replace(second=30, microsecond=0)
    Chunk.objects.filter(pk=first.pk).update(rung_at=now - timedelta(minutes=50))
    Chunk.objects.filter(pk=second.pk).update(rung_at=now - timedelta(minutes=20))
    FlowMark.objects.create(counter="another", total=0)
    away(minutes=60)
    flowing.write()
    for kind in ("mail", "mailing"):
        rows = Flow.objects.filter(kind=kind).order_by("at").values_list("at", "count")
        minutes = [now.replace(second=0) - timedelta(minutes=ago) for ago in (50, 20)]
        assert list(rows) == [(minutes[0], 7), (minutes[1], 7)], kind
    flowing.write()
    assert sum(count for *_, count in flows("mail")) == 14, "and none of them twice"


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


def test_letters_of_a_newsletter_and_how_late_they_were_are_in_the_chart(client):
    relay, office = relays.save("main", "fake://"), newsroom.newsletter()
    tallies.add(relay.pk, 1, {"accepted": 1}, newsletter=office.pk, late=1000)
    flowing.write()
    tallies.add(relay.pk, 1, {"accepted": 3, "deferred": 9}, newsletter=office.pk, late=10)
    tallies.add(relay.pk, 2, {"accepted": 1}, newsletter=office.pk, late=50)
    flowing.write()
    flowing.write()
    for part, late in (("", 20), ("main", 20), ("main/1", 10), ("main/2", 50), ("newsletter:office", 20)):
        assert {one for one in flowing.chart("mail", "1h", part).late if one is not None} == {late}, part
    assert flowing.chart("mail", "1h").total == flowing.chart("mail", "1h", "newsletter:office").total
    assert flowing.chart("mail", "1h").total["sent"] == 4
    assert flowing.parts("mail")[0] == ("newsletter:office", "of office")
    page = newsroom.signed_in(client).get("/operations/queue/flow/", {"part": "newsletter:office"}).content.decode()
    assert "From the moment that a send began" in page
    assert len(client.get("/operations/queue/flow.json").json()["late"]) == 2


def test_a_letter_is_late_from_the_moment_on_that_it_was_due(monkeypatch):
    answers = iter([Deferred(until=None, reason="grey", code="450 4.2.1")])
    monkeypatch.setattr(relays, "open_mailer", lambda relay: Fake(lambda message: next(answers, Sent())))
    newsroom.relay()
    office = newsroom.newsletter(languages=["en"])
    newsroom.readers(office, en=2)
    send, now = newsroom.send(office, newsroom.story("en")), timezone.now()
    Send.objects.update(started_at=now - timedelta(hours=2))
    sending.send_chunk(send.pk, 1)
    lates = dict(NewsletterTally.objects.values_list("outcome", "late"))
    assert lates == dict(Tally.objects.values_list("outcome", "late"))
    assert all(7200 <= late < 7800 for late in lates.values())
    DeliveryException.objects.update(next_attempt_at=now - timedelta(hours=1))
    for number in ledger.promote_due():
        sending.send_chunk(*number)
    again = NewsletterTally.objects.get(outcome="accepted")
    assert again.letters == 2
    assert 3600 <= again.late - lates["accepted"] < 4200, "a retry is late from the moment of that try on"


def test_renders_that_failed_and_webhooks_that_could_not_be_taken_in_are_there_and_late_for_nothing():
    daily, now = newsroom.newsletter("daily", cadence="daily"), timezone.now()
    values = {"state": "failed", "due_at": now - timedelta(hours=1), "rung_at": now - timedelta(minutes=4)}
    Edition.objects.create(newsletter=daily, slot="2026-11-22", **values)
    source = Source.objects.create(slug="site", kind="native", name="The site")
    failed = {"body_hash": b"", "event": "published", "did": "failed", "due_at": now + arrivals.AGAIN}
    WebhookDelivery.objects.create(source=source, delivery_id="msg_1", **failed)
    flowing.write()
    flowing.write()
    assert flows("render") == [("daily", "refused", 1)]
    assert flows("article") == [("site", "refused", 1)]
    assert set(flowing.chart("render", "1h").late) == {None}
