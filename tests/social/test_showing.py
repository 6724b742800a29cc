"""Pictures that networks fetch, and posts that cannot go without one."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.utils import timezone
from pictures import JPEG, jpeg

from dispatch import fetching
from dispatch.social import channels, media, networks, planning, publishing, showing, standing_in
from dispatch.social.models import Channel, Media, Post
from dispatch.social.networks import instagram

WHOLE = [0.5, 0.5]


def shown(content=JPEG):
    return showing.address({"media": media.take(content).pk, "focus": WHOLE}, instagram.LIMITS)


@pytest.mark.django_db
def test_a_picture_is_shown_as_its_network_wants_it_to_whoever_has_the_address(client):
    answer = client.get(urlsplit(shown(jpeg(600, 100))).path)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    assert (answer["Cache-Control"], answer["X-Robots-Tag"]) == ("no-store", "noindex")
    assert not answer.cookies
    drawn = media.take(answer.content)
    assert 0.8 <= drawn.width / drawn.height <= 1.91


@pytest.mark.django_db
def test_an_address_says_nothing_and_serves_only_its_own_picture_for_an_hour(client, monkeypatch):
    path = urlsplit(shown()).path
    assert path != urlsplit(shown()).path, "the same picture has another address each time"
    for wrong in (path[:-3] + "abc", "/shown/x", "/shown/" + "A" * 200, path + "A"):
        assert client.get(wrong).status_code == 404
    assert client.post(path).status_code == 405
    later = timezone.now() + timedelta(seconds=showing.SECONDS + 1)
    monkeypatch.setattr(showing.timezone, "now", lambda: later)
    assert client.get(path).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_instagram_fetches_it_from_us(connect, standins, make_article, live_server, settings):
    connect("instagram")
    settings.PUBLIC_URL = live_server.url
    planning.plan(make_article())
    publishing.publish(Post.objects.get().pk)
    assert Post.objects.get().state == "sent", Post.objects.get().trouble
    kept = next(one for one in standins.store.pictures("instagram") if one.kind == "photo")
    assert kept.content == bytes(Media.objects.get().content)
    assert kept.alt == "Alice reads by the window"


def planned(make_article, **about):
    article = make_article()
    for name, value in about.items():
        setattr(article.current, name, value)
    article.current.save()
    planning.plan(article)
    return Post.objects.get()


@pytest.mark.django_db
def test_the_articles_own_picture_comes_first_with_its_description(connect, make_article, monkeypatch):
    connect("instagram")
    own = jpeg(90, 90)
    monkeypatch.setattr(fetching, "fetch", lambda address, **_: fetching.Fetched(200, address, own))
    post = planned(make_article, picture_url="https://office.example.org/1.jpg", picture_alt="Bob at the door")
    (picture,) = post.media.all()
    assert (picture.media.width, picture.alt) == (90, "Bob at the door")
    planning.plan(post.article)
    assert post.media.count() == 1


@pytest.mark.django_db
def test_a_picture_that_stands_in_is_kept_for_as_long_as_its_channel_wants_it(connect, make_article):
    channel = connect("instagram")
    Media.objects.update(created_at=timezone.now() - timedelta(days=60))
    assert media.forget() == 0
    post = planned(make_article)
    assert post.media.get().alt == "Alice reads by the window"
    post.media.all().delete()
    Channel.objects.filter(pk=channel.pk).update(settings={})
    assert media.forget() == 1


@pytest.mark.django_db
def test_without_any_picture_the_post_says_what_it_lacks(connect, make_article):
    channel = connect("instagram")
    Channel.objects.filter(pk=channel.pk).update(settings={})
    post = planned(make_article)
    publishing.publish(post.pk)
    post.refresh_from_db()
    assert (post.state, post.trouble) == ("refused", "a picture is needed here")


@pytest.mark.django_db
def test_other_networks_posts_are_left_as_they_are(connect, make_article):
    channel = connect("telegram")
    standing_in.keep(channel, JPEG, "Alice reads")
    assert planned(make_article).media.count() == 0
    assert networks.get("telegram").limits(channels.unopened(channel)).pictures_needed == 0
