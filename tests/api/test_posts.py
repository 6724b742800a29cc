"""A program writes, plans and takes back posts as its person could at the desk."""

from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch.accounts.models import AuditEntry
from dispatch.api.tokens import Scope
from dispatch.social.models import Media, Post, Slot

pytestmark = pytest.mark.django_db
WHY = {"reason": "the plan changed"}


@pytest.fixture
def masto():
    return newsroom.channel()


@pytest.fixture
def story():
    return newsroom.story("en", "be")


@pytest.fixture
def draft(masto, story):
    return newsroom.post(on=masto, about=story, state="draft")


def test_a_draft_is_made_by_the_template_and_stays_one(alice, masto, story):
    made = alice.post("/posts", {"story": story.pk, "channel": "masto"})
    assert made.status_code == 201
    said = made.json()
    assert (said["state"], said["language"], said["version"]) == ("draft", "en", 1)
    assert newsroom.TITLES["en"] in said["text"]
    assert made["ETag"] == '"1"'
    assert said["problems"] == []


def test_a_program_is_told_of_another_post_that_says_nearly_the_same(alice, masto, story, draft):
    moment = timezone.now() + timedelta(days=1)
    there = newsroom.post(on=masto, about=newsroom.story("en"), state="scheduled", due_at=moment, text=draft.text)
    assert alice.post(f"/posts/{draft.pk}/schedule", {"at": moment.isoformat()}).json()["alike"] == there.pk
    there.delete()
    assert alice.get(f"/posts/{draft.pk}").json()["alike"] is None


def test_a_draft_in_another_language_of_the_story(alice, masto, story):
    said = alice.post("/posts", {"story": story.pk, "channel": "masto", "language": "be", "text": "Чытальня"}).json()
    assert (said["language"], said["text"]) == ("be", "Чытальня")
    assert said["link"].startswith("https://office.example.org/be/")


def test_a_channel_has_one_post_of_a_story(alice, draft, story):
    again = alice.post("/posts", {"story": story.pk, "channel": "masto"})
    assert again.status_code == 409
    assert str(draft.pk) in again.json()["detail"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"story": 10**6}, "story"),
        ({"channel": "nowhere"}, "channel"),
        ({"language": "fr"}, "language"),
        ({"media": [{"id": 10**6}]}, "media"),
        ({"colour": "red"}, "colour"),
        ({"text": "a\0b"}, "text"),
    ],
)
def test_what_is_wrong_is_named_by_its_field_and_nothing_is_made(alice, masto, story, changes, field):
    refused = alice.post("/posts", {"story": story.pk, "channel": "masto"} | changes)
    assert refused.status_code == 422
    assert field in refused.json()["errors"]
    assert not Post.objects.exists()


def test_an_edit_names_the_version_it_saw(alice, draft):
    said = alice.patch(f"/posts/{draft.pk}", {"version": 1, "text": "Doors open at six."}).json()
    assert (said["text"], said["version"]) == ("Doors open at six.", 2)
    stale = alice.patch(f"/posts/{draft.pk}", {"version": 1, "text": "Doors open at five."})
    assert stale.status_code == 409
    assert stale.json()["type"].endswith("/api/problems/stale")
    assert Post.objects.get().text == "Doors open at six."


def test_an_edit_may_name_the_etag_instead_and_must_name_one(alice, draft):
    etag = alice.get(f"/posts/{draft.pk}")["ETag"]
    assert alice.patch(f"/posts/{draft.pk}", {"text": "One"}, if_match=etag).status_code == 200
    assert alice.patch(f"/posts/{draft.pk}", {"text": "Two"}, if_match=etag).status_code == 412
    assert alice.patch(f"/posts/{draft.pk}", {"text": "Three"}).status_code == 428
    assert alice.patch(f"/posts/{draft.pk}", {"text": "Four"}, if_match='W/"2"').status_code == 200
    assert alice.patch(f"/posts/{draft.pk}", {"text": "Five"}, if_match="*").json()["version"] == 4


def test_pictures_their_words_and_the_point_a_crop_keeps(alice, draft):
    picture = Media.objects.create(key=b"k" * 32, kind="image/png", content=b"", width=4, height=3)
    shown = {"id": picture.pk, "alt": "Shelves of books", "focus_x": 0.2, "focus_y": 0.5}
    said = alice.patch(f"/posts/{draft.pk}", {"version": 1, "media": [shown]}).json()
    assert said["media"] == [shown]
    said = alice.patch(f"/posts/{draft.pk}", {"version": 2, "media": []}).json()
    assert said["media"] == []


def test_another_language_brings_its_own_link_and_words(alice, draft):
    said = alice.patch(f"/posts/{draft.pk}", {"version": 1, "language": "be"}).json()
    assert newsroom.TITLES["be"] in said["text"]
    assert "/be/" in said["link"]


