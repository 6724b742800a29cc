"""A channel whose network this Dispatch does not know breaks no page: it is shown, with what to do about it."""

import newsroom
import pytest

from dispatch.operations import health
from dispatch.social import channels, publishing
from dispatch.social.models import Channel, Post

pytestmark = pytest.mark.django_db


@pytest.fixture
def lost():
    """Connected by another version of Dispatch."""
    newsroom.channel("lost", "fake", languages=["en"])
    Channel.objects.update(network="gone")
    return Channel.objects.get()


@pytest.fixture
def alice(client):
    return newsroom.signed_in(client)


@pytest.fixture
def story(lost):
    """With one post that waits and one that is out."""
    one = newsroom.story("en")
    newsroom.post(lost, one, state=Post.State.SCHEDULED)
    newsroom.post(lost, newsroom.story("en"))
    return one


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/channels/",
        "/channels/lost",
        "/calendar/",
        "/stories/{}",
        "/stories/{}/compose",
        "/stories/{}/changes",
        "/stories/{}/feedback",
        "/posts/late",
        "/posts/unknown",
    ],
)
def test_no_page_breaks(alice, story, path):
    assert alice.get(path.format(story.pk)).status_code == 200


def test_the_channel_is_named_for_what_it_is_and_its_page_says_what_to_do(alice, lost):
    assert "Unknown network (gone)" in alice.get("/channels/").content.decode()
    seen = alice.get("/channels/lost").content.decode()
    assert "unknown network" in seen
    assert "Bring back the version of Dispatch that knew it" in seen
    (said,) = health.channels()
    assert (said.state, "gone" in said.words) == ("todo", True)


def test_nothing_is_posted_there_and_the_reason_stays_with_the_post(story, lost):
    assert not channels.probe(lost).ok
    post = Post.objects.get(story=story)
    publishing.publish(post.pk)
    post.refresh_from_db()
    assert post.state == "refused"
    assert "knows no network “gone”" in post.trouble


def test_it_can_be_switched_off_and_removed(alice, lost):
    assert alice.post("/channels/lost/do/off", {"reason": "nobody knows it"}, follow=True).status_code == 200
    alice.post("/channels/lost/do/remove", {"reason": "nobody knows it"}, follow=True)
    assert not Channel.objects.exists()
