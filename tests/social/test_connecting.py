"""Accounts are connected through their networks' own pages, by whoever began it, once, within ten minutes."""

import json
import logging
from urllib.parse import parse_qs, urlsplit

import httpx
import newsroom
import pytest
import time_machine
from django.core.cache import cache
from django.utils import timezone

from dispatch.accounts.models import AuditEntry
from dispatch.local.networks import signing_in
from dispatch.social import channels, connecting, doors, feedback, lateness, planning, programs, publishing
from dispatch.social.connecting import Choice, Visitor, Wish
from dispatch.social.doors.base import Identity, No
from dispatch.social.models import App, Channel, Counted, Post

pytestmark = pytest.mark.django_db
BACK = "http://dispatch.test/channels/connect/back/{}"


@pytest.fixture
def alice():
    return Visitor(newsroom.person(), "a session")


@pytest.fixture
def place(standins, settings):
    """Where the stand-ins are, and that the newsroom has a program at each."""
    settings.FETCH_ALLOW = [f"127.0.0.1:{standins.server_port}"]
    base = f"http://127.0.0.1:{standins.server_port}"
    for network in standins.speakers:
        programs.keep(network, programs.Program(f"{base}/{network}", "id", "secret"))
    return base


@pytest.fixture
def leave(place, alice):
    """leave("mastodon") begins; what the network's page sends back when its owner says yes, no, or is somebody else."""

    def go(network, answer="yes", *, who=alice, wish=None):
        door = doors.get(network, "oauth")
        asked = {"server": f"{place}/mastodon"}
        url = connecting.begin(door, asked, wish or Wish(), BACK.format(network), who)
        said = httpx.get(f"{url}&answer={answer}")
        address = urlsplit(said.headers["location"])
        assert f"{address.scheme}://{address.netloc}{address.path}" == BACK.format(network)
        return {name: values[0] for name, values in parse_qs(address.query).items()}

    return go


@pytest.mark.parametrize(("network", "account"), [("mastodon", "@office@social.example.org"), ("x", "@office")])
def test_an_account_is_connected_by_saying_yes(leave, alice, network, account):
    channel = connecting.finish(network, leave(network, wish=Wish(languages=["be"])), alice)
    assert (channel.account, channel.languages, channel.trouble) == (account, ["be"], "")
    assert channels.probe(channel).ok
    entry = AuditEntry.objects.latest("pk")
    assert (entry.act, entry.target) == ("channel.connect", f"channel:{channel.slug}")


def test_a_way_back_is_good_once(leave, alice):
    said = leave("mastodon")
    connecting.finish("mastodon", said, alice)
    with pytest.raises(No, match="used already"):
        connecting.finish("mastodon", said, alice)
    assert Channel.objects.count() == 1


def test_a_way_back_is_good_for_ten_minutes(leave, alice):
    said = leave("mastodon")
    with (
        time_machine.travel(timezone.now() + timezone.timedelta(seconds=601), tick=True),
        pytest.raises(No, match="ten minutes"),
    ):
        connecting.finish("mastodon", said, alice)


@pytest.mark.parametrize("forged", [{"state": "made-up"}, {"state": ""}, {}])
def test_a_forged_state_connects_nothing(leave, alice, forged):
    said = {name: value for name, value in leave("mastodon").items() if name != "state"}
    with pytest.raises(No):
        connecting.finish("mastodon", said | forged, alice)
    assert not Channel.objects.exists()


def test_a_way_back_is_for_the_session_and_the_person_that_began_it(leave, alice):
    """Who plants their own way back in somebody else's browser connects nothing there (RFC 6749 section 10.12)."""
    said, bob = leave("mastodon"), newsroom.person(name="Bob")
    for other in (Visitor(alice.user, "another session"), Visitor(bob, alice.session)):
        with pytest.raises(No, match="another session"):
            connecting.finish("mastodon", said, other)
    assert connecting.finish("mastodon", said, alice).pk  # and nobody else used it up


def test_a_way_back_of_one_network_is_none_of_another(leave, alice):
    with pytest.raises(No):
        connecting.finish("x", leave("mastodon"), alice)


def test_two_tabs_at_once_are_two_ways_back(leave, alice):
    first, second = leave("mastodon"), leave("mastodon", "other")
    assert connecting.finish("mastodon", second, alice).account == "@other@social.example.org"
    assert connecting.finish("mastodon", first, alice).account == "@office@social.example.org"
    assert {one.slug for one in Channel.objects.all()} == {
        "mastodon-officesocialexampleorg",
        "mastodon-othersocialexampleorg",
    }


