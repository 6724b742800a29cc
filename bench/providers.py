"""Letters through a provider's API, which answers each call after 50 ms of network. `make bench NAME=providers`.

By HTTPS, to a server in a process of its own that counts connections: a session a letter, as before; one kept; several kept,
each with a letter under way. Letters a second, connections, and milliseconds of the sender's processor a letter, the median
of the runs. A new connection costs two round trips of the network more (TCP, and TLS 1.3), which the server waits for, too.
"""

import argparse
import json
import multiprocessing
import os
import secrets
import ssl
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import sinks
import sizes
import tls

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dispatch.settings")
os.environ.setdefault("DISPATCH_DATABASE_URL", "postgresql://127.0.0.1:1/none")  # nothing here asks for it
os.environ.setdefault("DISPATCH_SECRET_KEY", secrets.token_hex())

import django

from dispatch.delivery.mailers.anymail import Anymail
from dispatch.delivery.mailers.base import Message
from dispatch.outcomes import Sent

ROUND_TRIP = 0.05
PROVIDERS = {
    "brevo": {"api_key": "k", "api_url": "{}"},
    "amazon_ses": {
        "region_name": "eu-central-1",
        "aws_access_key_id": "k",
        "aws_secret_access_key": "k",
        "endpoint_url": "{}",
    },
}
ONE = "a session a letter"
KEPT = (1, 2, 4, 8, 16)


@dataclass(frozen=True)
class Took:
    per_second: float
    connections: int
    cpu_ms: float  # a letter


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench/providers.py", description=__doc__)
    parser.add_argument("--letters", type=int, default=400)
    parser.add_argument("--runs", type=int, default=3)
    options = sizes.asked(parser, letters=16, runs=1)
    django.setup()
    load = os.getloadavg()[0]
    print(f"{options.letters:,} letters of {len(sinks.constant()):,} bytes; load {load:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as (url, counting):
        found = {name: table(name, url, counting, options) for name in PROVIDERS}
    print(json.dumps(found))
    return 0


def table(name: str, url: str, counting: Callable[[], int], options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Each way in turn, and again: a machine that was busy for a while was so for all of them."""
    ways: dict[str, int] = {ONE: 0, **{f"{number} kept": number for number in KEPT}}
    took = [
        [measured(name, url, number, options.letters, counting) for number in ways.values()]
        for _ in range(options.runs)
    ]
    print(f"\n{name}")
    found = {}
    for way, runs in zip(ways, zip(*took, strict=True), strict=True):
        rate = statistics.median(one.per_second for one in runs)
        cpu = statistics.median(one.cpu_ms for one in runs)
        print(f"  {way:<22}{rate:>8,.1f}/s{runs[0].connections:>8,} connections{cpu:>9.1f} ms")
        found[way] = {"per_second": round(rate, 1), "connections": runs[0].connections, "cpu_ms": round(cpu, 1)}
    return found


def measured(name: str, url: str, connections: int, letters: int, counting: Callable[[], int]) -> Took:
    """Without connections: each letter by a mailer of its own, of which there are a twentieth."""
    count = letters if connections else max(4, letters // 20)
    options = {option: value.format(url) for option, value in PROVIDERS[name].items()}
    one = Message(sinks.SENDER, sinks.READER, sinks.constant())
    before, began, used = counting(), time.perf_counter(), time.process_time()
    for _ in range(1 if connections else count):
        mailer = Anymail(name, options | {"connections": str(connections or 1)})
        answers = list(mailer.send([one] * (count if connections else 1)))
        assert all(isinstance(answer, Sent) for answer in answers), answers
        mailer.close()
    took, used = time.perf_counter() - began, time.process_time() - used
    return Took(count / took, counting() - before, used / count * 1000)


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, Callable[[], int]]]:
    certificate = folder / "provider.pem"
    certificate.write_bytes(tls.self_signed())
    os.environ["REQUESTS_CA_BUNDLE"] = os.environ["AWS_CA_BUNDLE"] = str(certificate)
    near, far = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(str(certificate), far), daemon=True)
    process.start()

    def count() -> int:
        near.send("how many?")
        return int(near.recv())

    try:
        yield f"https://127.0.0.1:{near.recv()}/", count
    finally:
        process.terminate()
        process.join(10)


def serve(certificate: str, said: Connection) -> None:
    server = Server(("127.0.0.1", 0), Api)
    server.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.context.load_cert_chain(certificate)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    said.send(server.server_port)
    with suppress(EOFError):
        while said.recv():
            said.send(server.connections)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    context: ssl.SSLContext
    connections = 0

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        self.connections += 1
        time.sleep(2 * ROUND_TRIP)
        super().process_request_thread(self.context.wrap_socket(request, server_side=True), client_address)


class Api(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(ROUND_TRIP)
        said = b'{"messageId": "<1@provider>", "MessageId": "1"}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: object) -> None:
        """Nothing."""


if __name__ == "__main__":
    raise SystemExit(main())
