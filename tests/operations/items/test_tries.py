"""What is tried more than once tells each try: a letter, a webhook, an edition; by codes alone, the last twenty."""

from datetime import UTC, datetime, timedelta

import newsroom
import pytest

from dispatch import queue, retrying
from dispatch.articles import arrivals, intake
from dispatch.articles.models import Source, WebhookDelivery
from dispatch.audience import letters as writing
from dispatch.audience.models import Letter
from dispatch.delivery import letters, relays
from dispatch.delivery.mailers.fake import Fake
from dispatch.editions import guarding, planning, rendering
from dispatch.editions.models import Edition
from dispatch.operations.items import history
from dispatch.outcomes import Deferred, Sent

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def rung(monkeypatch):
    monkeypatch.setattr(queue, "enqueue", lambda *_: None)


def told(kind, one):
    return [(event.word, event.words) for event in reversed(history.of(kind, str(one.pk)).events)]


@pytest.mark.django_db
def test_each_try_of_a_letter_is_told(monkeypatch):
    newsroom.relay()
    answers = [
        Deferred(until=None, reason="grey", code="450 4.2.0"),
        Deferred(until=None, reason="x", code="421 4.7.0"),
    ]
    monkeypatch.setattr(relays, "open_mailer", lambda *_: Fake(lambda _: answers.pop(0) if answers else Sent()))
    one = writing.write("confirm", newsroom.newsletter(), "be", "alice@example.org")
    for _ in range(3):
        Letter.objects.update(next_attempt_at=NOON - timedelta(days=300))
        letters.send(one.pk)
    assert told("letter", one)[1:] == [
        ("deferred", "450 4.2.0 from main"), ("deferred", "421 4.7.0 from main"), ("sent", "from main"),
    ]  # fmt: skip
    assert "@" not in Letter.objects.get().tries


@pytest.mark.django_db
def test_each_try_to_take_a_webhook_in_is_told(monkeypatch):
    source = Source.objects.create(slug="site", kind="native", name="site")
    said = '{"event": "nonsense"}'
    one = WebhookDelivery.objects.create(
        source=source, delivery_id="msg_1", body_hash=b"", event="published", said=said, did="received", due_at=NOON
    )

    def broken(*_):
        raise ValueError("a bug")

    monkeypatch.setattr(arrivals.incomings, "from_json", lambda said: said)
    monkeypatch.setattr(intake, "take", broken)
    list(arrivals.take_in(source.pk))
    WebhookDelivery.objects.update(due_at=NOON - timedelta(days=300))
    monkeypatch.setattr(intake, "take", lambda *_: arrivals.Accepted("published"))
    list(arrivals.take_in(source.pk))
    assert told("webhook", one) == [
        ("", "It arrived."), ("failed", "It could not be taken in."), ("", "It was taken in: published."),
    ]  # fmt: skip


@pytest.mark.django_db
def test_why_a_rendering_failed_is_still_told_when_it_is_tried_again(monkeypatch):
    office = newsroom.newsletter(languages=["en"])
    edition = newsroom.edition(office, newsroom.story("en"))
    Edition.objects.filter(pk=edition.pk).update(state="due", attempts=0)

    def broken(*_):
        raise guarding.Unrenderable("a picture is missing")

    with monkeypatch.context() as patched:
        patched.setattr(rendering, "_contents", broken)
        rendering.render(edition.pk)
    edition.refresh_from_db()
    assert (edition.state, edition.attempts) == ("failed", 1)
    assert planning.try_again(edition.pk)
    Edition.objects.filter(pk=edition.pk).update(attempts=rendering.PATIENCE)
    rendering.render(edition.pk)
    lines = [line for line in told("edition", edition) if line[0] or "begun" in line[1]]
    assert lines == [
        ("", "Rendering was begun."),  # in life, before this
        ("", "Rendering was begun."),
        ("failed", "a picture is missing"),
        ("failed", f"Rendering was begun {rendering.PATIENCE} times and never ended; the worker's log says more."),
    ]


def test_of_many_tries_the_last_are_kept():
    tries = ""
    for number in range(30):
        tries = retrying.noted(tries, NOON + timedelta(minutes=number), "deferred", 3, "450\n4.2.0")
    lines = list(retrying.told(tries))
    assert len(lines) == retrying.KEPT
    assert lines[-1] == (NOON + timedelta(minutes=29), "deferred", "3 450 4.2.0")
    assert lines[0][0] == NOON + timedelta(minutes=10)
