"""Pages that tell of trouble to come, and of what is no more."""

from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch.articles.models import Article
from dispatch.social.models import Channel, Post


@pytest.fixture
def doomed(transactional_db):
    """A story of which two posts are scheduled on a channel whose token was revoked."""
    masto = newsroom.channel(account="@office@social.example")
    for minutes, story in ((9, newsroom.story("en", "be")), (90, newsroom.story("be"))):
        newsroom.post(masto, story, Post.State.SCHEDULED, due_at=timezone.now() + timedelta(minutes=minutes))
    Channel.objects.update(trouble="The access token was revoked", probed_at=timezone.now())
    return Post.objects.earliest("due_at").story


def test_home_health_and_the_story_tell_of_posts_that_will_not_go_out(visitor, alice, doomed):
    for name, path in {"home": "/", "health": "/operations/health/", "story": f"/stories/{doomed.pk}"}.items():
        visitor.look(f"risk-{name}", path)


@pytest.mark.parametrize("language", ["be", "ru"])
def test_a_letter_that_was_taken_back(visitor, language):
    office = newsroom.newsletter()
    one = newsroom.edition(office, newsroom.story("be", "ru"))
    Article.objects.update(state=Article.State.WITHDRAWN)
    visitor.look(f"gone-{language}", f"/e/{one.public_id}/{language}")
    assert visitor.page.locator("html").get_attribute("lang") == language
