"""How a post is taken is asked of its network a few times, in public numbers; never who."""

import http.server
import threading
from datetime import timedelta

import connected
import pytest
from django.utils import timezone

from dispatch.accounts import stopping
from dispatch.social import channels, feedback, networks, planning, publishing
from dispatch.social.models import Channel, Counted, Post
from dispatch.social.networks import publicly
from dispatch.social.networks.base import Account, CannotTell, Counting, Counts, NotAllowed

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def fake(fake, monkeypatch):
    said = []
    monkeypatch.setattr(fake, "counts", lambda *_: said.pop(0) if said else Counts(1, 2, 3), raising=False)
    fake.said = said
    channels.connect("fake", name="Fake", network="fake", credentials={})
    return fake


@pytest.fixture
def sent(fake, make_article):
    planning.plan(make_article())
    post = Post.objects.get()
    publishing.publish(post.pk)
    return post


def pass_time(length):
    Post.objects.update(sent_at=timezone.now() - length)


def kept():
    return list(Counted.objects.values_list("after", "replies", "likes", "reposts"))


def test_it_is_asked_once_at_each_moment(sent):
    assert feedback.due() == []
    for moment in feedback.MOMENTS:
        pass_time(moment)
        assert feedback.due() == [sent.pk]
        feedback.count(sent.pk)
        feedback.count(sent.pk)
        assert feedback.due() == []
    assert kept() == [(moment, 1, 2, 3) for moment in feedback.MOMENTS]
    pass_time(feedback.LATEST + HOUR)
    assert feedback.due() == []


def test_moments_that_nobody_asked_at_are_passed_over(sent):
    pass_time(timedelta(days=2))
    feedback.count(sent.pk)
    assert [row[0] for row in kept()] == [timedelta(days=1)]


def test_why_a_network_does_not_say_is_kept(sent, fake):
    fake.said.append(CannotTell("it is not there any more"))
    pass_time(HOUR)
    feedback.count(sent.pk)
    assert Counted.objects.get().why_not == "it is not there any more"


@pytest.fixture
def two(sent, make_article):
    """Two posts of one channel, both out."""
    planning.plan(make_article())
    other = Post.objects.exclude(pk=sent.pk).get()
    publishing.publish(other.pk)
    return sent, other


def test_a_network_that_lets_a_channel_see_nothing_is_not_asked_of_its_other_posts_for_a_day(two, fake):
    first, second = two
    fake.said += [NotAllowed("no permission"), Counts(1, 2, 3)]
    pass_time(HOUR)
    for post in two:
        feedback.count(post.pk)
    assert list(Counted.objects.order_by("post").values_list("why_not", "refused")) == [
        ("no permission", True),
        ("no permission", False),
    ]
    assert len(fake.said) == 1
    assert feedback.refusal(first.channel) == first.counted.get()
    Counted.objects.update(asked_at=timezone.now() - feedback.PATIENCE)
    pass_time(timedelta(days=1))
    feedback.count(second.pk)
    assert second.counted.last().likes == 2
    assert feedback.refusal(first.channel) is None


def test_a_channel_that_is_connected_again_may_see_more_than_before(two, fake):
    fake.said.append(NotAllowed("no permission"))
    pass_time(HOUR)
    for post in two:
        feedback.count(post.pk)
    channels.connect("fake", name="Fake", network="fake", credentials={})
    assert feedback.refusal(Channel.objects.get()) is None
    pass_time(timedelta(hours=6))
    feedback.count(two[1].pk)
    assert two[1].counted.last().likes == 2


def test_a_refusal_of_numbers_is_no_trouble_of_the_channel(two, fake):
    fake.said.append(NotAllowed("no permission"))
    pass_time(HOUR)
    feedback.count(two[0].pk)
    channel = Channel.objects.get()
    assert (channel.trouble, channel.refused_at, channel.active) == ("", None, True)
    assert feedback.due() == [two[1].pk]


@pytest.mark.parametrize("scope", ["everything", "channel"])
def test_a_stop_holds_this_too(sent, scope):
    pass_time(HOUR)
    stopping.stop(scope, None if scope == "everything" else Channel.objects.get().pk, None, "a leak")
    feedback.count(sent.pk)
    assert kept() == []


def test_a_channel_that_cannot_be_opened_says_so(sent):
    Channel.objects.update(credentials=b"of a lost key")
    pass_time(HOUR)
    feedback.count(sent.pk)
    assert Counted.objects.get().why_not


def test_what_is_not_out_is_not_asked_about(sent):
    pass_time(HOUR)
    Post.objects.update(state="gone")
    feedback.count(sent.pk)
    assert feedback.due() == []
    assert kept() == []


COUNTING = {
    "x": (0, 0, 0),
    "mastodon": (0, 0, 0),
    "bluesky": (0, 0, 0),
    "facebook": (0, 0, 0),
    "instagram": (0, 0, None),  # no word of reposts
    "threads": (0, 0, 0),
    "linkedin": (0, 0, 0),
}


@pytest.mark.parametrize("name", connected.NETWORKS)
def test_each_network_says_or_says_that_it_does_not(name, connect, make_article, standins):
    connect(name)
    Channel.objects.update(settings={"counts": True})
    planning.plan(make_article())
    post = Post.objects.get()
    publishing.publish(post.pk)
    pass_time(HOUR)
    assert feedback.tells(name) is (name in COUNTING)
    feedback.count(post.pk)
    is_out = name != "instagram"  # it takes nothing without a picture; test_meta.py counts one
    assert (Post.objects.get().state == "sent") is is_out
    assert kept() == ([(HOUR, *COUNTING[name])] if name in COUNTING and is_out else [])


def test_x_is_not_asked_where_nobody_allowed_what_it_costs(connect):
    channel = connect("x")
    network = networks.get("x")
    assert isinstance(network, Counting)
    assert network.counts("12", channels.account(channel)) == CannotTell(publicly.COSTS)


@pytest.mark.parametrize("name", sorted(COUNTING))
def test_a_post_that_is_gone_or_a_silent_network_cannot_tell(name, connect, standins):
    channel = connect(name)
    channel.settings = {"counts": True}
    network, account = networks.get(name), channels.account(channel)
    assert isinstance(network.counts("999", account), CannotTell)
    away = Account(
        server="http://127.0.0.1:9",
        name="",
        credentials=account.credentials,
        settings={"counts": True},
    )
    assert isinstance(network.counts("999", away), CannotTell)


def test_numbers_that_are_none_are_not_said():
    said = {"replyCount": 3, "likeCount": "many", "repostCount": -1, "x": True}
    assert publicly.of(said, replies="replyCount", likes="likeCount", reposts="repostCount") == Counts(replies=3)
    assert publicly.of(said, replies="x") == Counts()


@pytest.mark.parametrize("body", [b"[]", b"{}", b"<html>", b'{"posts": null}'])
def test_a_view_that_answers_nonsense_cannot_tell(body):
    class Says(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Says)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    account = Account(
        server="", name="", credentials={}, settings={"appview": f"http://127.0.0.1:{server.server_port}"}
    )
    assert isinstance(publicly.bluesky("at://x/app.bsky.feed.post/1", account), CannotTell)
    server.shutdown()
    server.server_close()
