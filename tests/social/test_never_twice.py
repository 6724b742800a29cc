"""Every network under a random course of failures: never two posts, and nothing is called done that is not."""

import contextlib
import os
import random
from datetime import timedelta
from unittest import mock

import connected
import pytest
from django.utils import timezone

from dispatch.social import channels, correcting, freezing, networks, planning, publishing, resolving
from dispatch.social.models import Attempt, Post

RUNS = int(os.environ.get("DISPATCH_CONTRACT_RUNS", "20"))
FAULTS = ("drop_before", "drop_after", "fail_before", "fail_after", "limit", "die")
pytestmark = pytest.mark.django_db


class Killed(Exception):
    pass


def publish(post, fault, standins):
    """One rung doorbell; with "die" the worker is killed as it makes the call."""
    if fault == "die":
        if claimed := publishing._claim(post.pk):
            network = networks.get(post.channel.network)
            with mock.patch.object(network, "publish", side_effect=Killed), contextlib.suppress(Killed):
                publishing._attempt(*claimed)
            Post.objects.filter(pk=post.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
        publishing.expire_claims()
        return
    if fault:
        standins.faults[post.channel.network].append((fault, 0))
    publishing.publish(post.pk)
    standins.faults[post.channel.network].clear()


def let_time_pass():
    earlier = timezone.now() - timedelta(minutes=11)
    Attempt.objects.filter(outcome="unknown").update(finished_at=earlier, started_at=earlier)
    Post.objects.filter(state="deferred").update(due_at=timezone.now())


@pytest.mark.parametrize("name", connected.NETWORKS)
def test_no_course_of_failures_makes_two_posts_or_loses_one_in_silence(name, standins, connect, make_article):
    connect(name)
    chance = random.Random(f"{name} never twice")
    for _ in range(RUNS):
        article = make_article(f"A reading room opens, {Post.objects.count()}")
        planning.plan(article)
        goes_through(Post.objects.get(article=article), chance.choices([*FAULTS, ""], k=6), standins)


@pytest.mark.parametrize("name", connected.NETWORKS)
def test_no_course_of_failures_makes_two_replies_or_loses_one_in_silence(name, standins, connect, make_article):
    """A further part of a thread, a first comment, a correction: what follows a post that is out."""
    channel = connect(name, settings={"threads": True})
    limits = networks.get(name).limits(channels.account(channel))
    if not (limits.threads or limits.comments):
        assert name == "apprise", "nothing follows anything there"
        return
    chance = random.Random(f"{name} never twice beneath")
    for number in range(max(1, RUNS // 4)):
        planning.plan(make_article())
        first = Post.objects.latest("pk")
        publishing.publish(first.pk)
        first.refresh_from_db()
        reply = correcting.reply(first.pk, None, "a wrong date", f"It opened on the {number + 1}st.")
        goes_through(reply, chance.choices([*FAULTS, ""], k=6), standins)


def goes_through(post, course, standins):
    """All of these failures, with time to look after each; then nothing is wrong any more."""
    for fault in course:
        publish(post, fault, standins)
        let_time_pass()
        for number in resolving.due():
            resolving.resolve(number)
    publish(post, "", standins)
    post.refresh_from_db()
    network = post.channel.network
    out = [each for each in standins.store.posts(network) if each.text == post.text]
    assert len(out) <= 1, course
    assert post.state in {"sent", "unknown"}, (course, post.trouble)
    assert post.state == "unknown" or len(out) == 1, course
    assert post.state == "sent" or post.trouble, course
    if not networks.get(network).replays(freezing.draft(post.attempts.latest("number"))):
        assert post.attempts.exclude(outcome="deferred").count() == 1, course
