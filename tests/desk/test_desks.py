"""Who is limited to a desk sees everything and acts on what is theirs: each act's address is walked, new ones too."""

from datetime import date, time

import newsroom
import pytest
from django.core import serializers
from django.urls import URLPattern, get_resolver, reverse

from dispatch import cli
from dispatch.accounts import desks, permissions, stopping, views
from dispatch.accounts.models import AuditEntry, Desk, Stop
from dispatch.articles.models import Source, Story, WebhookDelivery
from dispatch.audience import letters as written
from dispatch.audience.models import Letter, Newsletter
from dispatch.delivery.models import Send
from dispatch.desk import urls as desk_urls
from dispatch.desk.models import Decision
from dispatch.editions.models import Edition
from dispatch.operations import urls as operations_urls
from dispatch.social.models import Change, Channel, Post, Recurrence

pytestmark = pytest.mark.django_db
UNBOUND = {
    "export_ask": "a list's way out is the operators', whoever's newsletter it is",
    "export_take": "likewise",
    "export_act": "likewise",
    "sign_out_all": "people are the administrators'",
    "person_act": "likewise",
    "lost_factor": "anybody may say that they lost theirs",
    "lost_factor_stop": "its owner stops it",
    "lost_factor_act": "people are the administrators'",
    "domains_look": "a domain is the whole newsroom's",
    "items_act": "the form says which: see tests/operations/items/test_items.py",
    "sweep_stop": "the act says whose readers: see tests/operations/test_sweeping.py",
    "relay_pace": "a relay is the whole newsroom's",
    "relay_test": "likewise",
    "relay_act": "likewise",
    "telling_add": "where people are told is the whole newsroom's",
    "telling_act": "likewise",
    "calendar_clock": "it is kept in one's own browser",
    "calendar_new": "the form says the channel: see test_calendar_acts.py",
    "bulk": "a look plans nothing",
    "bulk_plan": "a file says the channels: each line of another desk's is a problem",
    "bulk_results": "likewise",
    "reader": "a reader is not a desk's",
    "connect_way": "an account that is yet to be connected is nobody's",
    "connect_choose": "likewise",
    "connect_register": "a program at a network is the whole newsroom's",
    "composer_here": "it says who has a page open, and changes nothing of a desk's",
    "composer_leave": "likewise",
    "edition_here": "likewise",
    "edition_leave": "likewise",
}
"""Acts that no desk owns, and why. Everything else that takes a POST must refuse who is of another desk."""
ACTS = {
    "edition_act": ["retry", "send-now", "late-now", "with-next", "leave-out"],
    "late_act": ["now", "slots", "drop"],
    "send_act": ["pause", "resume", "rest", "keep", "missing", "cancel"],
    "post_act": ["now", "at", "slot", "drop"],
    "queue_post_act": ["retry", "drop"],
    "webhook_act": ["retry", "drop"],
    "letters_act": ["retry", "drop"],
    "mail_act": ["retry", "drop"],
    "post_change": ["edit", "delete", "correct", "let-be"],
    "edition_settle": ["corrected", "let-be"],
    "channel_act": ["probe", "on", "off", "stop", "lift", "remove", "test"],
}
SAID = {"reason": "I want it", "moment": "2027-01-05T10:00", "went_out": "yes", "scope": "everything:", "text": "Other"}


def addresses():
    return [one for one in [*desk_urls.urlpatterns, *operations_urls.urlpatterns] if isinstance(one, URLPattern)]


@pytest.fixture
def world(alone):
    """A story that the culture desk mails and posts, with something of everything that can be acted upon."""
    culture = Desk.objects.create(slug="culture", name="Culture")
    newsroom.relay()
    office = newsroom.newsletter(desk=culture)
    newsroom.readers(office, en=2)
    story = newsroom.story("en")
    send = newsroom.send(office, story)
    post = newsroom.post(on=newsroom.channel("office", desk=culture), about=story, state="unknown")
    stop = stopping.stop("newsletter", office.pk, None, "a test")
    rule = Recurrence.objects.create(post=post, first=date(2027, 1, 5), at=time(10), zone="UTC")
    known = {"story_id": story.pk, "edition_id": send.edition_id, "send_id": send.pk, "post_id": post.pk}
    written.write("confirm", office, "en", "charlie@example.org")
    said = {"body_hash": b"", "event": "published", "due_at": post.due_at, "did": "failed"}
    webhook = WebhookDelivery.objects.create(source=Source.objects.get(), delivery_id="msg_1", **said)
    change = Change.objects.create(post=post, act="delete", state="refused", due_at=post.due_at)
    known["channel_id"] = post.channel_id
    return known | {
        "change_id": change.pk,
        "stop_id": stop.pk,
        "number": rule.pk,
        "state": "deferred",
        "kind": "welcome",
        "language": "en",
        "slug": "office",
        "network": "mastodon",
        "way": "oauth",
        "letters_act": {"kind": "confirm"},
        "webhook_act": {"number": webhook.pk},
    }


@pytest.fixture
def alone(monkeypatch):
    monkeypatch.setattr("dispatch.queue.enqueue", lambda *_: None)


@pytest.fixture
def bob(client, alone):
    """May do anything, on the sports desk."""
    one = newsroom.person("administrator", "Bob")
    one.desks.add(Desk.objects.create(slug="sports", name="Sports"))
    client.force_login(one, views.BACKEND)
    return one


