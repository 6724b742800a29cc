"""One article can be followed through the log lines of every process, from its webhook to what the relay answered."""

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager

import newsroom
import pytest
from articles.conftest import SECRET, add_source, article
from django.conf import settings
from django.utils import timezone

from dispatch import env, logs, queue
from dispatch.articles import signatures
from dispatch.articles.models import WebhookDelivery
from dispatch.delivery import ticks
from dispatch.delivery.models import Chunk, Send

STEPS = ("webhook taken in", "article planned", "edition rendered", "edition enlisted", "chunk sent")


@contextmanager
def worker(folder, queues):
    """`dispatch worker` on the tests' database; its lines afterwards."""
    url = f"postgresql://dispatch@/{settings.DATABASES['default']['NAME']}?host={env.run_dir()}"
    log = folder / queues.replace(",", "-")
    command = [sys.executable, "-m", "dispatch.cli", "worker", "--concurrency", "1", "--queues", queues]
    with log.open("w") as out:
        program = subprocess.Popen(
            command, env=os.environ | {"DISPATCH_DATABASE_URL": url, "DISPATCH_LOG": "json"}, stdout=out, stderr=out
        )
    yield log
    program.terminate()
    program.wait(60)


def lines(*files):
    found = "\n".join(file.read_text() for file in files).splitlines()
    return [json.loads(line) for line in found if line.startswith("{")]


def publish(client):
    """A signed webhook, as a CMS sends it."""
    moment, now = int(time.time()), timezone.now().isoformat()
    data = article(published_at=now, updated_at=now)
    body = json.dumps({"type": "article.published", "data": data}).encode()
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(moment),
        "webhook-signature": signatures.sign_standard(SECRET, "msg_1", moment, body),
    }
    return client.post("/hooks/native", body, content_type="application/json", headers=headers)


@pytest.mark.django_db(transaction=True)
@pytest.mark.long
def test_an_article_leaves_a_trail_through_every_process(tmp_path, client):
    office = newsroom.newsletter(languages=["en"])
    newsroom.readers(office, en=3)
    newsroom.relay()
    add_source("native")
    with worker(tmp_path, "articles,editions") as first, worker(tmp_path, "email") as second:
        answer = publish(client)
        assert answer.status_code == 202, answer.content
        deadline = time.monotonic() + 100
        while not any(line["event"] == "chunk sent" for line in lines(second)) and time.monotonic() < deadline:
            time.sleep(0.2)
    told = lines(first, second)
    kept = WebhookDelivery.objects.get()
    mine = [line for line in told if line.get("trail") == f"webhook:{kept.pk}"]
    assert [line["event"] for line in sorted(mine, key=lambda line: line["at"]) if line["event"] in STEPS] == list(
        STEPS
    )
    sent = next(line for line in mine if line["event"] == "chunk sent")
    assert (sent["send"], sent["relay"], sent["readers"], sent["accepted"]) == (Send.objects.get().pk, "main", 3, 3)
    assert sent["of"].startswith("email.send_chunk(")
    assert "@" not in first.read_text() + second.read_text()


@pytest.mark.parametrize("name", ["", "alice@example.org", "webhook:1\nwebhook:2", "webhook:", "x" * 40, "Webhook:1"])
def test_what_is_no_trail_is_not_carried_on(name):
    logs.follow("webhook:1")
    logs.follow(name)
    assert logs.trail.get() == ""


@pytest.mark.django_db
def test_chunks_that_the_clock_rings_carry_the_trail_of_their_send(monkeypatch):
    """As all do but a first wave's, and those that waited for a second person."""
    rung = []
    monkeypatch.setattr(queue.transaction, "on_commit", lambda ring: ring())
    monkeypatch.setattr(queue._bell, "ring", lambda doorbell, along, **_: rung.append((doorbell[0], along)))
    office = newsroom.newsletter(languages=["en"])
    newsroom.readers(office, en=3)
    newsroom.relay()
    with logs.following("webhook:12"):
        newsroom.send(office, newsroom.story("en"))
    rung.clear()
    Chunk.objects.update(rung_at=None)
    ticks.ring_chunks()
    assert rung == [("email.send_chunk", {"trail": "webhook:12"})]
    assert logs.trail.get() == ""


def test_a_doorbell_carries_its_trail_beside_the_ids(monkeypatch):
    rung = []
    monkeypatch.setattr(queue.transaction, "on_commit", lambda ring: ring())
    monkeypatch.setattr(queue._bell, "ring", lambda doorbell, along, **_: rung.append((doorbell, along)))
    logs.follow("article:7")
    queue.enqueue("email.send_chunk", 3, 7)
    logs.follow("")
    queue.enqueue("email.send_chunk", 3, 8)
    assert rung == [(("email.send_chunk", (3, 7)), {"trail": "article:7"}), (("email.send_chunk", (3, 8)), {})]
