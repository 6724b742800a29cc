"""An operator connects an account at a stand-in by clicking through, edits its slots, stops it, and reconnects it."""

import os
import threading

import newsroom
import pytest
import serving

from dispatch.local.networks import speakers
from dispatch.local.networks.server import Server
from dispatch.social import channels, programs
from dispatch.social.models import Channel, Post


@pytest.fixture(scope="module")
def server(django_db_setup, tmp_path_factory):
    """`dispatch web` as in the demo: it may ask what is on loopback, and people come back to where it is."""
    changes = {"DISPATCH_FETCH_ALLOW": "127.0.0.1", "DISPATCH_PUBLIC_URL": "http://127.0.0.1:{port}"}
    with serving.web(tmp_path_factory.mktemp("web"), **changes) as base:
        yield base


@pytest.fixture
def place(tmp_path):
    """The stand-in networks' address."""
    networks = Server(0, tmp_path / "posts.sqlite", speakers.SPEAKERS)
    threading.Thread(target=networks.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{networks.server_port}"
    networks.shutdown()
    networks.server_close()
    networks.store.connection.close()


@pytest.fixture
def abroad(visitor, place):
    """The networks' own pages are where somebody who connects an account goes; nothing else is."""
    yield
    visitor.strayed[:] = [url for url in visitor.strayed if not url.startswith((place, "https://x.com"))]


@pytest.mark.usefixtures("alice", "abroad")
def test_an_account_is_connected_changed_stopped_and_reconnected(visitor, page, place):
    visitor.look("channels-none", "/channels/")
    page.get_by_role("link", name="Connect a channel").click()
    visitor.look("connect")
    page.get_by_role("link", name="Sign in at your instance").click()
    page.get_by_label("Instance").fill("no server at all")
    page.get_by_role("button", name="Sign in at your instance").click()
    page.get_by_text("is no server's address").wait_for()
    page.get_by_label("Instance").fill(f"{place}/mastodon")
    page.get_by_label("Languages").fill("en")
    visitor.look("connect-way")
    page.get_by_role("button", name="Sign in at your instance").click()
    page.get_by_role("heading", name="On to Mastodon").wait_for()
    visitor.look("connect-leave")
    page.get_by_role("link", name="Go on to").click()
    page.get_by_role("link", name="Allow, as office").click()
    page.get_by_text("is connected, and can post").wait_for()
    channel = Channel.objects.get()

    page.get_by_label("Slots").fill("someday 9")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("is no day").wait_for()
    page.get_by_label("Slots").fill("mon-fri 09:00 13:30")
    page.get_by_label("Quiet hours").fill("22:00-07:00")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Changed: times.").wait_for()
    visitor.look("channel")
    assert channel.slots.count() == 10

    page.locator("summary", has_text="STOP").click()
    page.get_by_label("Why?").nth(1).fill("somebody else has our password")
    page.get_by_role("button", name="STOP").click()
    page.get_by_text("Nothing is on its way.").wait_for()
    visitor.look("channel-stopped")

    story = newsroom.story("en")
    newsroom.post(channel, story, Post.State.SCHEDULED)
    Channel.objects.update(credentials=channels.sealed(channel.slug, {"access_token": "revoked"}))
    page.get_by_role("button", name="Ask it now").click()
    page.get_by_text("It cannot post.").wait_for()
    visitor.look("channel-refused")
    visitor.look("channels", "/channels/")
    page.goto(f"/channels/{channel.slug}")
    page.get_by_role("link", name="Reconnect").click()
    page.get_by_role("button", name="Sign in at your instance").click()
    page.get_by_role("link", name="Go on to").click()
    page.get_by_role("link", name="Allow, as another account").click()
    page.get_by_text("You signed in as @other@social.example.org").wait_for()
    page.goto(f"/channels/{channel.slug}")
    page.get_by_role("link", name="Reconnect").click()
    page.get_by_role("button", name="Sign in at your instance").click()
    page.get_by_role("link", name="Go on to").click()
    page.get_by_role("link", name="Allow, as office").click()
    page.get_by_text("is connected, and can post").wait_for()
    channel.refresh_from_db()
    assert (channel.trouble, channel.slots.count(), channel.posts.count()) == ("", 10, 1)


@pytest.mark.usefixtures("alice", "abroad")
def test_a_program_is_registered_and_a_bot_connected_by_its_token(visitor, page, place):
    page.goto("/channels/connect/x/oauth")
    visitor.look("connect-program")
    page.get_by_label("Client ID").fill("id")
    page.get_by_role("button", name="Keep it").click()
    page.get_by_role("button", name="Sign in at X").wait_for()
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    programs.keep("telegram", programs.Program(f"{place}/telegram", ""))
    page.goto("/channels/connect/telegram/bot")
    page.get_by_label("The bot's token").fill("42:demo")
    page.get_by_label("Channel or group").fill("office")
    page.get_by_role("button", name="Connect a bot").click()
    page.get_by_text("is connected, and can post").wait_for()


@pytest.mark.usefixtures("alice", "abroad")
def test_of_linkedins_pages_one_is_chosen_and_reconnected(page, place):
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    programs.keep("linkedin", programs.Program(f"{place}/linkedin", "id", "secret"))
    page.goto("/channels/connect/linkedin/page")
    page.get_by_role("button", name="Sign in for a page").click()
    page.get_by_role("link", name="Go on to").click()
    page.get_by_role("link", name="Allow, as office").click()
    page.get_by_label("Office", exact=True).check()
    page.get_by_role("button", name="Connect it").click()
    page.get_by_text("is connected, and can post").wait_for()
    page.get_by_role("link", name="Reconnect", exact=True).click()
    page.get_by_role("button", name="Sign in for a page").click()
    page.get_by_role("link", name="Go on to").click()
    page.get_by_role("link", name="Allow, as office").click()
    page.get_by_text("is connected, and can post").wait_for()
    assert Channel.objects.get().account == "Office"
