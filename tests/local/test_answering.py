"""A web server that hangs: systemd hears no more that it is well, and `dispatch web --watched` has another in containers."""

import os
import signal
import socket
import threading
import time
import urllib.request
from pathlib import Path

import ports
import pytest
import working

from dispatch import signs
from dispatch.local import answering, supervisor

from .conftest import is_running, wait_for


@pytest.fixture
def mute():
    """Whoever connects to it is taken by the kernel, and never answered: the port of a server that hangs."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        yield one.getsockname()[1]


def test_who_is_connected_to_and_says_nothing_does_not_answer(mute, monkeypatch):
    monkeypatch.setattr(answering, "PATIENCE", 0.5)
    assert not answering.answers("127.0.0.1", mute)
    assert not answering.answers("127.0.0.1", ports.free())


def test_it_is_asked_for_a_name_that_it_answers_to(monkeypatch):
    monkeypatch.setenv("DISPATCH_HOSTS", ".example.org dispatch.example.net localhost")
    with socket.create_server(("127.0.0.1", 0)) as server:
        asked = []

        def answer():
            line, _ = server.accept()
            with line:
                asked.append(line.recv(4096).decode())
                line.sendall(b"HTTP/1.1 503 no\r\nContent-Length: 0\r\n\r\n")

        threading.Thread(target=answer).start()
        assert answering.answers("0.0.0.0", server.getsockname()[1])
    assert asked[0].startswith("GET /healthz HTTP/1.1\r\n")
    assert "\r\nHost: dispatch.example.net\r\n" in asked[0]


class Watched:
    """A program that answers as it is told to, by a clock of its own."""

    def __init__(self, monkeypatch, *answers, names=("web",)):
        self.now, self.rest, self.replaced = 0.0, list(answers), []
        monkeypatch.setattr(answering.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(answering, "answers", lambda _host, _port: self.rest.pop(0))
        self.stopping = self
        programs = [supervisor.Program(name=name, command=[], at=("127.0.0.1", 1)) for name in names]
        self.all = [supervisor.Running(one, print) for one in (*programs, supervisor.Program(name="mail", command=[]))]

    def wait(self, seconds):
        self.now += seconds
        return not self.rest

    def replace(self, one, _process, why):
        self.replaced.append((self.now, one.program.name, why))


def test_one_that_answers_now_and_then_is_left_alone(monkeypatch):
    web = Watched(monkeypatch, *([True] + [False] * 13) * 5)
    answering._watch(web)
    assert web.replaced == []


def test_one_that_answered_and_does_no_more_is_replaced_and_one_that_starts_has_longer(monkeypatch):
    web = Watched(monkeypatch, True, *[False] * 16)
    answering._watch(web)
    assert web.replaced[0] == (85.0, "web", "no answer for 75 s")
    web = Watched(monkeypatch, *[False] * 22)
    web.all[0].started = 1.0
    answering._watch(web)
    assert [moment for moment, *_ in web.replaced] == [110.0]
    assert signs.STARTS == 100


def test_of_several_that_share_a_port_all_are_replaced_once_none_answers(monkeypatch):
    web = Watched(monkeypatch, True, *[False] * 16, names=("web", "web-2"))
    answering._watch(web)
    assert [name for _, name, _ in web.replaced] == ["web", "web-2"]


def children(process):
    """Whatever its threads started."""
    found = [one.read_text().split() for one in Path(f"/proc/{process}/task").glob("*/children")]
    return [int(number) for numbers in found for number in numbers]


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
class TestPrograms:
    @pytest.fixture
    def port(self):
        return ports.free()

    def is_answered(self, port):
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=30).status == 200
        except OSError:
            return False

    def test_in_a_container_a_frozen_one_is_replaced_and_another_answers(self, port, tmp_path):
        words = ("web", "--watched", "--port", str(port))
        with working.program(tmp_path, *words, DISPATCH_SILENT_SECONDS="10") as parent:
            wait_for(lambda: self.is_answered(port))
            (frozen,) = children(parent.pid)
            time.sleep(answering.ASK_EVERY + 2)  # who has answered once has no longer than the ten seconds
            os.kill(frozen, signal.SIGSTOP)
            wait_for(lambda: not is_running(frozen))
            wait_for(lambda: self.is_answered(port))
            assert "web is replaced: no answer for" in (tmp_path / "web.log").read_text()
            parent.terminate()
            assert parent.wait(60) == 0
        assert not self.is_answered(port)

    def test_systemd_hears_that_it_answers_and_nothing_while_it_does_not(self, port, tmp_path):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
            ear.bind(str(tmp_path / "notify"))
            ear.settimeout(240)
            with working.program(tmp_path, "web", "--port", str(port), NOTIFY_SOCKET=str(tmp_path / "notify")) as web:
                assert ear.recv(100) == b"READY=1"
                assert self.is_answered(port)
                assert ear.recv(100) == b"WATCHDOG=1"
                assert ear.recv(100) == b"WATCHDOG=1"
                os.kill(web.pid, signal.SIGSTOP)
                try:
                    ear.settimeout(3 * answering.ASK_EVERY)
                    with pytest.raises(TimeoutError):
                        [ear.recv(100) for _ in range(3)]
                finally:
                    os.kill(web.pid, signal.SIGCONT)
