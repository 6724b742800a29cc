"""A provider's API on this machine: keeps connections, counts them, and answers each letter as it is told."""

import json
import ssl
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HANG_UP = (0, "")
"""As an answer: the connection ends, and nothing is said."""


@dataclass(frozen=True)
class Asked:
    path: str
    headers: dict
    body: str
    connection: int  # which of them, from 1


@dataclass
class Api:
    """`answer(asked)` gives a status and a body, or status, body and headers; `latency` is in seconds, an answer."""

    url: str = ""
    answer: object = lambda _: (200, json.dumps({"id": "1", "messageId": "<1@provider>", "MessageId": "1"}))
    latency: float = 0.0
    asked: list = field(default_factory=list)
    connections: int = 0
    at_once: int = 0
    most_at_once: int = 0
    open_now: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


def of(api):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self):
            with api.lock:
                api.connections += 1
                api.open_now += 1
                self.number = api.connections
            super().setup()

        def finish(self):
            super().finish()
            with api.lock:
                api.open_now -= 1

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            asked = Asked(self.path, dict(self.headers.items()), body, self.number)
            with api.lock:
                api.asked.append(asked)
                api.at_once += 1
                api.most_at_once = max(api.most_at_once, api.at_once)
            time.sleep(api.latency)
            status, said, *more = api.answer(asked)
            with api.lock:
                api.at_once -= 1
            if (status, said) == HANG_UP:
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in ({"Content-Type": "application/json"} | dict(*more)).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(said.encode())))
            self.end_headers()
            self.wfile.write(said.encode())

        def log_message(self, *_):
            pass

    return Handler


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_):
        """A client that gave up is part of the tests."""


@contextmanager
def serving(certificate=None, **told):
    api = Api(**told)
    server = Server(("127.0.0.1", 0), of(api))
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    api.url = f"http{'s' if certificate else ''}://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
