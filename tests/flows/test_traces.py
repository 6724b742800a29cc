"""Where traces are asked for, one article's way is one trace, and nobody is named in it; else nothing of it is loaded."""

import http.server
import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import newsroom
import pytest
import serving
from articles.conftest import SECRET, add_source, article
from django.conf import settings
from django.utils import timezone

from dispatch import env, tracing
from dispatch.articles import signatures
from dispatch.articles.models import WebhookDelivery

pytest.importorskip("opentelemetry.sdk", reason="the extra `otel` is not installed")

WAY = {"webhook", "articles.take_in", "editions.render_edition", "email.enlist", "email.send_chunk", "mail.chunk"}


class Collector(http.server.ThreadingHTTPServer):
    """An OTLP receiver on the loopback network."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answers)
        self.raw: list[bytes] = []

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}"

    def told(self):
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

        requests = [ExportTraceServiceRequest.FromString(body) for body in list(self.raw)]
        return [resource for one in requests for resource in one.resource_spans]

    def spans(self):
        return [span for resource in self.told() for scope in resource.scope_spans for span in scope.spans]

    def words(self):
        """All that can be read in what was sent: the random ids are left out."""
        told = self.told()
        for resource in told:
            for span in (span for scope in resource.scope_spans for span in scope.spans):
                for field in ("trace_id", "span_id", "parent_span_id"):
                    span.ClearField(field)
        return str(told)

    def named(self, name):
        return [span for span in self.spans() if span.name == name]


class Answers(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        assert self.path == "/v1/traces"
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            import gzip

            body = gzip.decompress(body)
        self.server.raw.append(body)
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def collector() -> Iterator[Collector]:
    server = Collector()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@contextmanager
def worker(folder, queues, address):
    url = f"postgresql://dispatch@/{settings.DATABASES['default']['NAME']}?host={env.run_dir()}"
    ours = {"DISPATCH_DATABASE_URL": url, "DISPATCH_TRACES": address, "OTEL_BSP_SCHEDULE_DELAY": "200"}
    command = [sys.executable, "-m", "dispatch.cli", "worker", "--concurrency", "1", "--queues", queues]
    with (folder / queues).open("w") as out:
        program = subprocess.Popen(command, env=os.environ | ours, stdout=out, stderr=out)
    yield
    program.terminate()
    program.wait(120)


def publish(base):
    moment, now = int(time.time()), timezone.now().isoformat()
    body = json.dumps({"type": "article.published", "data": article(published_at=now, updated_at=now)}).encode()
    headers = {
        "content-type": "application/json",
        "webhook-id": "msg_1",
        "webhook-timestamp": str(moment),
        "webhook-signature": signatures.sign_standard(SECRET, "msg_1", moment, body),
    }
    asked = urllib.request.Request(f"{base}/hooks/native?token=secret-of-the-address", body, headers)
    return urllib.request.urlopen(asked, timeout=60).status


def said(span):
    return {one.key: one.value.string_value or one.value.int_value for one in span.attributes}


@pytest.mark.django_db(transaction=True)
@pytest.mark.long
def test_webhook_tasks_and_the_relays_answer_are_one_trace_that_names_nobody(tmp_path, collector):
    office = newsroom.newsletter(languages=["en"])
    newsroom.readers(office, en=3)
    newsroom.relay()
    add_source("native")
    traced = {"DISPATCH_TRACES": collector.address, "OTEL_BSP_SCHEDULE_DELAY": "200"}
    with worker(tmp_path, "articles,editions,email", collector.address), serving.web(tmp_path, **traced) as base:
        assert publish(base) == 202
        deadline = time.monotonic() + 200
        while WAY - {span.name for span in collector.spans()} and time.monotonic() < deadline:
            time.sleep(0.2)
    (webhook,), (chunk,) = collector.named("webhook"), collector.named("mail.chunk")
    mine = {span.name for span in collector.spans() if span.trace_id == webhook.trace_id}
    assert mine >= WAY
    trail = f"webhook:{WebhookDelivery.objects.get().pk}"
    assert said(webhook) == {"dispatch.status": 202, "dispatch.trail": trail}
    assert said(chunk).items() >= {"dispatch.trail": trail, "dispatch.readers": 3, "dispatch.accepted": 3}.items()
    words = collector.words()
    assert not [word for word in ("@", "secret-of", "127.0.0.1", "/hooks", "Council") if word in words], words


def test_without_it_nothing_of_opentelemetrys_sdk_is_loaded():
    """A process that traces nothing pays for nothing."""
    source = (
        "import sys; from dispatch import queue, tracing; tracing.begin()\n"
        "with tracing.span('webhook'): tracing.note(status=202)\n"
        "assert tracing.carried() == {}\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    ours = {name: value for name, value in os.environ.items() if name != "DISPATCH_TRACES"}
    done = subprocess.run([sys.executable, "-c", source], env=ours, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_whoever_asks_for_traces_without_the_extra_is_told_what_to_install(monkeypatch):
    monkeypatch.setenv("DISPATCH_TRACES", "http://127.0.0.1:4318")
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    tracing._tracer.cache_clear()
    tracing._provider.cache_clear()
    try:
        with pytest.raises(env.Misconfigured, match=r"pip install 'dispatch\[otel\]'"):
            tracing.begin()
    finally:
        tracing._tracer.cache_clear()
        tracing._provider.cache_clear()
