"""The receivers of the benchmarks, and how fast each takes bytes that cost their sender nothing.

Ours is sink.c (a C compiler); the other is Postfix's smtp-sink, installed or unpacked by tests/counterparts/relays/unpack.
"""

import json
import multiprocessing
import multiprocessing.synchronize
import os
import select
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
CACHE = HERE.parent / ".cache"
POSTFIX = CACHE / "relays" / "postfix"
SENDER, READER = "news@example.org", "reader@example.org"
ABSENT = "Postfix's smtp-sink is not here: install Postfix, or run tests/counterparts/relays/unpack (Debian)"
SIZE = 31_300
"""Bytes: about what a digest is, of which a few hundred are header."""


@dataclass
class Sink:
    port: int
    counted: dict[str, int] = field(default_factory=dict)  # messages, bytes, connections, recipients; once it ended


@contextmanager
def ours(*, chunking: bool = False, record: Path | None = None) -> Iterator[Sink]:
    """The fast one. `record` gets a line with each Message-ID before its 250 is said."""
    if shutil.which("cc") is None:
        raise SystemExit(
            "The benchmarks' receiver is written in C: install a compiler (Debian: apt install gcc libc6-dev)."
        )
    program = CACHE / "sink"
    CACHE.mkdir(exist_ok=True)
    made = program.with_suffix(f".{os.getpid()}")  # another benchmark may be making it, too
    subprocess.run(["cc", "-O2", "-o", made, HERE / "sink.c"], check=True)
    made.replace(program)
    words = [*(["-c"] if chunking else []), *(["-r", str(record)] if record else [])]
    process = subprocess.Popen([program, *words, "0"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        sink = Sink(int(process.stdout.readline()))
        yield sink
    finally:
        process.terminate()
        said, _ = process.communicate(timeout=10)
    sink.counted = json.loads(said)


@contextmanager
def postfixs() -> Iterator[Sink | None]:
    """smtp-sink; None where it is not there. It counts nothing: that would cost it a line on the screen for each message."""
    program = _of_postfix("smtp-sink")
    if program is None:
        yield None
        return
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen([program, "-u", "nobody", f"127.0.0.1:{port}", "500"], env=_beside_its_libraries())
    try:
        _wait_for(port)
        yield Sink(port)
    finally:
        process.terminate()
        process.wait(10)


def ceiling(port: int, messages: int, *, processes: int = 2, connections: int = 4) -> float:
    """Messages a second that the receiver takes from pipelining clients who do nothing else: constant bytes, and as many
    processes and connections in each as Dispatch would have."""
    ready = multiprocessing.Barrier(processes + 1)
    each = messages // processes
    clients = [multiprocessing.Process(target=push, args=(port, each, connections, ready)) for _ in range(processes)]
    for client in clients:
        client.start()
    ready.wait(30)
    began = time.perf_counter()
    for client in clients:
        client.join()
        assert client.exitcode == 0
    return each * processes / (time.perf_counter() - began)


def push(port: int, messages: int, connections: int, ready: multiprocessing.synchronize.Barrier | None = None) -> None:
    """MAIL, RCPT and DATA of the next leave behind each message; a 354 among the replies lets it go."""
    envelope = f"MAIL FROM:<{SENDER}>\r\nRCPT TO:<{READER}>\r\nDATA\r\n".encode()
    last = constant() + b".\r\n"
    unit = last + envelope
    socks, left, poller = {}, {}, select.poll()
    for number in range(connections):
        sock = _greeted(port)
        socks[sock.fileno()] = sock
        left[sock.fileno()] = messages // connections + (number < messages % connections)
    if ready:
        ready.wait(30)
    for descriptor, sock in socks.items():
        sock.sendall(envelope)
        poller.register(descriptor, select.POLLIN)
    while socks:
        for descriptor, _ in poller.poll():
            sock = socks[descriptor]
            said = sock.recv(4096)
            assert said, "the receiver hung up"
            if b"354" in said:
                left[descriptor] -= 1
                sock.sendall(unit if left[descriptor] else last)
            elif not left[descriptor]:
                poller.unregister(descriptor)
                socks.pop(descriptor).close()


def smtp_source(port: int, messages: int) -> float | None:
    """The same from Postfix's own load generator, which does not pipeline; None where it is not there."""
    program = _of_postfix("smtp-source")
    if program is None:
        return None
    began = time.perf_counter()
    words = ("-d", "-s", "8", "-l", str(SIZE), "-m", str(messages), "-f", SENDER, "-t", READER)
    subprocess.run([program, *words, f"127.0.0.1:{port}"], env=_beside_its_libraries(), check=True)
    return messages / (time.perf_counter() - began)


def constant() -> bytes:
    """A message of SIZE bytes."""
    head = (
        f"From: News <{SENDER}>\r\nTo: {READER}\r\nSubject: News of the day\r\n"
        "Message-ID: <abcdefghijklmnopqrstuvwxyz@mail.invalid>\r\nDate: Mon, 23 Nov 2026 08:00:00 +0000\r\n"
        "List-Unsubscribe: <https://news.example.org/leave/abcdefghijklmnop>\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/alternative; boundary="=_abcdefghijklmnopqrstuvwxyz"\r\n\r\n'
    ).encode()
    return head + (b"x" * 74 + b"\r\n") * ((SIZE - len(head)) // 76)


def _greeted(port: int) -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.recv(4096)
    sock.sendall(b"EHLO localhost\r\n")
    sock.recv(4096)
    return sock


def _of_postfix(name: str) -> str | None:
    return shutil.which(
        name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", str(POSTFIX / "usr/sbin")])
    )


def _beside_its_libraries() -> dict[str, str]:
    return {**os.environ, "LD_LIBRARY_PATH": str(POSTFIX / "usr/lib/postfix")}


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 10
    with socket.socket() as free:
        while free.connect_ex(("127.0.0.1", port)):
            assert time.monotonic() < deadline, "smtp-sink does not listen"
            time.sleep(0.02)
