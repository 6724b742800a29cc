"""Ports for servers that tests start."""

import random
import socket


def free() -> int:
    """One that nobody listens on. Below those the system hands out by itself, where a client could take it meanwhile."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with socket.socket() as knocking:
            if knocking.connect_ex(("127.0.0.1", port)):
                return port
