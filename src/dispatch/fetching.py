"""The one HTTP client for addresses that others chose: a CMS, a feed, a page to publish.

Only https, only public addresses, and the address that was checked is the one connected to (a name that answers differently
the second time gains nothing). Redirects are checked like first addresses. No cookies, no credentials of ours, caps on time
and size. Hosts of the newsroom's own network may be allowed by DISPATCH_FETCH_ALLOW ("host" or "host:port"), http included.
"""

import contextlib
import functools
import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx
from django.conf import settings
from httpcore import SOCKET_OPTION

LARGEST = 10 * 1024 * 1024
REDIRECTS = 4
BEGINNING = 4096
AGENT = "Mozilla/5.0 (compatible; feed reader)"


@dataclass(frozen=True)
class Fetched:
    """An answer with a body, whatever its status."""

    status: int
    url: str  # after redirects
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Failed:
    """No answer that may be used; the reason in words."""

    reason: str


class Forbidden(httpcore.ConnectError):
    """The name leads to an address that may not be fetched from."""


def fetch(
    url: str, *, headers: Mapping[str, str] | None = None, seconds: float = 20.0, largest: int = LARGEST
) -> Fetched | Failed:
    """GET `url`. Never raises for what the network or the other side does."""
    deadline = time.monotonic() + seconds
    try:
        with _client(seconds, deadline) as client:
            for _ in range(REDIRECTS + 1):
                if problem := objection(url):
                    return Failed(problem)
                answer = _ask(client, httpx.Request("GET", url, headers=dict(headers or {})), largest)
                if isinstance(answer, Failed):
                    return answer
                if answer.status not in {301, 302, 303, 307, 308}:
                    return answer
                url = str(httpx.URL(url).join(answer.headers.get("location", "")))
                headers = {}  # a token for one host is not for another
    except httpx.TimeoutException:
        return Failed("took too long")
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError) as error:
        return Failed(str(error) or type(error).__name__)
    return Failed(f"more than {REDIRECTS} redirects")


def send(
    url: str,
    *,
    form: Mapping[str, str] | None = None,
    json: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    seconds: float = 20.0,
    largest: int = LARGEST,
) -> Fetched | Failed:
    """POST a form or JSON to `url`, as `fetch` gets: to the address that was checked, and no redirect is followed."""
    if problem := objection(url):
        return Failed(problem)
    try:
        with _client(seconds, time.monotonic() + seconds) as client:
            data = None if form is None else dict(form)
            body = None if json is None else dict(json)
            request = httpx.Request("POST", url, data=data, json=body, headers=dict(headers or {}))
            return _ask(client, request, largest)
    except httpx.TimeoutException:
        return Failed("took too long")
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError) as error:
        return Failed(str(error) or type(error).__name__)


def post(url: str, body: bytes, *, headers: Mapping[str, str], seconds: float) -> Fetched | Failed:
    """POST `body`, by the same rules; a redirect is an answer and not followed, and of what is answered the beginning is
    read. Never raises for what the other side does."""
    if problem := objection(url):
        return Failed(problem)
    try:
        with _client(seconds, time.monotonic() + seconds) as client:
            return _post(client, url, headers, body)
    except httpx.TimeoutException:
        return Failed("took too long")
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError) as error:
        return Failed(str(error) or type(error).__name__)


def _ask(client: httpx.Client, asked: httpx.Request, largest: int) -> Fetched | Failed:
    request = client.build_request(asked.method, asked.url, headers=asked.headers, content=asked.read())
    answer = client.send(request, stream=True)
    with contextlib.closing(answer):
        if _is_compressed(answer):
            return Failed("the answer is compressed, though that was not asked for")
        body = bytearray()
        for part in answer.iter_raw():
            body += part
            if len(body) > largest:
                return Failed(f"larger than {largest // 2**20} MB")
        return Fetched(
            answer.status_code, str(asked.url), bytes(body), {k.lower(): v for k, v in answer.headers.items()}
        )


def _post(client: httpx.Client, url: str, headers: Mapping[str, str], body: bytes) -> Fetched:
    with client.stream("POST", url, headers=dict(headers), content=body) as answer:
        said = b"" if _is_compressed(answer) else next(answer.iter_raw(BEGINNING), b"")
        return Fetched(answer.status_code, url, said, {k.lower(): v for k, v in answer.headers.items()})


def _is_compressed(answer: httpx.Response) -> bool:
    return bool(answer.headers.get("content-encoding", "identity") != "identity")


def objection(url: str) -> str:
    """Why nothing is asked of this address, in words; empty: it may be."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in {"http", "https"} or not host:
        return "only https addresses are fetched"
    if parts.scheme == "http" and not is_allowed(host, parts.port or 80):
        return "only https is fetched; DISPATCH_FETCH_ALLOW names hosts of your own network"
    if parts.username or parts.password:
        return "an address with a password in it is not fetched"
    return ""


def is_allowed(host: str, port: int) -> bool:
    """Whether the operator vouches for a host of the newsroom's own network."""
    return host in settings.FETCH_ALLOW or f"{host}:{port}" in settings.FETCH_ALLOW


def public_addresses(host: str, port: int) -> list[str]:
    """What the name resolves to now; raises Forbidden if any of it is not public (a mixed answer is an attack)."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(f"{host} is not known") from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not is_allowed(host, port) and not all(_is_public(address) for address in addresses):
        raise Forbidden(f"{host} leads to an address that is not public")
    return addresses


def _is_public(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is not None:
            address = inner
        elif address in ipaddress.ip_network("64:ff9b::/96"):
            address = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.is_global and not address.is_multicast


class _TimedStream(httpcore.NetworkStream):
    """Ends at the deadline, however slowly the other side drips: headers and bodies alike."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: float) -> None:
        self.inner = inner
        self.deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - the deadline is stricter
        return self.inner.read(max_bytes, _remaining(self.deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - likewise
        self.inner.write(buffer, _remaining(self.deadline))

    def close(self) -> None:
        self.inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - likewise
    ) -> httpcore.NetworkStream:
        secured = self.inner.start_tls(ssl_context, server_hostname, _remaining(self.deadline))
        return _TimedStream(secured, self.deadline)

    def get_extra_info(self, info: str) -> Any:
        return self.inner.get_extra_info(info)


def _remaining(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("took too long")
    return left


class _CheckedBackend(httpcore.SyncBackend):
    """Connects to the very address that was checked."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = public_addresses(host, port)
        for last, address in enumerate(addresses, 1 - len(addresses)):
            try:
                made = super().connect_tcp(address, port, timeout, local_address, socket_options)
                return _TimedStream(made, self.deadline)
            except httpcore.ConnectError:
                if not last:
                    raise
        raise httpcore.ConnectError(f"{host} has no address")


@functools.cache
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context()


def _client(seconds: float, deadline: float) -> httpx.Client:
    transport = httpx.HTTPTransport(verify=_tls())
    transport._pool = httpcore.ConnectionPool(  # noqa: SLF001 - httpx offers no other way to a network backend
        ssl_context=_tls(), network_backend=_CheckedBackend(deadline)
    )
    return httpx.Client(
        transport=transport,
        trust_env=False,
        follow_redirects=False,
        timeout=httpx.Timeout(seconds, connect=min(seconds, 10.0)),
        headers={"User-Agent": AGENT, "Accept-Encoding": "identity"},
    )
