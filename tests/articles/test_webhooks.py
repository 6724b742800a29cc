"""What a webhook answers, and what it does."""

import json
import threading
import time

import pytest
from articles.conftest import SECRET, add_source, article
from django.db import connection
from django.test import Client
from django.utils import timezone

from dispatch import queue
from dispatch.articles import arrivals, signatures
from dispatch.articles.models import Article, Story, WebhookDelivery

pytestmark = pytest.mark.django_db


@pytest.fixture
def rung(monkeypatch, django_capture_on_commit_callbacks):
    rung = []
    monkeypatch.setattr(queue, "enqueue", lambda task, *ids: rung.append((task, *ids)))
    return rung


def state():
    found = Article.objects.get()
    return found.state, found.current.number, found.current.title


def test_an_article_is_taken_and_its_plan_asked_for(native, bring, rung):
    assert bring(article(summary="Heard.", topics=["rights"])) == "published"
    found = Article.objects.get()
    assert (found.story.key, found.language, found.planned_at) == ("native:un-report", "en", None)
    assert found.current.html == "<p>It was heard <b>today</b>.</p>"
    assert found.current.text == "It was heard today."
    assert rung == [("articles.take_in", native.pk)]


def test_one_webhook_brings_a_story_in_several_languages(native, bring):
    russian = {"language": "ru", "title": "Совет заслушал доклад", "html": "<p>Сегодня.</p>"}
    assert bring(article(translations=[russian])) == "published"
    story = Story.objects.get()
    assert sorted(story.articles.values_list("language", flat=True)) == ["en", "ru"]


def test_a_replay_answers_200_and_does_nothing(native, bring, send, rung):
    assert bring(article()) == "published"
    again = send(article(title="Another title"))
    assert (again.status_code, again.json()["did"]) == (200, "repeated")
    assert state() == ("published", 1, "The Council heard the report")
    assert len(rung) == 1


def test_the_same_article_under_another_id_changes_nothing(native, bring):
    bring(article())
    Article.objects.update(planned_at=timezone.now())
    assert bring(article(), name="msg_2") == "unchanged"
    assert Article.objects.get().planned_at


def test_a_revision_replaces_and_an_older_one_stays_out(native, bring):
    bring(article())
    newer = bring(article(title="New", updated_at="2026-01-01T12:00:00Z"), name="msg_2", event="article.updated")
    older = bring(article(title="Old", updated_at="2026-01-01T11:00:00Z"), name="msg_3", event="article.updated")
    assert (newer, older) == ("revised", "older")
    assert state() == ("published", 2, "New")


def test_what_is_withdrawn_stays_so_until_it_is_published_anew(native, bring):
    bring(article())
    Article.objects.update(planned_at=timezone.now())
    gone = {"story": "un-report", "updated_at": "2026-01-01T11:00:00Z"}
    assert bring(gone, event="article.withdrawn", name="msg_2") == "withdrawn"
    assert Article.objects.get().planned_at is None
    assert bring(article(title="Late", updated_at="2026-01-01T10:30:00Z"), name="msg_3") == "older"
    assert Article.objects.get().state == "withdrawn"
    assert bring(article(updated_at="2026-01-01T12:00:00Z"), name="msg_4") == "published"
    assert state()[:2] == ("published", 2)


def test_a_publish_that_arrives_after_its_own_withdrawal_is_kept_out(native, bring):
    gone = {"story": "un-report", "updated_at": "2026-01-01T11:00:00Z"}
    assert bring(gone, event="article.withdrawn", name="msg_2") == "unchanged"
    assert bring(article()) == "older"
    assert not Article.objects.exists()


def test_a_withdrawal_that_is_older_than_what_is_here_does_nothing(native, bring):
    bring(article(updated_at="2026-01-01T12:00:00Z"))
    late = {"story": "un-report", "updated_at": "2026-01-01T11:00:00Z"}
    assert bring(late, event="article.withdrawn", name="msg_2") == "unchanged"
    assert state()[0] == "published"


def test_one_language_is_withdrawn_alone(native, bring):
    bring(article(translations=[{"language": "ru", "title": "Совет", "html": "<p>Сегодня.</p>"}]))
    bring({"story": "un-report", "language": "ru"}, event="article.withdrawn", name="msg_2")
    assert dict(Article.objects.values_list("language", "state")) == {"en": "published", "ru": "withdrawn"}


