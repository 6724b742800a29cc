"""A server that takes Dispatch's place behind a proxy: it tells what it was asked, and has a live page."""

import contextlib
import http.server
import json
import threading
import time

SILENCE = 8.0
"""Seconds between a live page's first event and the second."""


class Answers(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/operations/events":
            self.live()
        else:
            self.tell()

    def do_POST(self):
        left = int(self.headers["Content-Length"])
        while left:
            left -= len(self.rfile.read(min(left, 65536)))
        self.tell()

    def tell(self):
        body = json.dumps(dict(self.headers)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")  # a kept one would answer after the end
        self.send_header("Strict-Transport-Security", "max-age=5")
        self.end_headers()
        self.wfile.write(body)

    def live(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        with contextlib.suppress(OSError):
            for _ in range(2):
                self.wfile.write(f"data: {time.time()}\n\n".encode())
                self.wfile.flush()
                time.sleep(SILENCE)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def serving(port):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Answers)
    server.daemon_threads, server.block_on_close = True, False
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def told(text):
    """What the stand-in told of the request; nothing where somebody else answered."""
    try:
        return json.loads(text)
    except ValueError:
        return {}
