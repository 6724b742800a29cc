"""Links are asked within limits; a site that turns programs away is not called dead."""

import contextlib
import socket
import threading

import pytest

from dispatch.editions import links
from dispatch.editions.links import Fate

ANSWERS = {
    "/": "200 OK",
    "/gone": "410 Gone",
    "/missing": "404 Not Found",
    "/robots": "403 Forbidden",
    "/busy": "503 Busy",
}


@pytest.fixture
def site(settings):
    """A site on loopback that the operator vouches for; its answers are by path."""
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    settings.FETCH_ALLOW = [f"127.0.0.1:{port}"]

    def serve():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listening.accept()
                with connection, contextlib.suppress(OSError):
                    path = connection.recv(65536).split()[1].decode()
                    if path == "/huge":
                        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n" + b"x" * 900_000)
                        continue
                    head = f"HTTP/1.1 {ANSWERS[path]}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                    connection.sendall(head.encode())

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"http://127.0.0.1:{port}"
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join()


def test_what_is_gone_is_dead_and_what_turns_programs_away_is_not(site):
    fates = {
        link.url.removeprefix(site): link.fate for link in links.check([site + path for path in [*ANSWERS, "/huge"]])
    }
    assert fates == {
        "/": Fate.ALIVE,
        "/huge": Fate.ALIVE,
        "/gone": Fate.DEAD,
        "/missing": Fate.DEAD,
        "/robots": Fate.UNSURE,
        "/busy": Fate.UNSURE,
    }


def test_an_address_inside_is_not_asked(site, settings):
    settings.FETCH_ALLOW = []
    (link,) = links.check([site.replace("http", "https")])
    assert (link.fate, "not public" in link.why) == (Fate.UNSURE, True)


def test_a_host_that_does_not_exist_is_dead(monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    (link,) = links.check(["https://nowhere.invalid/"])
    assert link.fate is Fate.DEAD


def test_beyond_the_limits_nobody_could_tell(site, monkeypatch):
    monkeypatch.setattr(links, "MOST", 1)
    assert [link.fate for link in links.check([site + "/", site + "/gone"])] == [Fate.ALIVE, Fate.UNSURE]
    monkeypatch.setattr(links, "ALL_SECONDS", 0.0)
    assert [link.fate for link in links.check([site + "/gone"])] == [Fate.UNSURE]
