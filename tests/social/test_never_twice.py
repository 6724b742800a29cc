"""Every network under a random course of failures: never two posts, and nothing is called done that is not."""

import contextlib
import os
import random
from datetime import timedelta
from unittest import mock

import connected
import pytest
from django.utils import timezone

from dispatch.social import networks, planning, publishing, resolving
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
        article = make_article()
        planning.plan(article)
        post = Post.objects.get(article=article)
        course = chance.choices([*FAULTS, ""], k=6)
        for fault in course:
            publish(post, fault, standins)
            let_time_pass()
            for number in resolving.due():
                resolving.resolve(number)
        publish(post, "", standins)
        post.refresh_from_db()
        out = [each for each in standins.store.posts(name) if each.link == article.url]
        assert len(out) <= 1, course
        assert post.state in {"sent", "unknown"}, course
        assert post.state == "unknown" or len(out) == 1, course
        assert post.state == "sent" or post.trouble, course
        if networks.get(name).replays:
            continue
        assert post.attempts.exclude(outcome="deferred").count() == 1, course
