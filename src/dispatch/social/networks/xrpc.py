"""Requests to an AT Protocol server (atproto.com/specs/xrpc), and what its errors say."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from atproto_client.request import Request

from dispatch.social.networks import keeping
from dispatch.social.networks.base import TIMEOUT, Account

SERVER = "https://bsky.social"


def send(account: Account, method: str, how: Mapping[str, Any]) -> Any:
    """A procedure's answer; `how` as httpx takes it. Raises what the client raises."""
    with _request(account) as request:
        return request.post(f"{server(account)}/xrpc/{method}", **how).content


def get(account: Account, method: str, query: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Any:
    """A query's answer."""
    return answer(account, method, query, headers).content


def answer(account: Account, method: str, query: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Any:
    """The same with its headers."""
    with _request(account) as request:
        return request.get(f"{server(account)}/xrpc/{method}", params=query, headers=headers or {})


def _request(account: Account) -> AbstractContextManager[Any]:
    def make() -> tuple[Any, Callable[[], object]]:
        request = Request(timeout=TIMEOUT)
        return request, request.close

    return keeping.client(("bluesky", server(account), str(TIMEOUT)), make)


def is_limit(error: Exception) -> bool:
    """Whether the server asks for patience."""
    return getattr(getattr(error, "response", None), "status_code", 0) == 429


def is_expired(error: Exception) -> bool:
    """Whether the session is over."""
    return "ExpiredToken" in code(error)


def code(error: Exception) -> str:
    """The error's name in the server's answer; empty: it gave none."""
    response = getattr(error, "response", None)
    return str(getattr(getattr(response, "content", None), "error", ""))


def server(account: Account) -> str:
    """The account's own, or the largest."""
    return (account.server or SERVER).rstrip("/")
