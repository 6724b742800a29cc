"""The webhooks' own way in answers as the page does, and takes no more of a body than it may."""

import asyncio
import json
import time

import pytest
from articles.conftest import SECRET, add_source, article

from dispatch.articles import answering, arrivals, door, signatures
from dispatch.articles.models import Article, WebhookDelivery

pytestmark = pytest.mark.django_db(transaction=True)


async def page(scope, receive, send):
    await send({"type": "http.response.start", "status": 299, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})


def post(body, headers=None, *, path="/hooks/native", method="POST", query=b"", messages=None):
    """What is answered, and how many of the body's messages were taken."""
    said, taken = [], 0
    chunks = [body[at : at + 65536] for at in range(0, len(body), 65536)] or [b""]
    last = len(chunks) - 1
    messages = messages or [
        {"type": "http.request", "body": chunk, "more_body": number < last} for number, chunk in enumerate(chunks)
    ]

    async def receive():
        nonlocal taken
        taken += 1
        return messages[taken - 1]

    async def send(message):
        said.append(message)

    raw = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
    scope = {"type": "http", "method": method, "path": path, "query_string": query, "headers": raw}
    asyncio.run(door.before(page)(scope, receive, send))
    return said[0]["status"], json.loads(said[1]["body"]), taken


def signed(body, name="msg_1"):
    moment = int(time.time())
    return {
        "Webhook-Id": name,
        "Webhook-Timestamp": str(moment),
        "Webhook-Signature": signatures.sign_standard(SECRET, name, moment, body),
    }


def body(**fields):
    return json.dumps({"type": "article.published", "data": article(**fields)}).encode()


def test_a_genuine_webhook_is_kept_and_its_repeat_known():
    native = add_source("native")
    said = body(html="<p>Long.</p>" * 20_000)
    assert post(said, signed(said))[:2] == (202, {"did": "received"})
    status, answer, _ = post(said, signed(said))
    assert (status, answer["did"]) == (200, "repeated")
    assert len(list(arrivals.take_in(native.pk))) == 1
    assert Article.objects.get().current.title == "The Council heard the report"


def test_what_is_not_genuine_or_not_understood_is_refused_in_words():
    add_source("native")
    said = body()
    assert post(said)[0] == 401
    status, answer, _ = post(b"{", signed(b"{"))
    assert (status, answer["field"]) == (400, "body")
    assert "not JSON" in answer["why"]
    assert post(said, path="/hooks/nowhere")[0] == 404
    assert not WebhookDelivery.objects.exists()


def test_ten_megabytes_are_read_no_further_than_they_may_be():
    add_source("native")
    status, answer, taken = post(b"x" * (10 * 1024 * 1024))
    assert (status, answer["why"]) == (413, "larger than 8 MB")
    assert taken == answering.LARGEST // 65536 + 1


def test_a_body_that_breaks_off_keeps_nothing():
    add_source("native")
    broken = [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]
    status, answer, _ = post(b"", messages=broken)
    assert (status, answer["why"]) == (400, "the body did not arrive whole")


def test_a_token_in_the_address_is_understood(wordpress):
    status, answer, _ = post(b'{"id": 7}', path="/hooks/wordpress", query=b"token=token%20of+the%20tests")
    assert (status, answer["did"]) == (202, "noted")


def test_what_cannot_be_kept_is_asked_for_again_and_the_trouble_logged(monkeypatch, caplog):
    def broken(*_):
        raise RuntimeError("no database")

    monkeypatch.setattr(answering, "answer", broken)
    status, answer, _ = post(b"{}")
    assert (status, answer["did"]) == (503, "refused")
    assert "a webhook could not be kept" in caplog.text


@pytest.mark.parametrize(("method", "path"), [("GET", "/hooks/native"), ("POST", "/hooks/native/more"), ("POST", "/")])
def test_everything_else_is_left_to_the_pages(method, path):
    assert post(b"", method=method, path=path)[0] == 299
