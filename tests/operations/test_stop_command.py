"""STOP from the command line, and what it says may still leave."""

import json
from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch import cli
from dispatch.accounts import stopping
from dispatch.accounts.models import AuditEntry
from dispatch.desk import halting
from dispatch.social.models import Post

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice():
    return newsroom.person("operator")


@pytest.fixture
def channel():
    return newsroom.channel("masto")


def dispatch(*arguments):
    return cli.main(list(arguments))


def test_everything_stops_and_goes_on(capsys, alice):
    assert dispatch("stop", "everything", "--reason", "A raid") == 0
    assert capsys.readouterr().out == "STOP. No mail and no post leaves. Nothing is on the wire.\n"
    assert dispatch("stop", "list") == 0
    assert "No mail and no post leaves.\tA raid" in capsys.readouterr().out
    assert dispatch("go", "everything", "--by", alice.email, "--reason", "It is over") == 0
    assert capsys.readouterr().out == "Lifted. What it held goes on.\n"
    assert not stopping.in_force().exists()
    assert [(entry.act, entry.who) for entry in AuditEntry.objects.order_by("pk")] == [
        ("stop.pull", None),
        ("stop.lift", alice),
    ]


def test_a_channel_stops_alone_and_what_is_being_posted_is_counted(capsys, channel):
    about = newsroom.story("en")
    soon = timezone.now() + timedelta(minutes=1)
    newsroom.post(on=channel, about=about, state="claimed", lease_until=soon)
    newsroom.post(on=newsroom.channel("other", "fake"), about=about, state="claimed", lease_until=soon)
    assert dispatch("stop", "channel", "masto", "--reason", "Taken over", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["may_leave"] == {"messages": 0, "posts": 1}
    assert [(stop.scope, stop.target) for stop in stopping.in_force()] == [("channel", channel.pk)]


def test_lifting_says_what_is_late_by_then_and_that_waits(capsys, channel, alice):
    dispatch("stop", "channel", "masto", "--reason", "Wait", "--by", alice.email)
    hour_ago = timezone.now() - timedelta(hours=1)
    newsroom.post(on=channel, about=newsroom.story("en"), state="scheduled", due_at=hour_ago, placed=True)
    capsys.readouterr()
    assert dispatch("go", "channel", "masto", "--reason", "It is ours again", "--by", alice.email) == 0
    assert capsys.readouterr().out == "Lifted. What it held goes on. Late, and waiting for somebody: 1 post.\n"
    assert Post.objects.get().state == "late"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("stop", "everything"), "say why, by --reason"),
        (("stop", "everything", "masto", "--reason", "Wait"), "nothing for everything"),
        (("stop", "channel", "--reason", "Wait"), "by its slug"),
        (("stop", "channel", "mastodon", "--reason", "Wait"), "there is no channel “mastodon”; there are: masto"),
        (("stop", "newsletter", "news", "--reason", "Wait"), "there are: none"),
        (("stop", "everything", "--reason", "Wait", "--by", "bob@example.org"), "an active account"),
        (("go", "everything", "--reason", "Go on"), "an active operator's account"),
        (("go", "everything", "--reason", "Go on", "--by", "alice@example.org"), "no STOP of this scope is in force"),
    ],
)
def test_what_cannot_be_done_is_told_and_nothing_is_changed(capsys, alice, channel, arguments, words):
    assert dispatch(*arguments) == 1
    assert words in capsys.readouterr().err
    assert not stopping.in_force().exists()
    assert not AuditEntry.objects.exists()


def test_the_words_count_mail_that_is_on_the_wire(alice):
    office = newsroom.newsletter(languages=["en"])
    newsroom.readers(office, en=2)
    newsroom.relay()
    send = newsroom.send(office, newsroom.story("en"))
    send.chunks.update(state="leased", lease_until=timezone.now() + timedelta(minutes=1))
    halted = halting.halt("newsletter", office.pk, alice, "wait")
    assert halted.words == "STOP. No mail of office leaves. At most 2 messages may still leave."