@pytest.mark.parametrize(
    ("body", "field", "why"),
    [
        (b"\xff{}", "body", "not UTF-8 (byte 0)"),
        (b"{", "body", "not JSON"),
        (b"[]", "body", "must be a JSON object"),
        (b"[" * 100_000, "body", "nested too deeply"),
        (b'{"type": ' + b"1" * 5000 + b"}", "body", "too long"),
        (rb'{"type": "\ud800"}', "body", "surrogate"),
        (b'{"data": {}}', "type", "is missing"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(native, send, body, field, why):
    answer = send(None, body=body)
    assert (answer.status_code, answer.json()["field"]) == (400, field)
    assert why in answer.json()["why"]
    assert not WebhookDelivery.objects.exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": ""}, "data.title"),
        ({"title": 5}, "data.title"),
        ({"story": None}, "data.story"),
        ({"language": "English!"}, "data.language"),
        ({"url": "javascript:alert(1)"}, "data.url"),
        ({"updated_at": "yesterday"}, "data.updated_at"),
        ({"updated_at": "0001-01-01T00:00:00+23:59"}, "data.updated_at"),
        ({"visibility": "secret"}, "data.visibility"),
        ({"topics": "rights"}, "data.topics"),
        ({"picture": {"url": "no"}}, "data.picture.url"),
        ({"translations": [{"language": "ru", "title": "", "html": "x"}]}, "data.translations[0].title"),
        ({"translations": [{"language": "en", "title": "a", "html": "x"}]}, "data.translations"),
    ],
)
def test_a_bad_field_is_named(native, send, change, field):
    answer = send(article(**change))
    assert (answer.status_code, answer.json()["field"]) == (400, field)


def test_ten_megabytes_are_too_large_whatever_the_header_says(native, client):
    body = b"x" * (10 * 1024 * 1024)
    assert client.post("/hooks/native", body, content_type="application/json").status_code == 413


def test_an_unknown_source_and_another_method(client, native):
    assert client.post("/hooks/nowhere", b"{}", content_type="application/json").status_code == 404
    assert client.get("/hooks/native").status_code == 405


def test_nul_in_a_title_does_not_reach_the_database(native, bring):
    assert bring(article(title="A\0B", html="<p>C\0D</p>", topics=["x\0"])) == "published"
    assert Article.objects.get().current.title == "AB"


def test_taking_an_article_in_takes_a_dozen_round_trips(native, send, django_assert_max_num_queries):
    send(article())
    with django_assert_max_num_queries(22):  # with the savepoints of this test's own transaction
        list(arrivals.take_in(native.pk))


@pytest.mark.django_db(transaction=True)
def test_twins_that_arrive_at_once_make_one_article():
    native = add_source("native")
    together = threading.Barrier(4)
    answers = []

    def go(number):
        body = json.dumps({"type": "article.published", "data": article()}).encode()
        name, moment = f"msg_{number % 2}", int(time.time())
        signed = signatures.sign_standard(SECRET, name, moment, body)
        headers = {"webhook-id": name, "webhook-timestamp": str(moment), "webhook-signature": signed}
        together.wait(60)
        answer = Client().post("/hooks/native", body, content_type="application/json", headers=headers)
        answers.append(answer.json()["did"])
        connection.close()

    threads = [threading.Thread(target=go, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["received", "received", "repeated", "repeated"]
    list(arrivals.take_in(native.pk))
    assert Article.objects.get().revisions.count() == 1


def test_a_story_comes_under_embargo_and_the_cms_may_move_it(native, bring, rung):
    data = article()
    bring(data | {"embargo_until": "2030-01-01T08:30:00+02:00"})
    story = Story.objects.get()
    assert story.embargo_until.isoformat() == "2030-01-01T06:30:00+00:00"
    rung.clear()
    bring(data | {"embargo_until": "2030-01-02T08:30:00+02:00"}, name="msg_2")
    story.refresh_from_db()
    assert story.embargo_until.day == 2
    assert rung
    bring(data, name="msg_3")
    assert Story.objects.get().embargo_until == story.embargo_until
