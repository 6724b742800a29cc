"""Channels: editors see how each account is, operators change it."""

from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch.accounts import stopping, views
from dispatch.accounts.models import AuditEntry, Desk, Stop
from dispatch.social import admitting, channels, networks, programs
from dispatch.social.connecting import Wish
from dispatch.social.doors.base import Identity, No
from dispatch.social.models import App, Channel, Counted, Post
from dispatch.social.networks.base import Health

pytestmark = pytest.mark.django_db


@pytest.fixture
def masto():
    return newsroom.channel("masto", "fake", languages=["en"])


@pytest.fixture
def alice(client):
    """An operator."""
    return newsroom.signed_in(client)


def shown(answer):
    return " ".join(answer.content.decode().split())


def page(client, path="/channels/masto"):
    return shown(client.get(path))


def press(client, act, **fields):
    return shown(client.post(f"/channels/masto/do/{act}", {"reason": "we look into it", **fields}, follow=True))


RULES = {
    "name": "Ours",
    "languages": "be en",
    "topics": "culture, courts",
    "slots": "mon-fri 09:00",
    "quiet": "22:00-07:00",
}


def save(client, **changes):
    return client.post("/channels/masto/rules", {**RULES, "zone": "Europe/Warsaw", **changes}, follow=True)


def test_without_a_channel_the_page_says_what_to_do_first(alice):
    assert "No account is connected" in page(alice, "/channels/")
    assert 'href="/channels/connect/"' in page(alice, "/channels/")


def test_editors_see_and_change_nothing(client, masto):
    newsroom.signed_in(client, "editor")
    seen = page(client)
    assert "Mastodon" in seen
    assert "Ask it now" not in seen
    assert save(client).status_code == 403
    for act in ("probe", "off", "stop", "remove"):
        assert client.post(f"/channels/masto/do/{act}", {"reason": "because"}).status_code == 403
    for path in ("/channels/connect/", "/channels/connect/x/keys", "/channels/connect/back/x"):
        assert client.get(path).status_code == 403


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({}, "not asked yet"),
        ({"probed_at": timezone.now()}, "lives"),
        ({"trouble": "it is away"}, "in trouble"),
        ({"trouble": "revoked", "refused_at": timezone.now()}, "has to be reconnected"),
        ({"active": False}, "switched off"),
    ],
)
def test_a_channel_is_in_one_state(alice, masto, values, word):
    Channel.objects.update(**values)
    assert f">{word}</span>" in page(alice, "/channels/")
    assert f">{word}</span>" in page(alice)


def test_asking_it_now_says_what_it_says(alice, masto, monkeypatch):
    monkeypatch.setattr(
        networks.get("fake"), "probe", lambda _: Health(ok=False, words="the token was revoked", code="401")
    )
    assert "It cannot post. It says: the token was revoked." in press(alice, "probe")
    masto.refresh_from_db()
    assert masto.refused_at
    known = {"left": {"posts today": {"count": 23}}}
    monkeypatch.setattr(networks.get("fake"), "probe", lambda _: Health(ok=True, known=known))
    seen = press(alice, "probe")
    assert "It can post." in seen
    assert "<dt>Left: posts today</dt><dd>23</dd>" in seen
    masto.refresh_from_db()
    assert masto.refused_at is None


def test_what_is_not_counted_for_want_of_a_permission_is_said_in_the_networks_words(alice, masto):
    post = newsroom.post(masto, newsroom.story("en"))
    told = Counted.objects.create(post=post, after=timedelta(hours=1), why_not="it is not there any more")
    assert "not counted" not in page(alice)
    Counted.objects.filter(pk=told.pk).update(why_not="Not enough permissions", refused=True)
    assert "not counted: “Not enough permissions”" in page(alice)


