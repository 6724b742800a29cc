"""Connections to networks that a worker's process keeps for its next post: a new one costs a handshake, which over TLS is
most of the work.

One that lay idle is not used again, since its other end may be closing it this moment: a request that meets that has no
answer, and nobody would know whether its post is out.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests
from requests import utils

IDLE = 3.0
"""Seconds; servers and what stands before them keep a connection for 5 (Node) to 75 (nginx)."""
MOST = 64
"""Clients that a process keeps."""


@dataclass
class _Kept:
    """A client that nobody uses now."""

    client: Any
    close: Callable[[], object]
    used_at: float  # time.monotonic()


_idle: dict[tuple[str, ...], _Kept] = {}
os.register_at_fork(after_in_child=_idle.clear)


@contextmanager
def client(name: tuple[str, ...], make: Callable[[], tuple[Any, Callable[[], object]]]) -> Iterator[Any]:
    """The client of this name (network, server, whose credentials), or a new one: `make` gives it and how it is closed.

    Nobody else gets it meanwhile. After an error it is closed: what its connection would say next is anybody's guess."""
    kept = _taken(name)
    using, close = (kept.client, kept.close) if kept else make()
    try:
        yield using
    except BaseException:
        close()
        raise
    _put_back(name, _Kept(using, close, time.monotonic()))


def session(server: str) -> requests.Session:
    """One that reads proxies and certificates from the environment once and not with each request, and never ~/.netrc, whose
    words would go out instead of the channel's token."""
    made = requests.Session()
    made.proxies = utils.get_environ_proxies(server)
    made.verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
    made.trust_env = False
    return made


def _taken(name: tuple[str, ...]) -> _Kept | None:
    kept = _idle.pop(name, None)
    if kept is not None and time.monotonic() - kept.used_at > IDLE:
        kept.close()
        return None
    return kept


def _put_back(name: tuple[str, ...], kept: _Kept) -> None:
    """Each step is one of the dictionary's own, so threads need no lock, which a fork could find taken."""
    before = _idle.pop(name, None)
    oldest = [_idle.pop(other, None) for other in list(_idle)[: max(0, len(_idle) - MOST + 1)]]
    _idle[name] = kept
    for one in (before, *oldest):
        if one is not None:
            one.close()
