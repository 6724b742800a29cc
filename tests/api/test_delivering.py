"""What happens here is told elsewhere: with the change itself, signed, again until it is taken, and never too early."""

import contextlib
import socket
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import newsroom
import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from dispatch.accounts import stopping
from dispatch.accounts.models import AuditEntry
from dispatch.api import delivering, endpoints, events, ticks
from dispatch.api.models import Attempted, Delivery, Endpoint
from dispatch.articles.models import Article, Story
from dispatch.delivery import acts, approving
from dispatch.delivery.models import Send
from dispatch.editions.models import Edition
from dispatch.social import publishing
from dispatch.social.models import Post
from dispatch.workers import upkeep

pytestmark = pytest.mark.django_db


class Listener:
    """The other side: keeps what it hears, and answers as it is told."""

    def __init__(self):
        self.heard, self.status, self.words = [], 200, "thanks"
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                listener.heard.append((dict(self.headers), body))
                self.send_response(listener.status)
                self.send_header("Location", "http://127.0.0.1:1/")
                self.end_headers()
                self.wfile.write(listener.words.encode())

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()


@pytest.fixture
def listener(settings):
    one = Listener()
    settings.FETCH_ALLOW = [*settings.FETCH_ALLOW, f"127.0.0.1:{one.server.server_port}"]
    yield one
    one.server.shutdown()
    one.server.server_close()


@pytest.fixture
def made(listener):
    """An endpoint that wants to know everything, and its secret."""
    return endpoints.add("Site", listener.url, list(events.KINDS), newsroom.person(), "a drill")


@pytest.fixture
def endpoint(made):
    return made[0]


