"""Flower beside Dispatch: it shows what tasks came of, and nobody's data; without the opt-in workers tell of no task."""

import base64
import html
import json
import os
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path

import newsroom
import ports
import pytest
import working

from dispatch import queue
from dispatch.delivery.models import Chunk

pytestmark = [pytest.mark.counterpart, pytest.mark.django_db(transaction=True)]
DOCUMENTED = "celery -A dispatch.queue:app flower --address=127.0.0.1 --read-only"
OPERATING = Path(__file__).parents[2] / "docs" / "operating.md"
EMAIL = ("worker", "--queues", "email", "--concurrency", "1")
LOGIN = "operator:a password of the tests"


class Flower:
    """Its pages, for who signs in."""

    def __init__(self, port):
        self.base = f"http://127.0.0.1:{port}"

    def get(self, path, login=LOGIN, data=None):
        key = base64.b64encode(login.encode()).decode()
        asked = urllib.request.Request(self.base + path, data, {"Authorization": f"Basic {key}"})
        with urllib.request.urlopen(asked, timeout=working.PATIENT) as answer:
            return html.unescape(answer.read().decode())

    def succeeded(self, name):
        """A task of that name that did: its key, and what is known of it."""
        found = json.loads(self.get("/api/tasks")).items()
        return next(((key, one) for key, one in found if (one["name"], one["state"]) == (name, "SUCCESS")), None)


@contextmanager
def flower(folder, *more):
    """Started as docs/operating.md says, and with `more` that it says."""
    assert all(words in OPERATING.read_text(encoding="utf-8") for words in (DOCUMENTED, *more))
    port, log = ports.free(), folder / "flower.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", *DOCUMENTED.split(), *more, f"--port={port}"],
            env=working.surroundings(FLOWER_BASIC_AUTH=LOGIN), cwd=folder, stdout=out, stderr=out,
        )  # fmt: skip
    one = Flower(port)
    try:
        working.wait_for(lambda: answers(one, process, log))
        yield one
    finally:
        process.terminate()
        process.wait(working.PATIENT)


def answers(one, process, log):
    assert process.poll() is None, log.read_text()
    try:
        return one.get("/healthcheck")
    except OSError:
        return ""


@pytest.fixture
def send(monkeypatch):
    """Mail to three readers that waits for a worker."""
    office = newsroom.newsletter(languages=["en"])
    newsroom.readers(office, en=3)
    newsroom.relay()
    monkeypatch.setattr(queue, "enqueue", lambda *_: None)
    one = newsroom.send(office, newsroom.story("en"))
    monkeypatch.undo()
    return one


def send_all(send):
    """Ring for each chunk until all is done."""
    for number in send.chunks.values_list("number", flat=True):
        queue.enqueue("email.send_chunk", send.pk, number)
    working.wait_for(lambda: not Chunk.objects.exclude(state=Chunk.State.DONE).exists())


def test_flower_shows_what_tasks_came_of_and_nothing_of_readers(send, tmp_path):
    with flower(tmp_path) as one, working.program(tmp_path, *EMAIL, DISPATCH_TASK_EVENTS="1"):
        (worker,) = working.wait_for(lambda: json.loads(one.get("/api/workers?refresh=1")))
        send_all(send)
        key, known = working.wait_for(lambda: one.succeeded("email.send_chunk"))
        task = one.get(f"/task/{key}")
        pages = ("/", "/tasks", "/api/tasks", "/broker", "/metrics", f"/worker/{urllib.parse.quote(worker)}")
        shown = task + "".join(one.get(path) for path in pages)
    assert (known["args"], known["kwargs"], known["worker"]) == ("(…)", "{}", worker)
    assert "email.send_chunk" in task
    assert "SUCCESS" in task
    assert worker in shown
    for secret in ("@example.org", os.environ["DISPATCH_SECRET_KEY"], os.environ["DISPATCH_VAULT_KEYS"].split()[1]):
        assert secret not in shown


def test_as_documented_it_wants_a_password_and_stops_nobody(tmp_path):
    with flower(tmp_path) as one:
        for path in ("/", "/tasks", "/api/tasks"):
            with pytest.raises(urllib.error.HTTPError, match="401"):
                one.get(path, login="operator:guessed")
        with pytest.raises(urllib.error.HTTPError, match="403"):
            one.get("/api/worker/shutdown/email@host", data=b"")


@contextmanager
def listening():
    """What all workers tell the broker of: the kinds of events."""
    told, ended = [], threading.Event()

    def listen():
        with queue.app.connection_for_read() as connection:
            receiver = queue.app.events.Receiver(connection, handlers={"*": lambda event: told.append(event["type"])})
            while not ended.is_set():
                with suppress(TimeoutError):
                    receiver.capture(limit=None, timeout=0.5, wakeup=False)

    thread = threading.Thread(target=listen)
    thread.start()
    try:
        yield told
    finally:
        ended.set()
        thread.join(working.PATIENT)


@pytest.mark.parametrize(
    ("opted", "of_tasks"), [("1", {"task-received", "task-started", "task-succeeded"}), ("", set())]
)
def test_workers_tell_of_tasks_only_where_it_is_wished(send, tmp_path, opted, of_tasks):
    with listening() as told, working.program(tmp_path, *EMAIL, DISPATCH_TASK_EVENTS=opted):
        working.wait_for(lambda: "worker-heartbeat" in told)
        send_all(send)
        beats = told.count("worker-heartbeat")
        working.wait_for(lambda: told.count("worker-heartbeat") > beats + 1)
    assert {kind for kind in told if kind.startswith("task-")} == of_tasks


def test_flower_wishes_it_of_every_worker_unless_it_is_kept_from_that(send, tmp_path):
    with listening() as told, working.program(tmp_path, *EMAIL):
        working.wait_for(lambda: "worker-heartbeat" in told)
        with flower(tmp_path, "--enable-events=False"):
            beats = told.count("worker-heartbeat")
            working.wait_for(lambda: told.count("worker-heartbeat") > beats + 5)  # ten seconds; it asks every five
            send_all(send)
            beats = told.count("worker-heartbeat")
            working.wait_for(lambda: told.count("worker-heartbeat") > beats + 1)
            assert not any(kind.startswith("task-") for kind in told)
        with flower(tmp_path):
            working.wait_for(lambda: queue.enqueue("email.send_chunk", send.pk, 1) or "task-succeeded" in told)
