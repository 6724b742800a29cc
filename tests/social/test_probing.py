"""Proof of life: a channel that died is known in the morning, a post that cannot go out before its moment."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as some

from dispatch import clock, queue
from dispatch.social import channels, networks, planning, probing, ticks
from dispatch.social.models import Channel, Post
from dispatch.social.networks.base import Health

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def network(monkeypatch):
    """The network that goes nowhere; `health` is what it says, `asked` how often it was."""
    fake = networks.get("fake")
    fake.health, fake.asked = Health(ok=True), 0

    def probe(account):
        fake.asked += 1
        return fake.health

    monkeypatch.setattr(fake, "probe", probe)
    return fake


@pytest.fixture
def channel(network):
    return channels.connect("fake", name="Fake", network="fake", credentials={})


@pytest.fixture
def schedule(channel, make_article):
    """schedule(5 * MINUTE, "A title") plans a post for then."""

    def plan(wait, title="A reading room opens", **values):
        article = make_article(title)
        planning.plan(article)
        found = Post.objects.filter(article=article)
        found.update(due_at=timezone.now() + wait, rung_at=None, **values)
        return found.get()

    return plan


def asked_at(channel, moment):
    Channel.objects.filter(pk=channel.pk).update(probed_at=moment, rung_at=moment)


def test_a_channel_is_asked_once_a_night(channel, network):
    assert probing.due_channels() == [channel.pk]
    assert probing.due_channels() == []  # rung a moment ago
    probing.probe(channel.pk)
    probing.probe(channel.pk)  # the doorbell was doubled
    assert network.asked == 1
    asked_at(channel, probing.last_night(timezone.now()))
    assert probing.due_channels() == []
    asked_at(channel, probing.last_night(timezone.now()) - MINUTE)
    assert probing.due_channels() == [channel.pk]


def test_a_lost_doorbell_rings_again(channel):
    probing.due_channels()
    Channel.objects.update(rung_at=timezone.now() - probing.RING_AGAIN)
    assert probing.due_channels() == [channel.pk]


def test_after_trouble_a_channel_is_asked_within_the_hour_and_forgiven(channel, network):
    network.health = Health(ok=False, words="the token was revoked")
    probing.probe(channel.pk)
    channel.refresh_from_db()
    assert channel.trouble == "the token was revoked"
    assert probing.due_channels() == []
    asked_at(channel, timezone.now() - probing.AGAIN)
    assert probing.due_channels() == [channel.pk]
    network.health = Health(ok=True)
    probing.probe(channel.pk)
    channel.refresh_from_db()
    assert channel.trouble == ""


def test_a_channel_that_is_switched_off_is_left_alone(channel, network):
    Channel.objects.update(active=False)
    assert probing.due_channels() == []
    probing.probe(channel.pk)
    assert network.asked == 0


@given(
    moment=some.integers(0, 2 * 365 * 24 * 60).map(lambda minutes: datetime(2025, 1, 1, tzinfo=UTC) + minutes * MINUTE),
    zone=some.sampled_from(["Europe/Vilnius", "America/New_York", "Asia/Kolkata", "UTC"]),
)
def test_last_night_was_at_four_by_the_newsroom_s_clock_and_not_longer_ago_than_a_day(moment, zone):
    with timezone.override(ZoneInfo(zone)):
        night = probing.last_night(moment)
        assert timezone.localtime(night).time() == probing.NIGHT
        assert timedelta(0) <= moment - night < timedelta(hours=25)  # the day on which clocks go back


def test_a_post_whose_channel_died_is_known_before_its_moment(schedule, network):
    post = schedule(9 * MINUTE)
    network.health = Health(ok=False, words="the token was revoked")
    assert probing.posts_ahead() == [post.pk]
    assert probing.posts_ahead() == []
    probing.check(post.pk)
    (risk,) = probing.risks()
    assert (risk.why, risk.posts) == ("the token was revoked", (post,))
    assert risk.words.startswith("“A reading room opens” (")
    post.refresh_from_db()
    assert post.state == Post.State.SCHEDULED  # it is tried all the same


def test_a_post_is_looked_at_once_ten_minutes_before_its_moment_and_again_when_that_is_put_off(schedule, network):
    post = schedule(11 * MINUTE)
    assert probing.posts_ahead() == []
    Post.objects.update(due_at=timezone.now() + 9 * MINUTE)
    assert probing.posts_ahead() == [post.pk]
    probing.check(post.pk)
    Post.objects.update(rung_at=None)
    assert probing.posts_ahead() == []
    Post.objects.update(due_at=timezone.now() + 9 * MINUTE, checked_at=timezone.now() - 5 * MINUTE)
    assert probing.posts_ahead() == [post.pk]


def test_a_channel_is_asked_once_for_many_posts(schedule, network):
    for post in (schedule(8 * MINUTE), schedule(9 * MINUTE)):
        probing.check(post.pk)
    assert network.asked == 1


def test_a_text_that_no_longer_fits_is_told_in_the_network_s_words(schedule, network):
    post = schedule(5 * MINUTE, text="x" * 501)
    probing.check(post.pk)
    assert [risk.why for risk in probing.risks()] == ["501 characters, 500 fit"]
    Post.objects.update(text="short", checked_at=None)
    probing.check(post.pk)
    assert probing.risks() == []


def test_a_text_that_follows_its_article_is_looked_at_anew(schedule, make_article):
    post = schedule(5 * MINUTE)
    probing.check(post.pk)
    planning.plan(post.article)
    post.refresh_from_db()
    assert post.checked_at is None


def test_credentials_that_no_key_opens_are_trouble_of_the_channel(schedule, channel):
    post = schedule(5 * MINUTE)
    Channel.objects.update(credentials=b"\1" + b"x" * 40)
    probing.check(post.pk)
    (risk,) = probing.risks()
    assert "cannot be opened" in risk.why


def test_posts_at_risk_are_named_the_soonest_first_and_counted(schedule, channel):
    for number in range(5):
        schedule(timedelta(hours=5 - number), f"Story {number}")
    Channel.objects.update(active=False)
    (risk,) = probing.risks()
    assert risk.why == "the channel is switched off"
    assert [post.article.current.title for post in risk.posts] == [f"Story {number}" for number in (4, 3, 2, 1, 0)]
    assert risk.words.startswith("“Story 4” (")
    assert risk.words.endswith(", and 2 more")


def test_what_is_out_or_dropped_is_at_no_risk(schedule, channel):
    schedule(MINUTE, state=Post.State.SENT)
    schedule(MINUTE, state=Post.State.DROPPED)
    Channel.objects.update(trouble="the token was revoked")
    assert probing.risks() == []


def test_the_clock_rings_and_calls_no_network(schedule, channel, network, monkeypatch):
    post = schedule(5 * MINUTE)
    rung = []
    monkeypatch.setattr(queue, "enqueue", lambda *doorbell: rung.append(doorbell))
    clock.load()
    ticks.probe_channels()
    ticks.look_ahead()
    assert rung == [("social.probe_channel", channel.pk), ("social.check_post", post.pk)]
    assert network.asked == 0
