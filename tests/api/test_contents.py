"""A program arranges a digest, words it, has it looked at, plans its test and begins a correction; people let it go."""

from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch.accounts.models import AuditEntry, Desk
from dispatch.api.tokens import Scope
from dispatch.articles.models import Article, Revision, Story
from dispatch.audience.models import Newsletter
from dispatch.delivery import ledger
from dispatch.editions import planning, rendering, subjects
from dispatch.editions.models import Correction, Edition, Preflight

pytestmark = pytest.mark.django_db
WHY = {"reason": "the plan changed"}
TEST = {"subjects": {"en": "What stands beside the river?"}, "share": 20, "wait": 60}


@pytest.fixture
def daily():
    return newsroom.newsletter("daily", cadence="daily", at="08:00")


@pytest.fixture
def three(daily):
    """Three stories that gather, the newest first."""
    now = timezone.now()
    return [planned(newsroom.story("en", published_at=now - timedelta(minutes=age))) for age in (1, 2, 3)]


@pytest.fixture
def digest(three):
    return Edition.objects.get(state="gathering")


def planned(story):
    for article in story.articles.all():
        planning.plan(article)
    return story.pk


def kind(answer):
    return answer.json()["type"].rpartition("/")[2]


def order(answer):
    return [one["story"] for one in answer.json()["stories"]]


def test_stories_are_ordered_dropped_and_picked(alice, digest, three):
    assert order(alice.get(f"/editions/{digest.pk}/contents")) == three
    assert order(alice.post(f"/editions/{digest.pk}/order", {"stories": [three[2]]})) == [three[2], three[0], three[1]]
    dropped = alice.post(f"/editions/{digest.pk}/drop", WHY | {"story": three[0], "for_good": True})
    assert order(dropped) == [three[2], three[1]]
    assert order(alice.post(f"/editions/{digest.pk}/pick", {"story": three[0]}))[-1] == three[0]
    acts = AuditEntry.objects.filter(act__startswith="edition.").order_by("pk")
    assert list(acts.values_list("act", "target", "via")) == [
        ("edition.bar_story", f"edition:{digest.pk}", f"token:{alice.token.pk} Screen"),
        ("edition.pick_story", f"edition:{digest.pk}", f"token:{alice.token.pk} Screen"),
    ]


def test_what_cannot_be_arranged_is_said(alice, digest, three):
    assert kind(alice.post(f"/editions/{digest.pk}/pick", {"story": three[0]})) == "exists"
    assert kind(alice.post(f"/editions/{digest.pk}/pick", {"story": 10**6})) == "invalid"
    assert kind(alice.post(f"/editions/{digest.pk}/pick", {"story": newsroom.story().pk})) == "invalid"
    assert kind(alice.post(f"/editions/{digest.pk}/drop", WHY | {"story": 10**6})) == "invalid"
    Edition.objects.update(state="rendered")
    assert kind(alice.post(f"/editions/{digest.pk}/order", {"stories": three})) == "too-late"


def test_who_may_not_see_a_story_cannot_pick_it(program, digest):
    held = newsroom.story("en")
    Story.objects.filter(pk=held.pk).update(embargo_until=timezone.now() + timedelta(minutes=1))
    bob = program("editor", Scope.ARRANGE, Scope.EDITIONS, name="Bob")
    refused = bob.post(f"/editions/{digest.pk}/pick", {"story": held.pk})
    assert refused.json()["errors"] == {"story": "there is none of this number"}


def test_words_name_the_version_they_were_written_upon(alice, digest):
    said = alice.get(f"/editions/{digest.pk}/words").json()
    assert [(one["language"], one["version"]) for one in said["items"]] == [("en", 0), ("be", 0), ("ru", 0)]
    path = f"/editions/{digest.pk}/words/en"
    made = alice.patch(path, {"version": 0, "subject": " A  room ", "intro": "Hello\r\n"})
    assert (made.json()["subject"], made.json()["intro"], made["ETag"]) == ("A room", "Hello", '"1"')
    stale = alice.patch(path, {"version": 0, "subject": "Another room"})
    assert (stale.status_code, kind(stale)) == (409, "stale")
    assert alice.patch(path, {"outro": "Bye"}, if_match=made["ETag"]).json()["intro"] == "Hello"
    assert alice.patch(path, {"outro": "Bye"}, if_match=made["ETag"]).status_code == 412
    assert alice.patch(path, {"outro": "Bye"}).status_code == 428
    assert alice.patch(f"/editions/{digest.pk}/words/de", {"version": 0}).status_code == 404
    Edition.objects.update(state="rendered")
    assert kind(alice.patch(path, {"version": 2, "intro": "Late"})) == "too-late"


