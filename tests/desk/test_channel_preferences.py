"""What a newsroom wants of a channel is set on its page, judged before it is kept, and written down with who set it."""

import newsroom
import pictures
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from dispatch.accounts.models import AuditEntry
from dispatch.social import channels, drafting, freezing, networks, preferences, standing_in
from dispatch.social.models import Channel, Post

pytestmark = pytest.mark.django_db
RULES = {"name": "Ours", "languages": "", "topics": "", "slots": "", "quiet": "", "zone": ""}


@pytest.fixture
def alice(client):
    """An operator."""
    return newsroom.signed_in(client)


def save(client, **changes):
    return client.post("/channels/ours/rules", {**RULES, **changes}, follow=True)


def seen(client):
    return " ".join(client.get("/channels/ours").content.decode().split())


def settings():
    return Channel.objects.get(slug="ours").settings


@pytest.mark.parametrize("network", sorted(networks.registry))
def test_each_switch_of_each_network_is_on_the_page_and_kept_when_it_is_pressed(alice, network):
    newsroom.channel("ours", network)
    switches = [one for one in preferences.of(network) if one.reads is None]
    for one in switches:
        assert f'value="{one.key}"' in seen(alice)
    save(alice, on=[one.key for one in switches])
    assert settings() == {one.key: True for one in switches}
    save(alice)
    assert settings() == {}


def test_counting_on_x_says_what_it_costs_and_is_not_on_by_itself(alice):
    ours = newsroom.channel("ours", "x")
    assert "at most $0.025 a post" in seen(alice)
    assert not ours.settings.get("counts")


@pytest.mark.parametrize(
    ("network", "key", "good", "wrong"),
    [
        ("bluesky", "appview", "https://view.example.org", ("view.example.org", "is no address")),
        ("bluesky", "appview", "https://view.example.org", ("https://a:b@view.example.org", "is no address")),
        ("bluesky", "appview", "https://view.example.org", ("ftp://view.example.org", "is no address")),
        ("linkedin", "version", "202601", ("202613", "is no version")),
    ],
)
def test_a_text_is_judged_and_what_is_wrong_changes_nothing_and_is_not_lost(alice, network, key, good, wrong):
    bad, words = wrong
    newsroom.channel("ours", network)
    assert save(alice, **{f"of-{key}": good}).status_code == 200
    assert settings() == {key: good}
    assert AuditEntry.objects.latest("pk").act == "channel.settings"
    answer = save(alice, **{f"of-{key}": bad})
    assert (answer.status_code, words in answer.content.decode()) == (422, True)
    assert f'value="{bad}"' in answer.content.decode()
    assert settings() == {key: good}
    save(alice)
    assert settings() == {}


def test_a_channel_that_pins_pins_unless_an_editor_says_otherwise():
    ours = newsroom.channel("ours", "telegram")
    post = newsroom.post(ours, newsroom.story("en"), Post.State.DRAFT)
    assert not freezing.as_it_stands(post).settings.get("pin")
    Channel.objects.update(settings={"pin": True})
    post = Post.objects.get()
    assert freezing.as_it_stands(post).settings["pin"] is True
    assert drafting.as_typed(post).settings == {"pin": True}
    post.settings = {"pin": False}
    assert freezing.as_it_stands(post).settings["pin"] is False
    post.settings, post.place = {}, 1
    assert "pin" not in freezing.as_it_stands(post).settings


def picture(content=pictures.JPEG):
    return SimpleUploadedFile("room.jpg", content, "image/jpeg")


def keep(client, **fields):
    answer = client.post("/channels/ours/picture", {"alt": "Alice reads", **fields}, follow=True)
    return " ".join(answer.content.decode().split())


def test_the_standing_picture_is_kept_from_the_page_and_described(alice):
    ours = newsroom.channel("ours", "instagram")
    assert "as long as there is none, such a post is not published" in seen(alice)
    assert "Choose a picture. Nothing was changed." in keep(alice)
    assert "Say what is to be seen" in keep(alice, file=picture(), alt=" ")
    assert "cannot be taken" in keep(alice, file=picture(b"no picture"))
    assert settings() == {}
    assert "Kept." in keep(alice, file=picture())
    ours.refresh_from_db()
    assert standing_in.kept_by(ours)[1] == "Alice reads"
    keep(alice, alt="Bob reads")
    ours.refresh_from_db()
    assert standing_in.kept_by(ours)[1] == "Bob reads"
    assert AuditEntry.objects.filter(act="channel.picture").count() == 2
    save(alice, on=["alt_optional"])  # the other settings leave it alone
    ours.refresh_from_db()
    assert standing_in.kept_by(ours) is not None


def test_only_operators_keep_a_picture(client):
    newsroom.channel("ours", "instagram")
    newsroom.signed_in(client, "editor")
    assert client.post("/channels/ours/picture", {"alt": "x", "file": picture()}).status_code == 403


def test_what_else_the_settings_hold_is_kept():
    ours = newsroom.channel("ours", "x")
    ours.settings = {"made_by_hand": 1, "threads": True}
    assert preferences.read(ours, frozenset({"counts", "unheard"}), {}) == {"made_by_hand": 1, "counts": True}
    assert channels.unopened(ours).settings == ours.settings