def test_rules_are_saved_as_they_were_written(alice, masto):
    seen = shown(save(alice, on=["alt_optional", "made_up"]))
    assert "Changed: name, languages, topics, settings, times." in seen
    masto.refresh_from_db()
    assert (masto.name, masto.languages, masto.topics) == ("Ours", ["be", "en"], ["culture", "courts"])
    assert (masto.slots.count(), masto.zone, masto.settings) == (5, "Europe/Warsaw", {"alt_optional": True})
    assert 'value="mon,tue,wed,thu,fri 09:00"' in seen
    assert AuditEntry.objects.latest("pk").act == "channel.settings"
    assert "It was so already" in shown(save(alice, on=["alt_optional"]))
    assert AuditEntry.objects.filter(act="channel.settings").count() == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"slots": "mon"}, "“mon” names no time"),
        ({"slots": "someday 09:00"}, "is no day"),
        ({"quiet": "always"}, "are no hours"),
        ({"zone": "Vilnius"}, "is no time zone"),
        ({"languages": "belarusian!"}, "is no language"),
        ({"topics": "x" * 61}, "60 characters"),
        ({"name": " "}, "A channel has a name"),
    ],
)
def test_what_is_not_understood_is_said_and_changes_nothing_and_is_not_lost(alice, masto, changes, words):
    answer = save(alice, **changes)
    assert answer.status_code == 422
    assert words in shown(answer)
    assert "Nothing was changed." in shown(answer)
    for value in ({**RULES, **changes}).values():
        assert f'value="{value}"' in answer.content.decode()
    masto.refresh_from_db()
    assert (masto.name, masto.slots.count()) == ("Mastodon", 0)


def test_stop_says_what_may_still_appear_and_is_lifted_here(alice, masto):
    newsroom.post(masto, newsroom.story("en"), Post.State.CLAIMED)
    seen = press(alice, "stop")
    assert "STOP. Nothing is posted to Mastodon. At most 1 post may still appear." in seen
    assert ">STOP</span>" in seen
    assert "Somebody pulled it before you" in press(alice, "stop")
    assert Stop.objects.count() == 1
    assert "Lifted." in press(alice, "lift")
    assert not stopping.in_force().exists()
    assert "There was no STOP" in press(alice, "lift")


def test_every_act_asks_why(alice, masto):
    for act in ("off", "stop", "remove"):
        assert "Say why" in press(alice, act, reason="")
    masto.refresh_from_db()
    assert masto.active
    assert alice.post("/channels/masto/do/shout", {"reason": "because"}).status_code == 404


def test_switching_off_holds_what_waits(alice, masto):
    newsroom.post(masto, newsroom.story("en"), Post.State.SCHEDULED, due_at=timezone.now() + timedelta(hours=1))
    assert "Switched off." in press(alice, "off")
    assert "the channel is switched off" in page(alice, "/channels/")
    assert "Switched on." in press(alice, "on")


def test_removal_is_refused_while_posts_wait(alice, masto):
    newsroom.post(masto, newsroom.story("en"), Post.State.SCHEDULED)
    assert "It cannot be removed: first settle what waits there or is in doubt: 1 post." in page(alice)
    assert "Not removed: first settle" in press(alice, "remove")
    assert bytes(Channel.objects.get().credentials)


def test_removal_destroys_the_credentials_and_keeps_what_was_posted(alice, masto):
    story = newsroom.story("en")
    newsroom.post(masto, story)
    assert "its credentials are destroyed" in press(alice, "remove")
    masto.refresh_from_db()
    assert (bytes(masto.credentials), masto.active, masto.slug) == (b"", False, f"removed-{masto.pk}")
    assert alice.get(f"/channels/{masto.slug}").status_code == 404
    assert "No account is connected" in page(alice, "/channels/")
    assert "Mastodon" in page(alice, f"/stories/{story.pk}")
    assert AuditEntry.objects.latest("pk").act == "channel.remove"
    newsroom.channel("masto", "fake")  # its name is free again


def test_a_channel_that_never_posted_is_gone_altogether(alice, masto):
    press(alice, "remove")
    assert not Channel.objects.exists()


def test_home_says_once_that_a_permission_ends_and_before_which_posts(alice, masto):
    story = newsroom.story("en")
    newsroom.post(masto, story, Post.State.SCHEDULED, due_at=timezone.now() + timedelta(days=5))
    for days, shape in ((15, ""), (13, "later"), (2.9, "bad"), (0.5, "bad")):
        Channel.objects.update(expires_at=timezone.now() + timedelta(days=days))
        home = page(alice, "/")
        assert home.count("Reconnect Mastodon") == (1 if shape else 0), days
        assert f'href="/channels/masto"><span class="state {shape}">' in home or not shape
        assert ("before 1 scheduled post: “A reading room opens" in home) == (days < 5)
    Channel.objects.update(trouble="revoked", refused_at=timezone.now())
    assert "Reconnect Mastodon" not in page(alice, "/")
    assert page(alice, "/").count("revoked") == 1