def settled():
    """What would be looked at when the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


def told():
    settled()
    return list(Delivery.objects.order_by("pk").values_list("kind", flat=True))


def run():
    """The clock and a worker, once."""
    Delivery.objects.update(rung_at=None)
    for number in delivering.due():
        upkeep.tell_endpoint(number)


def test_a_signature_is_what_the_standard_says_and_no_other_secret_makes_it(made, listener):
    endpoint, secret = made
    endpoints.test(endpoint)
    run()
    ((headers, body),) = listener.heard
    said = Webhook(secret).verify(body, headers)
    assert said["type"] == "endpoint.test"
    with pytest.raises(WebhookVerificationError):
        Webhook(endpoints._secret()).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body.replace("test", "tess"), headers)
    assert Delivery.objects.get().state == "delivered"


def test_for_a_day_the_old_secret_and_the_new_one_both_hold(made, listener):
    endpoint, old = made
    new = endpoints.rotate(endpoint, newsroom.person(name="Bob"), "somebody left")
    endpoints.test(Endpoint.objects.get())
    run()
    ((headers, body),) = listener.heard
    for secret in (old, new):
        assert Webhook(secret).verify(body, headers)
    Endpoint.objects.update(rotated_at=timezone.now() - endpoints.OVERLAP)
    assert endpoints.secrets_of(Endpoint.objects.get()) == [new]


def test_what_becomes_of_a_post_is_told(endpoint):
    post = newsroom.post(on=newsroom.channel(), about=newsroom.story("en"), state="claimed")
    for state in ("deferred", "sent", "gone", "unknown", "refused", "dropped", "late"):
        Post.objects.update(state=state)
    assert told() == ["post.sent", "post.gone", "post.unknown", "post.refused", "post.late"]
    assert Delivery.objects.first().data == {
        "post": post.pk,
        "story": post.story_id,
        "state": "sent",
        "language": "en",
        "channel": "masto",
    }


def test_a_send_is_told_from_its_first_letter_to_its_last(endpoint):
    newsroom.relay()
    office = newsroom.newsletter()
    newsroom.readers(office, en=2)
    send = newsroom.send(office, newsroom.story("en"))
    assert told() == ["edition.sent"]
    acts.pause(send.pk, None, "a drill")
    acts.resume(send.pk, None, "a drill")
    Send.objects.update(state="finished")
    assert told() == ["edition.sent", "send.paused", "send.finished"]
    assert Delivery.objects.first().data["newsletter"] == "office"


def test_a_send_that_needs_a_second_person_is_held_and_not_said_to_leave(endpoint, settings):
    settings.DELIVERY = settings.DELIVERY | {"approve_from": 1}
    newsroom.relay()
    office = newsroom.newsletter()
    newsroom.readers(office, en=2)
    approving.enlist(newsroom.edition(office, newsroom.story("en")).pk)
    assert told() == ["edition.held"]


def test_stories_and_stops(endpoint):
    story = newsroom.story("en", planned_at=None)
    Article.objects.update(planned_at=timezone.now())
    Article.objects.update(planned_at=None)
    Article.objects.update(planned_at=timezone.now(), state="withdrawn")
    stop = stopping.stop("everything", None, None, "a drill")
    stopping.lift(stop.pk, None, "over")
    assert told() == ["story.planned", "story.withdrawn", "stop.pulled", "stop.lifted"]
    assert Delivery.objects.first().story == story.pk


def test_only_what_an_endpoint_asked_for_and_only_while_it_is_on(endpoint):
    Endpoint.objects.update(events=["stop.lifted"])
    stop = stopping.stop("everything", None, None, "a drill")
    stopping.lift(stop.pk, None, "over")
    endpoints.switch(endpoint, None, "enough", on=False)
    stopping.lift(stopping.stop("everything", None, None, "a drill").pk, None, "over")
    assert list(Delivery.objects.values_list("kind", "state")) == [("stop.lifted", "void")]


def test_what_is_rolled_back_is_not_told(endpoint):
    with contextlib.suppress(ZeroDivisionError), transaction.atomic():
        stopping.stop("everything", None, None, "a drill")
        assert told() == ["stop.pulled"]
        raise ZeroDivisionError
    assert told() == []


def test_every_event_has_words_and_the_database_knows_no_others():
    text = "".join((delivering.SQL / f"{name}.sql").read_text() for name in ("events", "late"))
    assert {name for name in events.KINDS if name.startswith("post.")} == {
        f"post.{state}" for state in ("sent", "refused", "unknown", "gone", "late")
    }
    for name in events.KINDS:
        assert name in text or name.partition(".")[2] in text, name


def test_an_edition_that_is_late_is_told(endpoint):
    office = newsroom.newsletter(languages=["en"])
    edition = newsroom.edition(office, newsroom.story("en"))
    Edition.objects.update(state="late")
    assert told() == ["edition.late"]
    assert Delivery.objects.get().data == {"edition": edition.pk, "state": "late", "newsletter": office.slug}


def test_nothing_of_a_story_under_embargo_is_told_before_its_minute(endpoint, listener):
    story = newsroom.story("en")
    post = newsroom.post(on=newsroom.channel(), about=story, state="claimed")
    Story.objects.update(embargo_until=timezone.now() + timedelta(hours=1))
    Post.objects.filter(pk=post.pk).update(state="refused")
    run()
    number = Delivery.objects.get().pk
    upkeep.tell_endpoint(number)  # whoever rings, and however
    assert listener.heard == []
    Story.objects.update(embargo_until=timezone.now())
    run()
    assert len(listener.heard) == 1


@pytest.mark.parametrize("status", [500, 404, 302, 429])
def test_whoever_does_not_take_it_is_asked_again_under_the_same_name(endpoint, listener, status):
    listener.status = status
    endpoints.test(endpoint)
    run()
    delivery = Delivery.objects.get()
    wait = delivery.due_at - timezone.now()
    assert timedelta(seconds=1) < wait <= delivering.PAUSES[0]
    run()  # in vain: it is not due
    listener.status = 204
    Delivery.objects.update(due_at=timezone.now())
    run()
    first, second = (headers["webhook-id"] for headers, _ in listener.heard)
    assert first == second
    assert [one.status for one in Attempted.objects.order_by("pk")] == [status, 204]
    assert (Delivery.objects.get().state, Endpoint.objects.get().failing_since) == ("delivered", None)


def test_three_days_of_failing_and_then_it_is_told_no_more(endpoint, listener):
    listener.status, listener.words = 503, "ask alice@example.org " + "x" * 500
    with time_machine.travel(timezone.now(), tick=False) as clock:
        endpoints.test(endpoint)
        delivery = Delivery.objects.get()
        for pause in (*delivering.PAUSES, timedelta()):
            attempt = delivery.attempts_made = delivery.attempts_made + 1
            Delivery.objects.update(attempts_made=attempt)
            delivering.settle(delivery, attempt, delivering._ask(delivery))
            clock.shift(pause)
    assert Delivery.objects.get().state == "failed"
    assert sum(delivering.PAUSES, timedelta()) > timedelta(hours=67)
    off = Endpoint.objects.get()
    assert not off.active
    assert off.trouble.startswith("Nothing got through for 2 days; the last attempt: status 503.")
    assert AuditEntry.objects.filter(act="webhook.off").exists()
    assert {len(one.answer) for one in Attempted.objects.all()} == {200}
    assert not Attempted.objects.filter(answer__contains="alice@").exists()


def test_a_long_answer_is_an_answer(endpoint, listener):
    listener.words = "x" * 1_000_000
    endpoints.test(endpoint)
    run()
    assert Delivery.objects.get().state == "delivered"


def test_gone_is_gone(endpoint, listener):
    listener.status = 410
    endpoints.test(endpoint)
    run()
    off = Endpoint.objects.get()
    assert (off.active, Delivery.objects.get().state) == (False, "void")
    assert "410" in off.trouble


def test_an_endpoint_that_hangs_up_or_is_not_there(endpoint):
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    Endpoint.objects.update(url=f"http://127.0.0.1:{port}/")
    endpoints.test(endpoint)
    run()
    assert Attempted.objects.get().status is None
    assert Delivery.objects.get().state == "waiting"


def test_nothing_inside_the_house_is_told(settings, listener):
    settings.FETCH_ALLOW = []
    with pytest.raises(endpoints.Unsuited):
        endpoints.add("Inside", listener.url, ["stop.pulled"], newsroom.person(), "a drill")
    for address in ("https://127.0.0.1/", "https://localhost:1/", "https://169.254.169.254/latest"):
        made, _ = endpoints.add("Inside", address, ["stop.pulled"], newsroom.person(name=address[8:11]), "a drill")
        endpoints.test(made)
    run()
    assert listener.heard == []
    assert {one.answer.partition(" leads")[2] for one in Attempted.objects.all()} == {
        " to an address that is not public"
    }


def test_a_silent_endpoint_keeps_no_worker_from_the_others(endpoint, listener):
    for _ in range(30):
        endpoints.test(endpoint)
    assert len(delivering.due()) == 20
    assert len(delivering.due()) == 10
    Delivery.objects.update(rung_at=None)
    Endpoint.objects.update(failing_since=timezone.now())
    assert len(delivering.due()) == 1


def test_a_late_worker_changes_nothing(endpoint, listener):
    delivery = endpoints.test(endpoint)
    assert delivering._claim(delivery.pk) == 1
    assert delivering._claim(delivery.pk) is None
    Delivery.objects.update(lease_until=timezone.now())
    assert delivering._claim(delivery.pk) == 2
    delivery.refresh_from_db()
    assert not delivering.settle(delivery, 1, delivering.Answer(200, "", 1))
    assert Delivery.objects.get().state == "waiting"
    assert delivering.settle(delivery, 2, delivering.Answer(200, "", 1))


def test_old_events_are_forgotten(endpoint):
    endpoints.test(endpoint)
    Delivery.objects.update(at=timezone.now() - delivering.KEPT, state="delivered")
    ticks.forget()
    assert not Delivery.objects.exists()


def test_the_path_from_a_network_to_the_other_side(endpoint, listener):
    """As in life: publishing settles, the trigger writes, the clock rings, a worker tells."""
    post = newsroom.post(on=newsroom.channel(network="fake"), about=newsroom.story("en"), state="scheduled")
    publishing.publish(post.pk)
    run()
    assert [body for _, body in listener.heard if '"type":"post.sent"' in body and f"#post-{post.pk}" in body]