def test_saying_no_is_told(leave, alice):
    with pytest.raises(No, match="You said no at Mastodon"):
        connecting.finish("mastodon", leave("mastodon", "no"), alice)


def test_a_code_that_the_network_refuses_is_told_in_its_words(leave, alice):
    with pytest.raises(No, match="The code is invalid, expired or revoked"):
        connecting.finish("x", leave("x") | {"code": "stolen"}, alice)
    assert not Channel.objects.exists()


def test_an_instance_is_told_of_us_once_and_anew_when_it_forgot(leave, alice):
    leave("mastodon")
    leave("mastodon")
    assert App.objects.filter(place__startswith="mastodon http").count() == 1
    with pytest.raises(No):
        connecting.finish("mastodon", leave("mastodon") | {"code": "stolen"}, alice)
    assert not App.objects.filter(place__startswith="mastodon http").exists()


@pytest.mark.parametrize(
    "typed", ["", "not a server", "office", "http://10.0.0.1", "https://127.0.0.1", "ftp://x.example"]
)
def test_what_is_no_public_instance_is_not_asked(settings, alice, typed):
    settings.FETCH_ALLOW = []
    with pytest.raises(No, match=r"Nothing was connected"):
        connecting.begin(doors.get("mastodon", "oauth"), {"server": typed}, Wish(), BACK, alice)


def test_without_a_program_nobody_is_sent_away(alice):
    with pytest.raises(No, match="an operator registers one first"):
        connecting.begin(doors.get("x", "oauth"), {}, Wish(), BACK, alice)


def test_the_same_account_twice_is_refused(leave, alice):
    connecting.finish("mastodon", leave("mastodon"), alice)
    with pytest.raises(No, match="connected already"):
        connecting.finish("mastodon", leave("mastodon"), alice)


def test_reconnecting_keeps_the_channel_its_queue_and_its_rules(leave, alice, make_article):
    channel = connecting.finish("mastodon", leave("mastodon", wish=Wish(languages=["en"])), alice)
    planning.plan(make_article())
    publish_in_vain(channel)
    (post,) = Post.objects.all()
    assert (post.state, publishing.due_posts()) == ("deferred", [])  # it waits, and is not rung in vain
    assert "waits until the channel is reconnected" in post.trouble
    again = connecting.finish("mastodon", leave("mastodon", wish=Wish(channel=channel.pk)), alice)
    assert (again.pk, again.slug, again.languages) == (channel.pk, channel.slug, ["en"])
    assert (again.trouble, again.refused_at) == ("", None)
    assert publishing.due_posts() == [post.pk]
    publishing.publish(post.pk)
    post.refresh_from_db()
    assert (post.state, AuditEntry.objects.latest("pk").act) == ("sent", "channel.reconnect")


def test_who_reconnects_may_have_given_what_numbers_of_posts_need(leave, alice, make_article):
    channel = connecting.finish("mastodon", leave("mastodon"), alice)
    planning.plan(make_article())
    Counted.objects.create(post=Post.objects.get(), after=feedback.MOMENTS[0], why_not="no permission", refused=True)
    assert feedback.refusal(channel)
    connecting.finish("mastodon", leave("mastodon", wish=Wish(channel=channel.pk)), alice)
    assert feedback.refusal(channel) is None


def test_what_is_late_by_then_is_for_an_editor(leave, alice, make_article):
    channel = connecting.finish("mastodon", leave("mastodon"), alice)
    planning.plan(make_article())
    publish_in_vain(channel)
    Post.objects.update(due_at=timezone.now() - timezone.timedelta(hours=2))
    connecting.finish("mastodon", leave("mastodon", wish=Wish(channel=channel.pk)), alice)
    lateness.put_by()
    assert Post.objects.get().state == "late"


def test_what_is_said_of_old_credentials_does_not_lock_new_ones_out(leave, alice):
    channel = connecting.finish("mastodon", leave("mastodon"), alice)
    Channel.objects.update(credentials=channels.sealed(channel.slug, {"access_token": "revoked"}))
    late = Channel.objects.get()  # a worker that asks with these, slowly
    connecting.finish("mastodon", leave("mastodon", wish=Wish(channel=channel.pk)), alice)
    channels.lock_out(late, "The access token is invalid")
    assert Channel.objects.get().refused_at is None
    assert channels.probe(late).ok
    assert Channel.objects.get().trouble == ""


def publish_in_vain(channel):
    """Its token was taken back meanwhile."""
    Channel.objects.update(credentials=channels.sealed(channel.slug, {"access_token": "revoked"}))
    publishing.publish(Post.objects.get().pk)


