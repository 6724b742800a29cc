"""As a person LinkedIn lets few programs comment: a first comment is offered only where the newsroom says that it may."""

import newsroom
import pytest
from django.utils import timezone

from dispatch.local.networks import linkedin as stand_in
from dispatch.social import channels, composition, networks, planning, publishing, threads
from dispatch.social.models import Channel, Post
from dispatch.social.networks.base import Account
from dispatch.social.threads import Undoable

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(standins):
    """Her own profile, connected; `alice(token)` with another token."""

    def connected(token="self-serve", **settings):
        return channels.connect(
            "alice",
            name="Alice",
            network="linkedin",
            credentials={"author": stand_in.PERSON, "access_token": token},
            server=f"http://127.0.0.1:{standins.server_port}/linkedin",
            settings=settings,
            limits={"author": "person"},
        )

    return connected


@pytest.fixture
def post(make_article):
    """planned(channel): what is posted there of a new article."""

    def planned(channel):
        planning.plan(make_article())
        return Post.objects.get(channel=channel)

    return planned


def commented(post):
    threads.comment(post)
    comment = Post.objects.get(follows=post)
    comment.text = "Read it all on our site"
    comment.save()
    return comment


def publish(*posts):
    Post.objects.update(state=Post.State.SCHEDULED, due_at=timezone.now())
    for one in posts:
        publishing.publish(one.pk)
        one.refresh_from_db()


def test_a_page_has_first_comments_and_a_person_has_none(alice, connect, post):
    page = connect("linkedin", limits={"author": "organization"})
    channel = alice()
    planned = post(channel)
    line = {one.channel.pk: one for one in composition.lines(planned.story)}
    assert line[page.pk].takes_comment
    assert not line[channel.pk].takes_comment
    with pytest.raises(Undoable, match="This channel takes no comments"):
        threads.comment(planned)


def test_before_the_first_probe_the_credentials_tell(alice):
    channel = alice()
    channel.limits = {}
    assert not networks.get("linkedin").limits(channels.account(channel)).comments
    assert networks.get("linkedin").limits(Account(server="", name="", credentials={})).comments


def test_a_comment_from_before_is_refused_by_dispatch_itself_and_the_post_is_out(alice, post, standins):
    channel = alice(comments=True)
    first = post(channel)
    comment = commented(first)
    Channel.objects.update(settings={})
    publish(first, comment)
    assert (first.state, comment.state) == ("sent", "refused")
    assert "comments cannot be posted here" in comment.trouble
    assert len(standins.store.posts("linkedin")) == 1


def test_a_program_that_may_comments_as_the_person(alice, post, standins):
    first = post(alice(stand_in.FEED, comments=True))
    comment = commented(first)
    publish(first, comment)
    assert (first.state, comment.state) == ("sent", "sent")
    said = next(one for one in standins.store.posts("linkedin") if one.raw["comment_on"])
    assert (said.text, said.raw["comment_on"]) == (comment.text, first.remote_id)


def test_a_comment_that_linkedin_refuses_is_told_in_its_words_and_costs_nothing_else(alice, post, standins, client):
    channel = alice(comments=True)
    first = post(channel)
    comment = commented(first)
    publish(first, comment)
    assert (first.state, comment.state) == ("sent", "refused")
    assert comment.text == "Read it all on our site"
    assert "Not enough permissions to access: partnerApiSocialActions.CREATE" in comment.trouble
    channel.refresh_from_db()
    assert (channel.trouble, channel.refused_at) == ("", None)
    newsroom.signed_in(client, "editor")
    page = client.get(f"/stories/{first.story_id}").content.decode()
    assert "Not enough permissions to access" in page