def test_preflight_is_asked_for_and_read(alice, digest):
    found = alice.get(f"/editions/{digest.pk}/preflight").json()
    assert {"Subject", "Languages"} <= {one["what"] for one in found["findings"]}
    assert (found["looked_at"], found["under_way"]) == (None, False)
    assert alice.post(f"/editions/{digest.pk}/preflight").json()["under_way"]
    assert Preflight.objects.get().done_at is None
    Edition.objects.update(state="empty")
    assert alice.post(f"/editions/{digest.pk}/preflight").status_code == 409


def test_two_subjects_are_planned_and_clicks_noted(alice, digest, daily, monkeypatch):
    monkeypatch.setattr(subjects, "LEAST", 5)
    newsroom.readers(daily, en=80)
    newsroom.relay()
    path = f"/editions/{digest.pk}/subject-test"
    assert alice.get(path).json()["subjects"] == {}
    assert "subjects" in alice.post(path, TEST | {"subjects": {"de": "Wer?"}}).json()["errors"]
    assert alice.post(path, TEST).json()["share"] == 20
    Edition.objects.filter(pk=digest.pk).update(state="due")
    rendering.render(digest.pk)
    send = ledger.enlist(digest.pk)
    assert kind(alice.post(path, TEST)) == "too-late"
    readers = alice.get(path).json()["readers"]
    assert readers["a"] >= 5
    noted = alice.post(f"/sends/{send.pk}/clicks", WHY | {"a": 1, "b": 4})
    assert noted.json()["clicks"] == {"a": 1, "b": 4}
    too_many = alice.post(f"/sends/{send.pk}/clicks", WHY | {"a": readers["a"] + 1, "b": 0})
    assert set(too_many.json()["errors"]) == {"a"}


def test_a_correction_is_begun_by_a_program_and_sent_by_a_person(alice):
    newsroom.relay()
    office = newsroom.newsletter()
    newsroom.readers(office, en=2, be=1)
    story = newsroom.story("en", "be")
    edition = newsroom.send(office, story).edition
    article = Article.objects.get(story=story, language="en")
    told = {"number": 2, "title": "A room, closed", "updated_at": timezone.now(), "hash": b"i" * 32}
    article.current = Revision.objects.create(article=article, **told)
    article.save()
    made = alice.post(f"/editions/{edition.pk}/corrections", {"story": story.pk})
    assert made.status_code == 201
    draft = made.json()
    assert (draft["languages"], draft["readers"]) == (["en"], {})
    assert draft["hindrance"]
    assert alice.get(f"/corrections/{draft['edition']}").json() == draft
    words = alice.patch(f"/editions/{draft['edition']}/words/en", {"version": 0, "intro": "We were wrong."})
    assert words.status_code == 200
    assert kind(alice.post(f"/corrections/{draft['edition']}/send")) == "needs-a-person"
    assert Correction.objects.get().edition.state == "draft"
    assert alice.post(f"/corrections/{draft['edition']}/discard", WHY).status_code == 204
    assert alice.get(f"/corrections/{draft['edition']}").status_code == 404
    assert alice.post(f"/editions/{edition.pk}/corrections", {"story": 10**6}).status_code == 422


@pytest.mark.parametrize(
    ("method", "path", "said"),
    [
        ("post", "order", {"stories": []}),
        ("post", "pick", {"story": 1}),
        ("post", "drop", WHY | {"story": 1}),
        ("patch", "words/en", {"version": 0, "intro": "Hello"}),
        ("post", "preflight", {}),
        ("post", "subject-test", TEST),
        ("post", "corrections", {"story": 1}),
    ],
)
def test_another_desks_edition_is_read_and_not_touched(program, digest, method, path, said):
    Newsletter.objects.update(desk=Desk.objects.create(slug="culture", name="Culture"))
    bob = program("editor", Scope.ARRANGE, Scope.EDITIONS, name="Bob")
    bob.person.desks.set([Desk.objects.create(slug="news", name="News")])
    assert bob.get(f"/editions/{digest.pk}/contents").status_code == 200
    refused = bob.call(method, f"/editions/{digest.pk}/{path}", said)
    assert (refused.status_code, "Culture" in refused.json()["detail"]) == (403, True)


@pytest.mark.parametrize("act", ["send-now", "put-off", "move", "test-letters"])
def test_what_puts_mail_on_the_wire_takes_a_person(alice, digest, act):
    refused = alice.post(f"/editions/{digest.pk}/{act}")
    assert (kind(refused), refused.json()["desk"]) == (
        "needs-a-person",
        f"http://dispatch.test/editions/{digest.pk}",
    )