def test_another_account_is_refused_when_reconnecting(leave, alice):
    channel = connecting.finish("mastodon", leave("mastodon"), alice)
    before = bytes(Channel.objects.get().credentials)
    with pytest.raises(No, match="You signed in as @other@social"):
        connecting.finish("mastodon", leave("mastodon", "other", wish=Wish(channel=channel.pk)), alice)
    assert bytes(Channel.objects.get().credentials) == before


def test_a_refresh_token_is_kept_where_the_network_gives_no_new_one(connect, alice, monkeypatch):
    channel = connect("x")
    old = {"oauth2_token": "t", "refresh_token": "kept", "client_id": "id", "expires_at": "2099-01-01T00:00:00+00:00"}
    Channel.objects.update(credentials=channels.sealed("x", old))
    fresh = {"oauth2_token": "t2", "client_id": "id", "expires_at": "2099-01-01T00:00:00+00:00"}
    found = Identity(key="1", account="@office", server=channel.server, credentials=fresh)
    channel = connecting.admitting.keep("x", found, Wish(channel=channel.pk), alice.user)
    assert channels.opened(channel) == {**fresh, "refresh_token": "kept"}


def test_one_of_several_accounts_is_chosen(place, alice, leave, monkeypatch):
    door = doors.get("mastodon", "oauth")
    several = [
        Identity(
            key=str(number), account=f"@page{number}", server=f"{place}/mastodon", credentials={"access_token": "demo"}
        )
        for number in (1, 2)
    ]
    monkeypatch.setattr(type(door), "finish", lambda *_: several)
    chosen = connecting.finish("mastodon", leave("mastodon"), alice)
    assert isinstance(chosen, Choice)
    assert connecting.names("mastodon", chosen.token, alice) == ["@page1", "@page2"]
    assert connecting.names("mastodon", chosen.token, Visitor(alice.user, "another")) == []
    with pytest.raises(No, match="Choose one"):
        connecting.choose("mastodon", chosen.token, 2, alice)
    assert connecting.choose("mastodon", chosen.token, 1, alice).account == "@page2"
    with pytest.raises(No):
        connecting.choose("mastodon", chosen.token, 0, alice)


KEYS = {"consumer_key": "a", "consumer_secret": "b", "access_token": "1-c", "access_token_secret": "d"}
PASTED = {
    "bluesky": ("password", {"handle": "office.example.org", "app_password": "demo", "server": "{}/bluesky"}),
    "telegram": ("bot", {"token": "42:demo", "account": "@office"}),
    "x": ("keys", KEYS),
}


@pytest.mark.parametrize("network", PASTED)
def test_keys_are_tried_before_they_are_kept(place, alice, network):
    way, given = PASTED[network]
    given = {name: value.format(place) for name, value in given.items()}
    channel = connecting.paste(doors.get(network, way), given, Wish(name="Ours"), alice.user)
    assert (channel.slug, channel.name) == ("ours", "Ours")
    assert channel.identity
    assert channels.probe(channel).ok


@pytest.mark.parametrize(
    ("network", "way", "given", "words"),
    [
        ("x", "keys", KEYS | {"access_token": "no number"}, "no access token of X"),
        ("x", "keys", KEYS | {"consumer_key": " "}, "Missing: Consumer key"),
        ("telegram", "bot", {"token": "not a token", "account": "@office"}, "no bot's token"),
        ("bluesky", "password", {"handle": "office", "app_password": "p"}, "is no handle"),
        ("bluesky", "password", {"handle": "nobody.example.org", "app_password": "p"}, "Nobody is found behind"),
    ],
)
@pytest.mark.usefixtures("place")
def test_what_is_wrong_with_keys_is_said(alice, network, way, given, words):
    with pytest.raises(No, match=words):
        connecting.paste(doors.get(network, way), given, Wish(), alice.user)
    assert not Channel.objects.exists()


def test_secrets_are_in_no_log_row_or_entry(leave, alice, caplog):
    caplog.set_level(logging.DEBUG)
    said = leave("x")
    url_state = said["state"]
    channel = connecting.finish("x", said, alice)
    secrets = [value for value in channels.opened(channel).values() if len(value) > 4] + [url_state, said["code"]]
    heard = "".join(
        f"{record.getMessage()} {vars(record)}" for record in caplog.records if record.name.startswith("dispatch")
    )
    entries = json.dumps(list(AuditEntry.objects.values("act", "target", "reason")))
    assert secrets
    assert [one for one in secrets if one in heard or one in entries] == []
    assert signing_in.OTHER not in repr(connecting.Choice("t", ()))
    assert cache.get(f"connecting out x {url_state}") is None
