"""Signing in at the reference PDS: its own page in Chromium, bound tokens, a post with them, and a new token for the old."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import newsroom
import pytest
from browser.conftest import ARGUMENTS, find_browser
from playwright import sync_api

from dispatch.outcomes import Refused, Sent
from dispatch.social import channels, connecting, doors, networks, renewing
from dispatch.social.connecting import Visitor, Wish
from dispatch.social.networks.base import Draft, Found, Renewed

pytestmark = [pytest.mark.counterpart, pytest.mark.django_db]


@pytest.fixture
def back():
    """Where people come back to; somebody has to be there, or a browser would not go."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Silent)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/channels/connect/back/bluesky"
    server.shutdown()
    server.server_close()


class Silent(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(204 if "favicon" in self.path else 200)
        self.end_headers()

    def log_message(self, *args):
        """Nothing."""


@pytest.fixture
def allow(back):
    """allow(url) signs in there and says yes; what came back. In a thread of its own: Playwright's event loop stays there."""
    path, why_not = find_browser()
    if not path:
        pytest.skip(why_not)
    with ThreadPoolExecutor(1) as aside:
        yield lambda url: aside.submit(click_through, path, url, back).result(120)


def click_through(browser, url, back):
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=ARGUMENTS)
        page = chromium.new_page()
        page.goto(url)
        page.get_by_role("textbox", name="Password").fill("of the tests")
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("button", name="Authorize").click()
        page.wait_for_url(f"{back}**")
        query = urlsplit(page.url).query
        chromium.close()
    return {name: values[0] for name, values in parse_qs(query).items()}


@pytest.fixture
def channel(pds, allow, back, settings):
    settings.FETCH_ALLOW = ["localhost", "127.0.0.1"]
    alice = Visitor(newsroom.person(), "a session")
    asked = {"handle": pds["identifier"], "server": pds["url"]}
    url = connecting.begin(doors.get("bluesky", "oauth"), asked, Wish(), back, alice)
    return connecting.finish("bluesky", allow(url), alice)


def test_an_account_is_connected_by_signing_in_and_posts_with_a_bound_token(channel, pds):
    network, account = networks.get("bluesky"), channels.account(channel)
    assert (channel.account, "app_password" in account.credentials) == (pds["identifier"], False)
    draft = Draft(text="Навіны", link="", language="be", key="oauth", created_at=datetime.now(UTC))
    sent = network.publish(draft, account)
    assert isinstance(sent, Sent), sent
    assert isinstance(network.find(draft, account), Found)
    assert network.publish(draft, account) == sent
    assert isinstance(network.delete(sent.remote_id, account), Sent)
    renewed = network.renew(account)
    assert isinstance(renewed, Renewed), renewed
    assert renewed.credentials["refresh_token"] != account.credentials["refresh_token"]
    again = renewing.bound(account.credentials)  # a refresh token is good once
    assert isinstance(again, Refused), again
