"""People of the newsroom are told each thing once, in one message, with the network's words and the way there."""

from datetime import timedelta

import newsroom
import pytest
import time_machine
from django.utils import timezone

from dispatch import queue, vault
from dispatch.accounts import stopping
from dispatch.accounts.models import AuditEntry, Stop
from dispatch.articles.models import Story
from dispatch.delivery.models import Send
from dispatch.desk import happening, telling
from dispatch.desk.models import Notice, Target, Told
from dispatch.social.models import Change, Channel, Post

pytestmark = pytest.mark.django_db
LATER = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def rung(monkeypatch):
    rung = []
    monkeypatch.setattr("dispatch.queue.enqueue", lambda *what: rung.append(what))
    return rung


@pytest.fixture
def masto():
    return newsroom.channel()


@pytest.fixture
def story():
    return newsroom.story("en")


@pytest.fixture
def target():
    return add()


def add(name="Night desk", **wishes):
    wishes = {"kinds": list(happening.KINDS)} | wishes
    return telling.add(name, "mail", "alice@example.org", None, "so that someone hears", **wishes)


def look_twice():
    """New things are written down; a minute later they go."""
    telling.look()
    telling.look(timezone.now() + LATER)


def refuse(masto, story, **fields):
    return newsroom.post(masto, story, "refused", trouble="Text is too long 422", **fields)


def names():
    return sorted(thing.name.split(":")[0] + ":" + thing.kind for thing in happening.now())


def test_a_refusal_is_told_with_the_networks_words_and_the_way_there(target, masto, story, settings, rung):
    post = refuse(masto, story)
    look_twice()
    notice = Notice.objects.get()
    assert notice.text == (
        "A post on Mastodon “A reading room opens beside the river” was refused. Text is too long 422\n"
        f"{settings.PUBLIC_URL}/stories/{story.pk}#post-{post.pk}"
    )
    assert rung == [("upkeep.send_notice", notice.pk)]


def test_it_is_told_once_however_often_the_clock_looks(target, masto, story):
    refuse(masto, story)
    for _ in range(4):
        look_twice()
    assert Notice.objects.count() == 1


def test_each_target_is_told(target, masto, story):
    add("Bob")
    refuse(masto, story)
    look_twice()
    assert set(Notice.objects.values_list("target__name", flat=True)) == {"Night desk", "Bob"}


def test_a_storm_is_one_message(target, masto):
    for _ in range(40):
        refuse(masto, newsroom.story("en"))
    look_twice()
    notice = Notice.objects.get()
    assert notice.told.count() == 40
    assert notice.text.count("was refused") == telling.SHOWN
    assert "And 15 more: " in notice.text


def test_a_thing_waits_for_others_before_it_goes(target, masto, story):
    refuse(masto, story)
    telling.look()
    assert not Notice.objects.exists()


def test_what_was_over_before_anyone_heard_is_not_told(target, masto, story):
    Channel.objects.update(trouble="the token was revoked")
    telling.look()
    Channel.objects.update(trouble="")
    look_twice()
    assert not Notice.objects.exists()
    assert not Told.objects.exists()


def test_what_comes_again_after_it_was_over_is_told_again(target, masto):
    for _ in range(2):
        Channel.objects.update(trouble="the token was revoked")
        look_twice()
        Channel.objects.update(trouble="")
        look_twice()
    assert Notice.objects.count() == 2
    assert not Told.objects.filter(over_at=None).exists()


def test_what_hovers_at_its_limit_is_told_once_and_again_if_it_comes_back_another_day(target, monkeypatch):
    share = happening.Thing("returned:hard:1:main", "returned", "Gmail by main: 5.1% …", "/operations/health/")
    begin = timezone.now()

    def look(hours, *things):
        monkeypatch.setattr(happening, "now", lambda: list(things))
        telling.look(begin + timedelta(hours=hours))
        telling.look(begin + timedelta(hours=hours) + LATER)

    for hours in range(0, 48, 4):
        look(hours, share)
        look(hours + 2)
    assert Notice.objects.count() == 1
    look(71, share)
    assert Notice.objects.count() == 2


def test_of_what_was_told_twice_within_the_day_the_later_goes_on(target, monkeypatch):
    now, share = timezone.now(), happening.Thing("returned:hard:1:main", "returned", "Gmail by main: 5.1% …", "/")
    about = {"target": target, "thing": share.name, "kind": share.kind, "words": share.words, "path": share.path}
    for hours in (2, 1):
        Told.objects.create(**about, over_at=now - timedelta(hours=hours))
    monkeypatch.setattr(happening, "now", lambda: [share])
    telling.look(now)
    earlier, later = Told.objects.order_by("pk")
    assert (earlier.over_at, later.over_at) == (now - timedelta(hours=2), None)


def test_a_failed_refresh_each_hour_is_one_message(target, masto):
    for hour in range(5):
        Channel.objects.update(trouble=f"refused for the {hour}th time")
        look_twice()
    assert Notice.objects.count() == 1


def test_a_target_is_told_what_it_chose(masto, story):
    add(kinds=["stop"])
    add("By language", languages=["be"])
    refuse(masto, story)
    look_twice()
    assert not Notice.objects.exists()
    stopping.stop("everything", None, None, "a leak")
    look_twice()
    assert Notice.objects.count() == 2


