"""One HTTP request of the networks that have no library of their own: a time-out, no retry, no redirect."""

import functools
import ssl
from typing import Any

import httpx


def ask(method: str, address: str, seconds: float, **how: Any) -> httpx.Response:
    """The answer, whatever its status. Raises httpx.HTTPError, httpx.InvalidURL. `how`: as httpx.request takes it."""
    with httpx.Client(verify=_trusted(), timeout=seconds, follow_redirects=False) as client:
        return client.request(method, address, **how)


@functools.cache
def _trusted() -> ssl.SSLContext:
    """Reading the authorities takes longer than the request does."""
    return ssl.create_default_context()
