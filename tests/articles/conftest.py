"""Sources of a newsroom, and a web server that answers what a test tells it to."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from dispatch.articles import arrivals, signatures
from dispatch.articles.models import Source

SECRET = "whsec_c2VjcmV0IG9mIHRoZSB0ZXN0cw=="


def add_source(kind, slug=None, secrets=(SECRET,), **fields):
    slug = slug or kind
    sealed = signatures.seal_secrets(slug, list(secrets))
    return Source.objects.create(slug=slug, kind=kind, name=slug, secrets=sealed, **fields)


@pytest.fixture
def native(db):
    return add_source("native")


@pytest.fixture
def ghost(db):
    return add_source("ghost", secrets=["s3cr3t-webhook"], language_tags={"be": "hash-be"})


@pytest.fixture
def wordpress(db, site):
    return add_source("wordpress", secrets=["token of the tests"], base_url=site.url, poll_url=site.url)


def article(**fields):
    data = {
        "story": "un-report",
        "language": "en",
        "title": "The Council heard the report",
        "html": "<p>It was heard <b>today</b>.</p>",
        "url": "https://news.example.org/un-report",
        "updated_at": "2026-01-01T10:00:00Z",
        "published_at": "2026-01-01T10:00:00Z",
    }
    return data | fields


@pytest.fixture
def send(client):
    """Send a native webhook as a CMS would: signed over the raw bytes."""

    def send(data, *, event="article.published", name="msg_1", moment=None, secret=SECRET, slug="native", body=None):
        body = body if body is not None else json.dumps({"type": event, "data": data}).encode()
        moment = int(time.time()) if moment is None else moment
        headers = {
            "webhook-id": name,
            "webhook-timestamp": str(moment),
            "webhook-signature": signatures.sign_standard(secret, name, moment, body),
        }
        return client.post(f"/hooks/{slug}", body, content_type="application/json", headers=headers)

    return send


@pytest.fixture
def send_ghost(client):
    def send(payload, secret="s3cr3t-webhook", moment=None):
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        signature = signatures.sign_ghost(secret, int(moment or time.time() * 1000), body)
        headers = {"X-Ghost-Signature": signature}
        return client.post("/hooks/ghost", body, content_type="application/json", headers=headers)

    return send


@pytest.fixture
def bring(send):
    """Send a native webhook and let a worker take it in; what that did."""

    def bring(data, *, slug="native", **how):
        return became(send(data, slug=slug, **how), slug)

    return bring


@pytest.fixture
def bring_ghost(send_ghost):
    def bring_ghost(payload, **how):
        return became(send_ghost(payload, **how), "ghost")

    return bring_ghost


def became(answer, slug):
    if answer.status_code != 202:
        return answer.json()["did"]
    source = Source.objects.get(slug=slug)
    list(arrivals.take_in(source.pk))
    return source.webhookdelivery_set.latest("id").did


class Site:
    """What a test put at each path, and what was asked of it."""

    def __init__(self):
        self.pages = {}
        self.asked = []
        site = self

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self):
                site.asked.append((self.path, dict(self.headers)))
                status, headers, body = site.pages.get(self.path.partition("?")[0], (404, {}, b"no"))
                if "ETag" in headers and self.headers.get("If-None-Match") == headers["ETag"]:
                    status, body = 304, b""
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    def put(self, path, body, status=200, **headers):
        body = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
        self.pages[path] = (status, headers, body)

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def site(settings):
    site = Site()
    settings.FETCH_ALLOW = [f"127.0.0.1:{site.server.server_port}"]
    yield site
    site.close()
