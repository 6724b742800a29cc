"""What Health says of channels."""

from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch.operations import health
from dispatch.social.models import Channel, Post

pytestmark = pytest.mark.django_db


def test_a_channel_that_cannot_post_is_shown_with_the_posts_that_wait_for_it():
    newsroom.post(
        newsroom.channel(), newsroom.story("en"), Post.State.SCHEDULED, due_at=timezone.now() + timedelta(hours=3)
    )
    Channel.objects.update(trouble="the token was revoked.")
    (found,) = health.channels()
    assert found.state == "todo"
    assert found.words.startswith("the token was revoked. It will not post “A reading room opens beside the river” (")
    Channel.objects.update(trouble="")
    (found,) = health.channels()
    assert (found.state, found.words) == ("ok", "Mastodon, not asked yet.")
