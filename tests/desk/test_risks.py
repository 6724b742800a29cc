"""Posts that will not go out are told before their moment."""

from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch.social.models import Channel, Post

pytestmark = pytest.mark.django_db


def shown(client, path):
    return " ".join(client.get(path).content.decode().split())


@pytest.fixture
def alice(client):
    return newsroom.signed_in(client, "editor")


def test_home_names_the_posts_that_will_not_go_out_and_the_story_says_why(alice):
    masto, room = newsroom.channel(), newsroom.story("en")
    newsroom.post(masto, room, Post.State.SCHEDULED, due_at=timezone.now() + timedelta(minutes=9))
    assert "will not" not in shown(alice, "/")
    Channel.objects.update(trouble="the token was revoked")
    page = shown(alice, "/")
    assert "Mastodon will not post “A reading room opens beside the river” (" in page
    assert page.count("the token was revoked") == 1
    story = shown(alice, f"/stories/{room.pk}")
    assert '<span class="state bad">will not go out: the token was revoked</span>' in story


def test_trouble_of_a_channel_without_posts_can_wait(alice):
    newsroom.channel()
    Channel.objects.update(trouble="the token was revoked")
    assert "Mastodon: the token was revoked" in shown(alice, "/")