def test_what_is_out_is_not_rewritten_as_a_draft(alice, masto, story):
    out = newsroom.post(on=masto, about=story)
    assert alice.patch(f"/posts/{out.pk}", {"version": 1, "text": "x"}).status_code == 409


def test_at_a_moment_in_the_next_slot_or_now(alice, draft, masto):
    moment = timezone.now() + timedelta(days=2)
    said = alice.post(f"/posts/{draft.pk}/schedule", {"at": moment.isoformat()}).json()
    assert said["state"] == "scheduled"
    assert alice.post(f"/posts/{draft.pk}/schedule", {"slot": "next"}).json()["detail"].startswith("Its channel has no")
    Slot.objects.create(channel=masto, weekday=0, at="09:00")
    assert alice.post(f"/posts/{draft.pk}/schedule", {"slot": "next"}).status_code == 200
    assert alice.post(f"/posts/{draft.pk}/schedule", {"now": True}).status_code == 200
    assert Post.objects.get().due_at <= timezone.now()


@pytest.mark.parametrize("said", [{}, {"now": True, "slot": "next"}, {"at": "2026-12-01T08:00:00"}, {"at": 1796000000}])
def test_a_moment_is_said_once_and_with_its_zone(alice, draft, said):
    assert alice.post(f"/posts/{draft.pk}/schedule", said).status_code == 422


def test_a_moment_that_is_over_is_no_moment(alice, draft):
    past = alice.post(f"/posts/{draft.pk}/schedule", {"at": "2020-01-01T00:00:00Z"})
    assert (past.status_code, past.json()["type"].rpartition("/")[2]) == (409, "not-then")


def test_dropping_retrying_and_settling(alice, draft, masto):
    assert alice.post(f"/posts/{draft.pk}/drop", WHY).json()["state"] == "dropped"
    assert alice.post(f"/posts/{draft.pk}/drop", WHY).status_code == 409
    refused = newsroom.post(on=masto, about=newsroom.story("en"), state="refused")
    assert alice.post(f"/posts/{refused.pk}/retry", WHY).json()["state"] == "scheduled"
    unknown = newsroom.post(on=masto, about=newsroom.story("en"), state="unknown")
    assert alice.post(f"/posts/{unknown.pk}/settle", WHY | {"went_out": True}).json()["state"] == "sent"


def test_editing_and_taking_back_what_is_out(alice, masto, story):
    out = newsroom.post(on=masto, about=story)
    edit = alice.post(f"/posts/{out.pk}/edit", WHY | {"text": "Doors open at seven."})
    assert (edit.status_code, edit.json()["state"]) == (202, "waiting")
    assert alice.post(f"/posts/{out.pk}/take-back", WHY).status_code == 202
    changes = alice.get(f"/posts/{out.pk}").json()["changes"]
    assert [(one["act"], one["state"]) for one in changes] == [("edit", "void"), ("delete", "waiting")]


def test_every_post_of_a_story_at_once(alice, draft, story):
    newsroom.post(on=newsroom.channel("x", "x"), about=story)
    said = alice.post(f"/stories/{story.pk}/take-back", WHY).json()
    assert (said["dropped"], said["deleting"]) == (1, 1)


def test_the_audit_log_names_the_program(alice, draft):
    alice.post(f"/posts/{draft.pk}/drop", WHY)
    entry = AuditEntry.objects.get(act="post.drop")
    assert (entry.who, entry.via, entry.reason) == (alice.person, f"token:{alice.token.pk} Screen", WHY["reason"])


@pytest.mark.parametrize(
    ("scope", "act", "said"),
    [
        (Scope.DRAFT, "drop", WHY),
        (Scope.DRAFT, "schedule", {"now": True}),
        (Scope.SCHEDULE, "take-back", WHY),
        (Scope.POSTS, "settle", WHY | {"went_out": False}),
    ],
)
def test_a_token_does_nothing_beyond_its_scopes(program, draft, scope, act, said):
    refused = program("operator", scope).post(f"/posts/{draft.pk}/{act}", said)
    assert refused.status_code == 403
    assert Post.objects.get().state == "draft"


def test_a_list_is_narrowed_by_state_channel_story_and_time(alice, draft, masto):
    other = newsroom.post(
        on=newsroom.channel("x", "x"), about=newsroom.story("en"), due_at=timezone.now() + timedelta(9)
    )
    for query, found in {
        "state=draft": draft,
        "channel=x": other,
        f"story={draft.story_id}": draft,
        f"due_from={(timezone.now() + timedelta(1)).strftime('%Y-%m-%dT%H:%M:%SZ')}": other,
    }.items():
        assert [one["id"] for one in alice.get(f"/posts?{query}").json()["items"]] == [found.pk], query
    assert alice.get("/posts?colour=red").status_code == 422
