"""Webhooks are kept while the CMS waits, and taken in by a worker in the order they came."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from articles.conftest import add_source, article
from django.db import connection
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from dispatch import queue
from dispatch.accounts.models import AuditEntry
from dispatch.articles import arrivals, incoming, intake, ticks
from dispatch.articles.incoming import Act, Incoming, Version
from dispatch.articles.models import Article, WebhookDelivery

MOMENTS = st.datetimes(timezones=st.just(UTC))
TEXTS = st.text(st.characters(codec="utf-8"))
VERSIONS = st.builds(
    Version,
    language=st.sampled_from(["en", "be", "ru"]),
    external_id=TEXTS,
    title=TEXTS,
    html=TEXTS,
    updated_at=MOMENTS,
    published_at=MOMENTS,
    topics=st.lists(TEXTS).map(tuple),
)
INCOMING = st.builds(
    Incoming,
    act=st.sampled_from(Act),
    event=TEXTS,
    story_key=TEXTS,
    versions=st.lists(VERSIONS, max_size=3).map(tuple),
    at=st.none() | MOMENTS,
)


@given(INCOMING)
def test_what_is_kept_is_what_was_said(said):
    assert incoming.from_json(incoming.to_json(said)) == said


@pytest.mark.django_db
def test_the_request_keeps_it_in_two_statements_and_a_worker_takes_it_in(
    native, send, monkeypatch, django_assert_num_queries
):
    rung = []
    monkeypatch.setattr(queue, "enqueue", lambda task, *ids: rung.append((task, *ids)))
    with django_assert_num_queries(2):  # whose it is; keep it
        answer = send(article())
    assert (answer.status_code, answer.json()) == (202, {"did": "received"})
    assert rung == [("articles.take_in", native.pk)]
    assert not Article.objects.exists()
    (changed,) = arrivals.take_in(native.pk)
    delivery = WebhookDelivery.objects.get()
    assert (delivery.did, delivery.said, delivery.due_at) == ("published", "", None)
    assert Article.objects.get().current.title == "The Council heard the report"
    assert changed == Article.objects.get().pk


@pytest.mark.django_db
def test_a_repeat_tells_what_became_of_the_first(native, send):
    assert send(article()).json() == {"did": "received"}
    assert send(article()).json() == {"did": "repeated", "why": "this delivery was taken before: received"}
    list(arrivals.take_in(native.pk))
    send(article(), name="msg_2")
    list(arrivals.take_in(native.pk))
    again = send(article(), name="msg_2")
    assert again.status_code == 200
    assert again.json()["why"] == "this delivery was taken before: unchanged: it says what it said before"


@pytest.mark.django_db
def test_what_came_first_is_taken_in_first(native, send):
    """Published, taken back and published again within a moment, by a CMS that tells no time of the withdrawal."""
    soon = timezone.now() + timedelta(hours=1)
    send(article())
    send({"story": "un-report"}, event="article.withdrawn", name="msg_2")
    send(article(title="Again", updated_at=soon.isoformat()), name="msg_3")
    list(arrivals.take_in(native.pk))
    assert list(WebhookDelivery.objects.order_by("id").values_list("did", flat=True)) == [
        "published",
        "withdrawn",
        "published",
    ]
    assert Article.objects.get().current.title == "Again"


@pytest.mark.django_db
def test_what_cannot_be_taken_in_stands_before_nothing_and_is_tried_again(native, send, monkeypatch, caplog):
    def take(source, said, heard_at=None, *, really=intake.take):
        if said.versions[0].title == "Poison":
            raise ValueError("a bug")
        return really(source, said, heard_at)

    with monkeypatch.context() as patched:
        patched.setattr(intake, "take", take)
        send(article(title="Poison"))
        send(article(story="other", url=""), name="msg_2")
        list(arrivals.take_in(native.pk))
    failed, taken = WebhookDelivery.objects.order_by("id")
    assert (failed.did, taken.did) == ("failed", "published")
    assert failed.due_at > timezone.now() + timedelta(minutes=9)
    assert "a webhook could not be taken in" in caplog.text
    assert arrivals.retry(failed.pk, None, "it is mended")
    list(arrivals.take_in(native.pk))
    assert set(Article.objects.values_list("current__title", flat=True)) == {"Poison", "The Council heard the report"}
    assert AuditEntry.objects.get().act == "webhook.retry"


@pytest.mark.django_db
def test_only_what_failed_can_be_dropped(native, send):
    send(article())
    delivery = WebhookDelivery.objects.get()
    assert not arrivals.drop(delivery.pk, None, "not ours")
    WebhookDelivery.objects.update(did="failed")
    assert arrivals.drop(delivery.pk, None, "not ours")
    assert not arrivals.retry(delivery.pk, None, "after all")
    list(arrivals.take_in(native.pk))
    assert not Article.objects.exists()


@pytest.mark.django_db
def test_the_clock_rings_again_for_what_no_worker_took(native, send, monkeypatch):
    send(article())
    rung = []
    monkeypatch.setattr(queue, "enqueue", lambda task, *ids: rung.append((task, *ids)))
    ticks.ring_arrivals()
    assert rung == []
    WebhookDelivery.objects.update(due_at=datetime(2026, 1, 1, tzinfo=UTC))
    ticks.ring_arrivals()
    assert rung == [("articles.take_in", native.pk)]


@pytest.mark.django_db(transaction=True)
def test_workers_that_come_at_once_overlook_nothing_and_take_nothing_twice(send):
    native = add_source("native")
    for number in range(20):
        send(article(story=f"story-{number}", url=""), name=f"msg_{number}")
    together = threading.Barrier(3)

    def work():
        together.wait(60)
        list(arrivals.take_in(native.pk))
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert set(WebhookDelivery.objects.values_list("did", flat=True)) == {"published"}
    assert Article.objects.count() == 20


@pytest.mark.django_db
def test_where_many_wait_nobody_is_told_of_one_more_and_all_are_taken_in(native, send, monkeypatch):
    rung = []
    monkeypatch.setattr(queue, "enqueue", lambda task, *ids: rung.append((task, *ids)))
    for number in range(3 * arrivals.BUSY):
        send(article(story=f"story-{number}", url=""), name=f"msg_{number}")
    assert len(rung) == arrivals.BUSY
    assert len(list(arrivals.take_in(native.pk))) == 3 * arrivals.BUSY
    send(article(story="one more", url=""), name="msg_more")
    assert len(rung) == arrivals.BUSY + 1