def everything():
    tables = [Post, Change, Decision, Recurrence, Send, Edition, Story, Newsletter, Channel, Stop, AuditEntry]
    tables += [Letter, WebhookDelivery]
    return [serializers.serialize("json", table.objects.order_by("pk")) for table in tables]


def asked(pattern, world):
    """Each way to press what an address offers."""
    wanted = pattern.pattern.converters
    world = world | world.get(pattern.name, {})
    for act in ACTS.get(pattern.name, ["any"]) if "act" in wanted else [""]:
        known = {name: world.get(name, 1) for name in wanted if name != "act"}
        yield reverse(pattern.name, kwargs=known | ({"act": act} if act else {}))


@pytest.mark.parametrize("pattern", addresses(), ids=lambda one: one.name)
def test_bob_of_another_desk_changes_nothing(client, bob, world, pattern):
    if pattern.name in UNBOUND:
        return
    before = everything()
    for path in asked(pattern, world):
        answer = client.post(path, SAID | {"post": world["post_id"]})
        assert answer.status_code in {403, 405}, f"{path} answers {answer.status_code}: desks.insist is missing there"
        if answer.status_code == 403:
            assert "another desk (Culture)" in answer.content.decode(), path
    assert everything() == before


def test_what_is_unbound_still_exists():
    assert {one.name for one in addresses()} >= set(UNBOUND) | set(ACTS)
    assert get_resolver().reverse_dict


@pytest.mark.parametrize("name", ["home", "stories", "story", "edition_page", "unknown_posts", "queue"])
def test_bob_sees_what_is_not_his(client, bob, world, name):
    known = {"story": [world["story_id"]], "edition_page": [world["edition_id"]]}.get(name, [])
    page = client.get(reverse(name, args=known))
    assert page.status_code == 200
    assert f"/posts/{world['post_id']}/settle" not in page.content.decode()
    assert f"/sends/{world['send_id']}/do/" not in page.content.decode()


def test_who_is_of_that_desk_acts(client, bob, world):
    bob.desks.set([Desk.objects.get(slug="culture")])
    client.post(f"/posts/{world['post_id']}/settle", {"reason": "I saw it", "went_out": "yes"})
    assert Post.objects.get().state == "sent"


def test_what_is_nobodys_is_everybodys(bob, world):
    Channel.objects.update(desk=None)
    assert desks.may_touch(bob, Channel.objects.get())
    assert not desks.may_touch(bob, Channel.objects.get(), Newsletter.objects.get())


def test_an_approver_agrees_only_at_home(client, bob, world):
    assert permissions.may(bob, "approver")
    answer = client.post(f"/sends/{world['send_id']}/approve", {"reason": "fine", "seen": ""})
    assert answer.status_code == 403


def test_bob_chooses_among_what_is_his(bob, world):
    own = newsroom.channel("x", "x", desk=Desk.objects.get(slug="sports"))
    shared = newsroom.channel("bluesky", "bluesky")
    assert set(desks.visible(bob, Channel.objects.all())) == {own, shared}
    assert Post.objects.count() == 1
    assert not desks.visible(bob, Post.objects.all(), "channel__desk").exists()
    bob.desks.clear()
    assert desks.visible(bob, Channel.objects.all()).count() == 3


def test_an_administrator_gives_a_person_desks(client, bob, world):
    charlie = newsroom.person("editor", "Charlie")
    page = client.get("/people/").content.decode()
    assert 'value="culture"' in page
    told = client.post(
        f"/people/{charlie.pk}/do/desks", {"desk": ["culture", "sports"], "reason": "moved"}, follow=True
    ).content.decode()
    assert "Done" in told
    assert desks.of(charlie) == set(Desk.objects.values_list("pk", flat=True))
    assert AuditEntry.objects.get(act="account.desks").reason == "culture, sports. moved"
    assert client.post(f"/people/{charlie.pk}/do/desks", {"desk": "x", "reason": "moved"}).status_code == 404
    assert len(desks.of(charlie)) == 2
    client.post(f"/people/{bob.pk}/do/desks", {"reason": "mine"})
    assert desks.of(bob)


def test_the_terminal_adds_desks_and_limits_people(alone, capsys):
    assert cli.main(["desk", "add", "culture", "--name", "Culture"]) == 0
    assert cli.main(["user", "add", "charlie@example.org", "--desk", "culture"]) == 0
    assert cli.main(["desk", "list"]) == 0
    assert "culture\tCulture\tcharlie@example.org" in capsys.readouterr().out
    assert cli.main(["user", "desks", "charlie@example.org"]) == 0
    assert not Desk.objects.get().people.exists()
    assert cli.main(["user", "desks", "charlie@example.org", "--desk", "nowhere"]) == 1
    assert "there is no desk nowhere" in capsys.readouterr().err
    office = newsroom.newsletter()
    assert cli.main(["newsletter", "set", "office", "--desk", "culture"]) == 0
    office.refresh_from_db()
    assert office.desk == Desk.objects.get()
    assert cli.main(["newsletter", "set", "office", "--desk", ""]) == 0
    office.refresh_from_db()
    assert office.desk is None
    assert cli.main(["desk", "add", "no good"]) == 1
