"""What a page asks of the database does not grow with what stands on it."""

import newsroom
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dispatch.editions.models import Edition
from dispatch.social.models import Post

pytestmark = pytest.mark.django_db
NETWORKS = ("mastodon", "x", "bluesky", "telegram", "facebook", "instagram", "threads", "linkedin", "apprise")


@pytest.fixture
def office():
    return newsroom.newsletter()


def told(office, *networks, state=Post.State.SCHEDULED):
    """A story with an edition and a post on each of these networks."""
    story = newsroom.story("en", "be")
    Edition.objects.create(
        newsletter=office, slot=f"story:{story.pk}", state="rendered", due_at=story.created_at
    ).stories.create(newsletter=office, story=story)
    for network in networks:
        newsroom.post(newsroom.channel(f"{network}-{story.pk}", network), story, state)
    return story


def cost(client, path):
    client.get(path)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(path).status_code == 200
    return [one["sql"] for one in asked.captured_queries]


def same(before, after):
    """Said with the statements that came on top, so that a failure shows which."""
    assert len(after) == len(before), "\n".join(sorted(set(after) - set(before)))


@pytest.mark.parametrize("state", [Post.State.SCHEDULED, Post.State.SENT])
@pytest.mark.parametrize("page", ["", "/changes", "/feedback"])
def test_a_story_with_nine_posts_costs_what_one_post_does(client, office, page, state):
    newsroom.signed_in(client)
    few, many = told(office, "mastodon", state=state), told(office, *NETWORKS, state=state)
    same(cost(client, f"/stories/{few.pk}{page}"), cost(client, f"/stories/{many.pk}{page}"))


@pytest.mark.parametrize("path", ["/", "/stories/", "/channels/", "/newsletters/", "/posts/late"])
def test_a_list_costs_the_same_however_long_it_is(client, office, path):
    newsroom.signed_in(client)
    told(office, "mastodon")
    before = cost(client, path)
    for _ in range(6):
        told(office, *NETWORKS[:3])
    same(before, cost(client, path))
