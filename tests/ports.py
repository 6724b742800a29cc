"""Ports for servers that tests start."""

import random
import socket
import subprocess
import time
from pathlib import Path


def free() -> int:
    """One that nobody listens on. Below those the system hands out by itself, where a client could take it meanwhile."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with socket.socket() as knocking:
            if knocking.connect_ex(("127.0.0.1", port)):
                return port


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until the process listens on it, for two minutes at most; what it wrote to its log says why it does not."""
    deadline = time.monotonic() + 120
    with socket.socket() as knocking:
        while knocking.connect_ex(("127.0.0.1", port)):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, f"nothing listens on {port}: {log.read_text()}"
            time.sleep(0.05)
