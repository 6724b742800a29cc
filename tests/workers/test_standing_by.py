"""A post is begun within a second of its moment also while the broker is away."""

import time
from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch import queue
from dispatch.social import networks, timing
from dispatch.social.models import Post
from dispatch.workers.standing_by import EVERY, StandingBy

pytestmark = pytest.mark.django_db


@pytest.fixture
def post():
    network = networks.get("fake")
    network.out, network.answer = {}, None
    return newsroom.post(on=newsroom.channel("fake", "fake"), about=newsroom.story("en"), state="draft")


@pytest.fixture
def broker(monkeypatch):
    """What it says when it is asked: nothing where all is well."""
    said = []
    monkeypatch.setattr(queue, "ping", lambda seconds: said[-1] if said else "")
    return said


def test_post_now_is_begun_within_a_second_without_a_broker(post, broker):
    broker.append("connection refused")
    assert timing.at(post.pk, timezone.now(), None) is timing.Placed.DONE
    standing, looks = StandingBy(), 0
    while not standing.look():
        looks += 1
        time.sleep(EVERY)
    post.refresh_from_db()
    assert post.state == "sent"
    assert looks * EVERY < 1, "of the second it waits for its doorbell, and no longer"


def test_where_there_are_doorbells_it_rings_and_leaves_publishing_to_who_hears(post, broker, monkeypatch):
    rung = []
    monkeypatch.setattr(queue, "enqueue", lambda task, *ids: rung.append(task))
    Post.objects.update(state="scheduled", due_at=timezone.now() - timedelta(seconds=2))
    assert StandingBy().look() == 0
    assert rung == ["social.publish_post"]
    post.refresh_from_db()
    assert post.state == "scheduled"


def test_what_is_planned_for_later_stays(post, broker):
    broker.append("connection refused")
    Post.objects.update(state="scheduled", due_at=timezone.now() + timedelta(seconds=2))
    assert StandingBy().look() == 0
