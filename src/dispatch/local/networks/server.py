"""One HTTP server for all stand-ins, each behind its name (/x, /mastodon, …), and /control, where tests ask for faults."""

import json
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from dispatch.local.networks import bodies
from dispatch.local.networks.store import Store

FAULTS = ("drop_before", "drop_after", "fail_before", "fail_after", "slow", "limit", "duplicate", "unprepared")
"""Before: nothing is taken. After: it is taken and the answer is lost (drop) or says 500 (fail). limit: 429. duplicate: it is
taken, and a second copy on the way gets the answer. unprepared: what is asked before publishing gets no answer."""


@dataclass(frozen=True)
class Request:
    """What a client asks."""

    method: str
    path: str  # behind the network's name
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Mapping[str, Any]  # JSON or a form; names that end in [] hold lists, files hold bytes
    raw: bytes = b""


@dataclass(frozen=True)
class Answer:
    """What a stand-in says."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Speaker:
    """One network: what it answers, which requests put something out (faults are for these), and how it says later."""

    answer: Callable[[Request, Store], Answer]
    publishes: Callable[[Request], bool]
    limited: Callable[[int], Answer]  # until this second since 1970
    credentials: Mapping[str, str] = field(default_factory=dict)  # what a channel here may be connected with
    account: str = "office"
    signs_in: Callable[[Request], Answer | None] = lambda _: None  # its page where a person says yes, and what follows
    duplicate: Answer | None = None  # how it refuses what it has already; None: it does not notice


class Server(ThreadingHTTPServer):
    """Listens on loopback; `faults` are used up one by one by the next posts of their network."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, store: Path, speakers: Mapping[str, Speaker]) -> None:
        super().__init__(("127.0.0.1", port), Conversation)
        self.store = Store(store)
        self.speakers = speakers
        self.faults: dict[str, deque[tuple[str, float]]] = {name: deque() for name in speakers}
        self.lock = threading.Lock()

    def next_fault(self, network: str, publishes: bool) -> tuple[str, float]:
        """The fault that this request meets; ("", 0) for none, or one that is for requests of the other kind."""
        with self.lock:
            waiting = self.faults[network]
            if not waiting or (waiting[0][0] == "unprepared") == publishes:
                return "", 0.0
            return waiting.popleft()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up first is no news; anything else is a bug and is shown."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Conversation(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: Server

    def answer(self) -> None:
        """Any request."""
        parts = urlsplit(self.path)
        network, _, rest = parts.path.lstrip("/").partition("/")
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = bodies.read(raw, self.headers.get("Content-Type") or "")
        if network == "control":
            self._reply(self._control(body))
            return
        speaker = self.server.speakers.get(network)
        if speaker is None:
            self._reply(Answer({"error": "not found"}, 404))
            return
        query = dict(parse_qsl(parts.query))
        headers = {k.lower(): v for k, v in self.headers.items()}
        request = Request(self.command, "/" + rest.rstrip("/"), query, headers, body, raw)
        self._speak(network, speaker, request)

    do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 - http.server's names

    def _speak(self, network: str, speaker: Speaker, request: Request) -> None:
        if signed := speaker.signs_in(request):
            self._reply(signed)
            return
        fault, seconds = self.server.next_fault(network, speaker.publishes(request))
        if fault == "slow":
            time.sleep(seconds)
        if fault in {"drop_before", "unprepared"}:
            self._hang_up()
            return
        if fault in {"fail_before", "limit"}:
            failed = Answer({"error": "try later"}, 500)
            self._reply(failed if fault == "fail_before" else speaker.limited(int(time.time()) + 60))
            return
        answer = speaker.answer(request, self.server.store)
        if fault == "duplicate" and speaker.duplicate:
            self._reply(speaker.duplicate)
            return
        if fault in {"drop_after", "duplicate"}:
            self._hang_up()
            return
        self._reply(Answer({"error": "internal"}, 500) if fault == "fail_after" else answer)

    def _control(self, body: Mapping[str, Any]) -> Answer:
        network, fault = str(body.get("network")), str(body.get("fault"))
        if network not in self.server.faults or fault not in FAULTS:
            return Answer({"error": f"network is one of {sorted(self.server.faults)}, fault of {FAULTS}"}, 400)
        for _ in range(int(body.get("times", 1))):
            self.server.faults[network].append((fault, float(body.get("seconds", 1.0))))
        return Answer({"ok": True})

    def _reply(self, answer: Answer) -> None:
        said = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
        content = b"" if answer.status == 204 else said.encode()
        self.send_response(answer.status)
        for name, value in {"Content-Type": "application/json", **answer.headers}.items():
            self.send_header(name, value)
        if answer.status != 204:  # RFC 9110 section 8.6
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        """Nothing: tokens stand in the paths."""
