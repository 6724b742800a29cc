"""An assistant over HTTP, before a live instance: the same tools and rights as over standard input; strangers stay out."""

import anyio
import httpx
import httpx2
import newsroom
import pytest
import serving
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

from dispatch.accounts.models import AuditEntry, Stop
from dispatch.api import assistant_door, tokens
from dispatch.api.tokens import Scope

pytestmark = pytest.mark.django_db(transaction=True)
HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "a test", "version": "1"},
    },
}
TAKES = {"Accept": "application/json, text/event-stream"}


@pytest.fixture(scope="module")
def server(django_db_setup, tmp_path_factory):
    """`dispatch web`, upon the tests' database."""
    with serving.web(tmp_path_factory.mktemp("web")) as base:
        yield base


@pytest.fixture
def secret():
    _, made = tokens.mint(newsroom.person(), "Assistant", list(Scope), 1)
    return made


def ask(server, secret, *calls):
    """What the official client is offered, and what each tool said; all in one conversation."""

    async def talk():
        headers = {"Authorization": f"Bearer {secret}"}
        async with (
            httpx2.AsyncClient(headers=headers, timeout=120, trust_env=False) as http,
            streamable_http_client(f"{server}/mcp", http_client=http) as (reads, writes),
            ClientSession(reads, writes) as session,
        ):
            await session.initialize()
            offered = {tool.name: tool for tool in (await session.list_tools()).tools}
            return offered, [await session.call_tool(name, said) for name, said in calls]

    return anyio.run(talk)


def knock(server, secret="", **headers):
    given = {"Authorization": f"Bearer {secret}"} if secret else {}
    return httpx.post(f"{server}/mcp", json=HELLO, headers=TAKES | given | headers, timeout=120, trust_env=False)


def test_the_official_client_finds_the_tools_and_acts_with_them(server, secret):
    story = newsroom.story("en")
    newsroom.channel()
    draft = {"story": story.pk, "channel": "masto", "text": "Doors open at six."}
    stop = {"scope": "everything", "reason": "a drill"}
    offered, (who, drafted, stopped) = ask(server, secret, ("whoami", {}), ("draft_post", draft), ("pull_stop", stop))
    assert len(offered) == 26
    assert who.structured_content["name"] == "Assistant"
    assert drafted.structured_content["text"] == "Doors open at six."
    assert (stopped.is_error, Stop.objects.get().reason) == (False, "a drill")
    assert AuditEntry.objects.filter(act="stop.pull", via__endswith="Assistant").exists()


def test_it_has_its_tokens_rights_and_no_more(server):
    _, made = tokens.mint(newsroom.person("editor"), "Reader", [Scope.STORIES], 1)
    _, (read, refused) = ask(
        server, made, ("list_stories", {}), ("pull_stop", {"scope": "everything", "reason": "a drill"})
    )
    assert (read.is_error, refused.is_error) == (False, True)
    assert not Stop.objects.exists()


def test_without_a_token_nobody_is_told_what_there_is(server):
    for answer in (knock(server), knock(server, "made up")):
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="dispatch"'


def test_a_page_of_somebody_elses_is_turned_away(server, secret):
    """Even with a token: a browser that was led here must not talk for its reader (DNS rebinding)."""
    assert knock(server, secret, Origin="https://evil.example").status_code == 403
    assert knock(server, secret, Origin="null").status_code == 403
    assert knock(server, secret, Origin=server).status_code == 200
    assert knock(server, secret, Origin="http://dispatch.test").status_code == 200


def test_the_api_hears_for_which_host_it_was_asked_and_its_no_is_passed_on():
    """A name that was made to lead here (DNS rebinding) is Django's to refuse, so it must come to Django as it is."""
    heard = []

    async def pages(scope, _receive, send):
        heard.append((scope["path"], dict(scope["headers"])[b"host"]))
        await send({"type": "http.response.start", "status": 400, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    async def knock_in_process():
        here = httpx.ASGITransport(app=assistant_door.before(pages))
        async with httpx.AsyncClient(transport=here, base_url="http://evil.example") as http:
            return await http.post("/mcp", json=HELLO, headers=TAKES | {"Origin": "http://evil.example"})

    assert anyio.run(knock_in_process).status_code == 400
    assert heard == [("/api/v1/me", b"evil.example")]


def test_there_is_nothing_to_get_and_no_session_to_end(server, secret):
    for method in ("GET", "DELETE"):
        answer = httpx.request(method, f"{server}/mcp", headers={"Authorization": f"Bearer {secret}"}, trust_env=False)
        assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