def test_forms_show_no_secret_and_what_was_typed_is_kept(alice):
    given = {"consumer_key": "k-secret", "access_token": "not-one", "access_token_secret": "s-secret", "name": "Ours"}
    answer = alice.post("/channels/connect/x/keys", given | {"consumer_secret": "c-secret"})
    assert answer.status_code == 422
    seen = shown(answer)
    assert "That is no access token of X" in seen
    assert 'value="Ours"' in seen
    assert [secret for secret in ("k-secret", "c-secret", "s-secret", "not-one") if secret in seen] == []
    assert "is no language" in shown(alice.post("/channels/connect/x/keys", given | {"languages": "???"}))


def test_a_program_is_registered_once_sealed_and_never_shown(alice):
    form = page(alice, "/channels/connect/x/oauth")
    assert "http://dispatch.test/channels/connect/back/x" in form
    assert "tweet.write" in form
    assert "Missing: Client ID" in shown(
        alice.post("/channels/connect/x/oauth/program", {"client_id": ""}, follow=True)
    )
    given = {"client_id": "an-id-of-ours", "client_secret": "a-secret-of-ours"}
    seen = shown(alice.post("/channels/connect/x/oauth/program", given, follow=True))
    assert "Kept, sealed." in seen
    row = App.objects.get()
    stored = " ".join([seen, row.place, row.server, row.redirect, *AuditEntry.objects.values_list("reason", flat=True)])
    assert "-of-ours" not in stored
    assert b"-of-ours" not in bytes(row.secrets)
    assert AuditEntry.objects.latest("pk").act == "channel.program"


def test_linkedin_has_a_program_for_pages_and_one_for_persons(alice):
    assert "rw_organization_admin" in page(alice, "/channels/connect/linkedin/page")
    given = {"client_id": "of-pages", "client_secret": "s"}
    alice.post("/channels/connect/linkedin/page/program", given)
    assert "is registered. Change it" in page(alice, "/channels/connect/linkedin/page")
    form = page(alice, "/channels/connect/linkedin/person")
    assert "First, the newsroom’s program" in form
    assert "http://dispatch.test/channels/connect/back/linkedin" in form
    alice.post("/channels/connect/linkedin/person/program", given | {"client_id": "of-persons"})
    assert (programs.find("linkedin").id, programs.find("linkedin person").id) == ("of-pages", "of-persons")


def test_a_channel_is_reconnected_by_the_way_of_its_kind(alice):
    channel = newsroom.channel("office", "linkedin")
    Channel.objects.update(identity="urn:li:organization:1")
    shown = page(alice, f"/channels/{channel.slug}")
    assert "/reconnect/linkedin/page" in shown
    assert "/reconnect/linkedin/person" not in shown
    assert alice.get(f"/channels/{channel.slug}/reconnect/linkedin/page").status_code == 200
    assert alice.get(f"/channels/{channel.slug}/reconnect/linkedin/person").status_code == 404


def test_coming_back_with_nothing_is_told(alice):
    seen = shown(alice.get("/channels/connect/back/mastodon?state=forged&code=x", follow=True))
    assert "This way back is over" in seen
    assert "This way back is over" in shown(alice.get("/channels/connect/mastodon/choose/forged", follow=True))
    assert not Channel.objects.exists()


def test_unknown_doors_are_not_there(alice, masto):
    assert alice.get("/channels/connect/x/window").status_code == 404
    assert alice.get("/channels/masto/reconnect/x/keys").status_code == 404
    assert alice.get("/channels/nobody").status_code == 404


def test_credentials_are_on_no_page(alice):
    newsroom.channel("x", "x")
    Channel.objects.update(credentials=channels.sealed("x", {"oauth2_token": "a-token-of-ours"}))
    assert "a-token-of-ours" not in page(alice, "/channels/x") + page(alice, "/channels/x/reconnect/x/keys")


def test_who_is_of_one_desk_connects_for_it_and_reconnects_no_others(client, masto):
    operator = newsroom.person("operator", "Charlie")
    culture, sports = (Desk.objects.create(slug=slug, name=slug.capitalize()) for slug in ("culture", "sports"))
    operator.desks.add(culture)
    found = Identity(key="1", account="@office", credentials={"token": "t"})
    assert admitting.keep("fake", found, Wish(), operator).desk == culture
    Channel.objects.filter(pk=masto.pk).update(desk=sports)
    with pytest.raises(No, match="another desk"):
        admitting.keep("fake", found, Wish(channel=masto.pk), operator)
    client.force_login(operator, views.BACKEND)
    assert "An operator of the desk Sports changes this." in page(client)
