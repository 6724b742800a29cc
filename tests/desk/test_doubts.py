"""What nobody knows is shown with everything that is known of it."""

import newsroom
import pytest
from django.utils import timezone

from dispatch.delivery.models import DeliveryException
from dispatch.desk import doubts
from dispatch.social.models import Attempt, Change, Post

pytestmark = pytest.mark.django_db


@pytest.fixture
def post():
    return newsroom.post(newsroom.channel("threads", "fake"), newsroom.story("en"), "unknown")


def attempted(post, **fields):
    now = timezone.now()
    values = {"number": 1, "key": "k", "started_at": now, "called_at": now, "finished_at": now, "outcome": "unknown"}
    return Attempt.objects.create(post=post, **values | fields)


def words(post):
    return [line.words for line in doubts.lines(Post.objects.prefetch_related("attempts").get(pk=post.pk))]


def test_an_attempt_is_told_step_by_step(post):
    evidence = {"status": 502, "words": "Bad gateway", "reason": "the network failed (502)"}
    looked = {"looks": 3, "looked_at": timezone.now().isoformat(), "saw": "not there", "container": "FINISHED"}
    attempted(post, prepared={"media": ["1", "2"], "container": "17"}, evidence=evidence | looked)
    assert words(post) == [
        "Attempt 1 began, through fake.",
        "Put there before: container 17.",
        "Put there before: 2 pictures.",
        "The network was asked to publish it.",
        "What came back: it answered 502, “Bad gateway”, the network failed (502).",
        "Looked for 3 times; last: it is not there, as far as the network shows.",
        "Its container there says: FINISHED.",
    ]


def test_silence_is_told_in_words(post):
    attempted(post, evidence={"error": "ReadTimeout", "reason": "no answer (ReadTimeout)"})
    assert words(post)[-1] == "What came back: no answer within the time that it was given."


def test_an_attempt_that_never_asked_put_nothing_out(post):
    attempted(post, called_at=None, outcome="deferred", evidence={"reason": "its worker died before anything left"})
    assert "this attempt put nothing out" in words(post)[1]


def test_the_page_shows_posts_changes_and_readers_in_numbers(client, post):
    newsroom.signed_in(client, "editor")
    newsroom.relay()
    office = newsroom.newsletter()
    newsroom.readers(office, en=3)
    send = newsroom.send(office, newsroom.story("en"))
    now = timezone.now()
    for number in (1, 2):
        DeliveryException.objects.create(send=send, subscriber_id=number, chunk=1, state="unknown", at=now)
    Change.objects.create(
        post=newsroom.post(newsroom.channel("x", "x"), post.story),
        act="edit",
        text="New words",
        state="unknown",
        due_at=now,
    )
    page = " ".join(client.get("/posts/unknown").content.decode().split())
    assert "Attempt" not in page
    assert "It was to say: <q" in page
    assert f'href="/sends/{send.pk}/missing"' in page
    assert "2 readers" in page
    change = Change.objects.get()
    answer = client.post(f"/changes/{change.pk}/settle", {"reason": "I saw", "done": "yes", "back": "unknown"})
    assert answer.url == "/posts/unknown"
    change.refresh_from_db()
    assert change.state == "done"