def test_quiet_hours_hold_what_can_wait(masto, story):
    add(quiet_from="22:00", quiet_to="07:00")
    with time_machine.travel("2026-12-01T23:30:00+02:00", tick=False):
        Post.objects.all().delete()
        refuse(masto, story)
        look_twice()
        assert not Notice.objects.exists()
        stopping.stop("everything", None, None, "a leak")
        look_twice()
        assert "STOP. No mail and no post leaves. a leak" in Notice.objects.get().text
        assert "refused" not in Notice.objects.get().text
    with time_machine.travel("2026-12-02T07:00:00+02:00", tick=False):
        look_twice()
        assert Notice.objects.count() == 2


@pytest.mark.parametrize(
    ("start", "end", "quiet"),
    [("22:00", "07:00", True), ("07:00", "22:00", False), ("23:00", "23:00", False), (None, None, False)],
)
def test_hours_may_go_over_midnight(start, end, quiet):
    target = add(quiet_from=start, quiet_to=end)
    target.refresh_from_db()
    with time_machine.travel("2026-12-01T23:30:00+02:00"):
        assert telling.is_quiet(target, timezone.now()) is quiet


def test_a_story_under_embargo_is_not_named(target, masto, story):
    Story.objects.update(embargo_until=timezone.now() + timedelta(days=1))
    refuse(masto, story)
    look_twice()
    assert "reading room" not in Notice.objects.get().text


def test_an_address_in_a_networks_words_is_masked(target, masto):
    Channel.objects.update(trouble="unknown recipient charlie@example.org")
    look_twice()
    assert "charlie" not in Notice.objects.get().text


def test_everything_that_can_go_wrong_has_a_name(masto, story):
    now = timezone.now()
    newsroom.relay()
    office = newsroom.newsletter()
    newsroom.readers(office, en=2)
    send = newsroom.send(office, story)
    assert names() == []
    newsroom.post(masto, story, "unknown", due_at=now - timedelta(minutes=20))
    newsroom.post(newsroom.channel("x", "x"), story, "late", trouble="more than six hours late")
    newsroom.post(newsroom.channel("bluesky", "bluesky"), story, "scheduled", due_at=now - timedelta(minutes=20))
    out = newsroom.post(newsroom.channel("telegram", "telegram"), story)
    Change.objects.create(post=out, act="delete", state="unknown", due_at=now)
    assert names() == ["change:post_failed", "post:post_late", "post:post_late", "post:post_unknown"]
    Post.objects.all().delete()
    send.edition.__class__.objects.update(state="late", due_at=now)
    assert names() == ["edition:edition_late"]
    send.edition.__class__.objects.update(state="rendered")
    Channel.objects.filter(slug="masto").update(expires_at=now + timedelta(days=2))
    assert names() == ["channel:channel"]
    Channel.objects.update(expires_at=None)
    for values, name in [
        ({"state": "paused"}, "send:paused"),
        ({"state": "paused", "trouble": "one in twenty was refused"}, "send:edition_held"),
        ({"state": "unbalanced"}, "send:edition_failed"),
    ]:
        Send.objects.filter(pk=send.pk).update(**{"trouble": ""} | values)
        assert names() == [name]
    Send.objects.update(state="finished")
    send.edition.__class__.objects.update(state="failed", trouble="a template", due_at=now)
    assert names() == ["edition:edition_failed"]
    send.edition.__class__.objects.update(state="rendered")
    stop = stopping.stop("channel", masto.pk, None, "a leak")
    assert names() == ["stop:stop"]
    stopping.lift(stop.pk, None, "over")
    assert [thing.words for thing in happening.now()] == ["A STOP was lifted. It said: Nothing is posted to Mastodon."]
    Stop.objects.update(lifted_at=now - timedelta(days=2))
    assert names() == []


def test_a_channel_that_ends_names_the_posts_at_risk_and_the_way_there_and_again_on_its_last_day(target, masto, story):
    now = timezone.now()
    newsroom.post(masto, story, "scheduled", due_at=now + timedelta(days=3))
    Channel.objects.update(expires_at=now + timedelta(days=2))
    look_twice()
    said = Notice.objects.get().text
    assert "before 1 scheduled post: “A reading room opens beside the river”" in said
    assert said.endswith("/channels/masto")
    Channel.objects.update(expires_at=now + timedelta(hours=20))
    look_twice()
    assert Notice.objects.count() == 2


def test_a_broker_that_is_away_is_told(target, monkeypatch):
    monkeypatch.setattr(queue.app.conf, "broker_write_url", "redis://127.0.0.1:1")
    look_twice()
    assert "The broker does not answer: mail and posts wait until it does." in Notice.objects.get().text


def test_its_address_is_sealed_and_removing_it_forgets_it(target):
    assert b"alice" not in bytes(target.address)
    assert vault.unseal(bytes(target.address), f"target:{target.pk}:address") == "alice@example.org"
    telling.remove(target, None, "she left")
    assert not Target.objects.exists()
    assert list(AuditEntry.objects.values_list("act", flat=True)) == ["telling.add", "telling.remove"]


def test_what_was_told_long_ago_is_forgotten(target, masto, story):
    refuse(masto, story)
    look_twice()
    Post.objects.all().delete()
    telling.look()
    Notice.objects.update(made_at=timezone.now() - timedelta(days=91))
    Told.objects.update(over_at=timezone.now() - timedelta(days=91))
    telling.forget()
    assert not Notice.objects.exists()
    assert not Told.objects.exists()
