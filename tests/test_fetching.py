"""The one HTTP client: it reaches what it should, and nothing inside the house."""

import contextlib
import re
import socket
import threading
import time

import pytest

from dispatch import fetching


class Server:
    """Answers every connection with what `talk` writes."""

    def __init__(self, talk):
        self.talk = talk
        self.heard = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                self.heard.append(connection.recv(65536))
                self.talk(connection)

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join()


@pytest.fixture
def serve(settings):
    servers = []

    def serve(talk, *, allowed=True):
        server = Server(talk if callable(talk) else lambda connection: connection.sendall(talk))
        servers.append(server)
        if allowed:
            settings.FETCH_ALLOW = [*settings.FETCH_ALLOW, f"127.0.0.1:{server.port}"]
        return server

    yield serve
    for server in servers:
        server.close()


def answer(body=b"hello", status="200 OK", *headers):
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def reason(url, **options):
    failed = fetching.fetch(url, **options)
    assert isinstance(failed, fetching.Failed), failed
    return failed.reason


def test_an_allowed_host_is_fetched_without_cookies_or_names_of_ours(serve):
    server = serve(answer(b"hello", "200 OK", "Set-Cookie: a=b", "ETag: x"))
    found = fetching.fetch(server.url)
    fetching.fetch(server.url)
    assert (found.status, found.body, found.headers["etag"]) == (200, b"hello", "x")
    for request in server.heard:
        assert b"Cookie" not in request
        assert b"dispatch" not in request.lower()
        assert b"python" not in request.lower()


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://0/",
        "https://localhost/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
        "https://[fe80::1]/",
        "https://[fd00::1]/",
        "https://10.0.0.1/",
        "https://172.16.0.1/",
        "https://192.168.1.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://100.64.0.1/",
        "https://224.0.0.1/",
        "https://255.255.255.255/",
    ],
)
def test_an_address_inside_is_never_connected_to(url, monkeypatch):
    def connect(*_args, **_options):
        raise AssertionError("connected")

    monkeypatch.setattr(socket, "create_connection", connect)
    assert re.search("not public|Invalid IPv4", reason(url))


@pytest.mark.parametrize(
    "url",
    [
        "http://news.example.org/",
        "file:///etc/passwd",
        "ftp://a.b/",
        "gopher://a.b/",
        "//a.b/",
        "https://",
        "",
        "https://a:b@c.d/",
    ],
)
def test_other_schemes_and_passwords_are_refused(url):
    assert "fetched" in reason(url)


@pytest.mark.parametrize("url", ["https://a:99999/", "https://[::1", "http://[", "https://exa mple.org/"])
def test_what_is_no_address_is_told_and_not_raised(url):
    assert reason(url)


def test_a_name_that_answers_differently_the_second_time_gains_nothing(serve, monkeypatch):
    inside = serve(answer(b"secret"), allowed=False)
    answers = iter(["93.184.215.14", "127.0.0.1", "127.0.0.1"])
    asked, connected = [], []

    def resolve(host, port, **_):
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    def connect(address, *_args, **_options):
        connected.append(address)
        raise OSError("unreachable from here")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "create_connection", connect)
    fetching.fetch(f"https://rebinding.example:{inside.port}/")
    assert asked == ["rebinding.example"]
    assert connected == [("93.184.215.14", inside.port)]


def test_a_name_with_one_address_inside_is_refused_whole(monkeypatch):
    mixed = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 443)) for one in ("93.184.215.14", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: mixed)
    assert "not public" in reason("https://mixed.example/")


def test_a_redirect_to_the_inside_is_refused(serve):
    inside = serve(answer(b"secret"), allowed=False)
    for target in (f"https://127.0.0.1:{inside.port}/", f"http://127.0.0.1:{inside.port}/", "file:///etc/passwd"):
        server = serve(answer(b"", "302 Found", f"Location: {target}"))
        assert reason(server.url)
    assert inside.heard == []


def test_a_redirect_is_followed_without_our_headers_and_not_for_ever(serve):
    end = serve(answer(b"end"))
    start = serve(answer(b"", "301 Moved Permanently", f"Location: {end.url}"))
    found = fetching.fetch(start.url, headers={"Authorization": "Ghost token"})
    assert (found.body, found.url) == (b"end", end.url)
    assert b"Authorization" in start.heard[0]
    assert b"Authorization" not in end.heard[0]
    loop = serve(answer(b"", "302 Found", "Location: /"))
    assert reason(loop.url) == "more than 4 redirects"


def test_an_endless_body_is_cut_off(serve):
    def talk(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65536)

    assert reason(serve(talk).url, largest=2**20) == "larger than 1 MB"


@pytest.mark.parametrize("start", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nX-Slow: ", b""])
def test_dripping_bodies_and_headers_end_at_the_deadline(serve, start):
    def talk(connection):
        connection.sendall(start)
        for _ in range(200):
            time.sleep(0.05)
            connection.sendall(b"x")

    began = time.monotonic()
    assert reason(serve(talk).url, seconds=0.4) == "took too long"
    assert time.monotonic() - began < 8  # the drip goes on for ten


def test_a_compressed_answer_that_was_not_asked_for_is_refused(serve):
    assert "compressed" in reason(serve(answer(b"\x1f\x8b", "200 OK", "Content-Encoding: gzip")).url)


def test_a_closed_door_and_an_unknown_name_are_told(settings, monkeypatch):
    settings.FETCH_ALLOW = ["127.0.0.1:9"]
    assert reason("http://127.0.0.1:9/")

    def unknown(*_args, **_options):
        raise socket.gaierror("no")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert "not known" in reason("https://nowhere.example/")
