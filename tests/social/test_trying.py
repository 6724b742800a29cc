"""A test message goes out once, only when somebody asks, and what came of it is said and kept."""

import newsroom
import pytest

from dispatch.accounts import stopping, views
from dispatch.accounts.models import AuditEntry, Stop
from dispatch.social import trying

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(client):
    user = newsroom.person()
    client.force_login(user, views.BACKEND)
    return user


def press(client, reason="is it still there?"):
    answer = client.post("/channels/apprise/do/test", {"reason": reason}, follow=True)
    return " ".join(answer.content.decode().split())


def arrived(standins):
    return [post.text for post in standins.store.posts("apprise")]


def test_it_arrives_once_and_the_page_says_so(client, alice, connect, standins):
    connect("apprise")
    assert "Send a test" in client.get("/channels/apprise").content.decode()
    assert arrived(standins) == []
    assert "Sent, and the service took it." in press(client)
    assert arrived(standins) == [trying.TEXT]
    entry = AuditEntry.objects.get(act="channel.test")
    assert (entry.who, entry.reason) == (alice, "is it still there?: sent")


def test_without_a_reason_nothing_is_sent(client, alice, connect, standins):
    connect("apprise")
    press(client, reason="")
    assert arrived(standins) == []


def test_what_nobody_can_know_is_said(client, alice, connect, standins):
    connect("apprise")
    standins.faults["apprise"].append(("fail_after", 0))
    assert "Nobody knows whether it arrived:" in press(client)
    assert AuditEntry.objects.get(act="channel.test").reason.endswith(": unknown")


def test_a_stop_holds_it(client, alice, connect, standins):
    channel = connect("apprise")
    stopping.stop(Stop.Scope.CHANNEL, channel.pk, alice, "a wrong address")
    assert "Not sent: the channel is stopped or switched off." in press(client)
    assert arrived(standins) == []


def test_networks_that_can_be_asked_send_none(client, alice, connect, standins):
    connect("telegram")
    assert "Send a test" not in client.get("/channels/telegram").content.decode()
    client.post("/channels/telegram/do/test", {"reason": "try it"}, follow=True)
    assert standins.store.posts("telegram") == []
