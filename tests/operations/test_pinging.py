"""A watchman outside hears each minute that things flow, and nothing when they do not."""

import threading
import time
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import newsroom
import pytest
from django.utils import timezone

from dispatch import clock, queue
from dispatch.accounts import stopping
from dispatch.accounts.models import Stop
from dispatch.delivery.models import Chunk, Relay, Send, WorkerBeat
from dispatch.operations import pinging

pytestmark = pytest.mark.django_db


class Watchman(ThreadingHTTPServer):
    """Hears who asks for which path."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.heard = []


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.heard.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"OK")

    def log_message(self, *about):
        pass


@pytest.fixture
def watchman(settings):
    server = Watchman()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    settings.FETCH_ALLOW = [f"127.0.0.1:{server.server_port}"]
    settings.PING_URL = f"http://127.0.0.1:{server.server_port}/a-secret"
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def workers():
    now = timezone.now()
    WorkerBeat.objects.create(name="a:1", queues=",".join(queue.QUEUES), started_at=now, beat_at=now)


@pytest.fixture
def send():
    office = newsroom.newsletter(languages=["en"])
    newsroom.readers(office, en=2)
    newsroom.relay()
    return newsroom.send(office, newsroom.story("en"))


def test_while_things_flow_the_watchman_is_told(watchman, workers, send):
    pinging.ping()
    deadline = time.monotonic() + 30
    while not watchman.heard and time.monotonic() < deadline:
        time.sleep(0.01)
    assert watchman.heard == ["/a-secret"]


def test_the_leading_clock_does_it_each_minute():
    clock.load()
    assert clock.registry["tell a watchman that all flows"].every == 60


def test_without_an_address_nothing_is_asked(monkeypatch):
    monkeypatch.setattr(pinging, "trouble", lambda: pytest.fail("it looked"))
    pinging.ping()


def test_silence_says_why_in_the_log_and_never_the_address(watchman, caplog):
    pinging.ping()
    assert "things do not flow" in caplog.text
    assert "a-secret" not in caplog.text
    assert watchman.heard == []


def test_each_queue_needs_a_worker(workers):
    assert pinging.trouble() == ""
    WorkerBeat.objects.update(queues="email,articles,editions,social")
    assert pinging.trouble() == "nobody works for upkeep"


def test_a_stuck_or_an_abandoned_part_of_a_send_is_trouble(workers, send):
    Chunk.objects.update(state=Chunk.State.STUCK)
    assert pinging.trouble() == "a part of a send is stuck"
    Chunk.objects.update(state=Chunk.State.LEASED, lease_until=timezone.now() - timedelta(minutes=9))
    assert pinging.trouble() == "nobody takes over what a dead worker held"
    Send.objects.update(state=Send.State.PAUSED)
    assert pinging.trouble() == ""


def test_without_a_relay_that_takes_mail_nothing_flows(workers, send):
    Relay.objects.update(breaker=Relay.Breaker.OPEN)
    assert pinging.trouble() == "no relay takes mail"


def test_a_stop_is_somebodys_wish(workers, send):
    stopping.stop(Stop.Scope.EVERYTHING, None, newsroom.person(), "a test")
    assert pinging.trouble() == ""


def test_a_broker_that_is_away_silences_it_and_a_deaf_worker_does(workers, send, monkeypatch):
    assert pinging.trouble() == ""
    WorkerBeat.objects.update(heard_at=timezone.now() - timedelta(minutes=5))
    assert pinging.trouble().startswith("nobody works for")
    monkeypatch.setattr(queue.app.conf, "broker_write_url", "redis://127.0.0.1:1")
    assert pinging.trouble() == "the broker does not answer"


def test_mail_that_nobody_takes_up_silences_it_unless_a_stop_holds_it(workers, send):
    Send.objects.update(started_at=timezone.now() - pinging.STILL)
    assert pinging.trouble() == "nobody takes up the mail that is due"
    Send.objects.update(stirred_at=timezone.now())
    assert pinging.trouble() == ""
    Send.objects.update(stirred_at=None)
    stopping.stop(Stop.Scope.NEWSLETTER, send.edition.newsletter_id, None, "wait")
    assert pinging.trouble() == ""
