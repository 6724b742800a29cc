"""Assistants' way in over HTTP: POST /mcp, the tools of `assistant` by the token in its Authorization header.

Before Django's pages, which it asks in this process as any program asks from outside: the same rights, limits and audit log.
Streamable HTTP of the Model Context Protocol (modelcontextprotocol.io/specification/2025-11-25/basic/transports), without
sessions: each POST stands for itself and is answered in JSON, so any number of web processes may answer, and none remembers.
"""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, cast
from urllib.parse import urlsplit

import httpx

from dispatch import env

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
App = Callable[[Message, Receive, Send], Coroutine[Any, Any, None]]

PATH = "/mcp"
PASSED_ON = ("host", "x-forwarded-proto", "authorization")
"""What the API must hear of a call as it came: for which host, how, by whom."""
LARGEST = 1024 * 1024
"""Bytes of a body, as for any call of the API."""


def before(pages: App) -> App:
    """An ASGI application that answers assistants itself and leaves the rest to `pages`."""

    async def door(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].rstrip("/") == PATH:
            await _answer(pages, scope, receive, send)
        else:
            await pages(scope, receive, send)

    return door


async def _answer(pages: App, scope: Message, receive: Receive, send: Send) -> None:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    if scope["method"] != "POST":
        await _refuse(send, httpx.Response(405, headers={"Allow": "POST"}, json={"title": "POST, and nothing else"}))
    elif not _is_ours(headers.get("origin", ""), headers.get("host", "")):
        await _refuse(send, httpx.Response(403, json={"title": "Not from a page of somebody else’s"}))
    else:
        here = httpx.ASGITransport(app=cast("Any", pages), client=tuple(scope.get("client") or ("", 0)))
        known = {name: headers[name] for name in PASSED_ON if name in headers}
        address = f"{scope.get('scheme', 'http')}://{headers.get('host', 'localhost')}"
        async with httpx.AsyncClient(transport=here, base_url=address, headers=known) as asking:
            who = await asking.get("/api/v1/me")
            if who.status_code >= 400:
                await _refuse(send, who)
            else:
                await _talk(asking, scope, receive, send)


async def _talk(asking: httpx.AsyncClient, scope: Message, receive: Receive, send: Send) -> None:
    """One message of a conversation. The library is loaded by the first: most instances never need it."""
    from mcp.server.transport_security import TransportSecuritySettings

    from dispatch.api import assistant

    asking.base_url = asking.base_url.join("/api/v1/")
    app = assistant.offering(asking).streamable_http_app(
        streamable_http_path=PATH,
        json_response=True,
        stateless_http=True,
        max_request_body_size=LARGEST,
        transport_security=TransportSecuritySettings(
            enable_dns_rebinding_protection=False
        ),  # asked above, and by Django
    )
    async with app.router.lifespan_context(app):
        await app({**scope, "path": PATH, "raw_path": PATH.encode(), "root_path": ""}, cast("Any", receive), send)


def _is_ours(origin: str, host: str) -> bool:
    """A browser names the page that asks. Programs name none; a page is let in only where it is this instance's own."""
    if not origin:
        return True
    own = {urlsplit(env.text("DISPATCH_PUBLIC_URL", "")).netloc, host} - {""}
    return urlsplit(origin).netloc in own


async def _refuse(send: Send, answer: httpx.Response) -> None:
    kept = ("content-type", "www-authenticate", "retry-after", "allow")
    headers = [(name.encode(), answer.headers[name].encode("latin-1")) for name in kept if name in answer.headers]
    await send({"type": "http.response.start", "status": answer.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": answer.content})
