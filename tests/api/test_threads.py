"""A program splits a long text, adds a first comment, and brings pictures as bytes."""

import io

import newsroom
import pytest
from PIL import Image

from dispatch.accounts.models import AuditEntry
from dispatch.api import door
from dispatch.social.models import Attempt, Media, Post

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft():
    return newsroom.post(on=newsroom.channel("masto", "fake"), about=newsroom.story("en"), state="draft")


def do(program, post, act, **said):
    return program.post(f"/posts/{post.pk}/thread/{act}", {"version": 1} | said)


def png():
    drawn = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(drawn, "PNG")
    return drawn.getvalue()


def upload(program, content):
    return program.client.post(
        "/api/v1/media/upload",
        content,
        content_type="application/octet-stream",
        headers={"authorization": f"Bearer {program.secret}"},
    )


def test_a_long_text_becomes_a_thread_and_one_post_again(alice, draft):
    Post.objects.update(text="Doors open at six. " * 60)
    parts = do(alice, draft, "split", numbered=True).json()["items"]
    assert [one["place"] for one in parts] == [0, 1, 2]
    assert parts[0]["text"].endswith("(1/3)")
    assert alice.get(f"/posts/{draft.pk}/thread").json()["items"] == parts
    assert do(alice, draft, "join").json()["type"].endswith("/stale")
    assert len(do(alice, draft, "join", version=2).json()["items"]) == 1
    acts = AuditEntry.objects.filter(act__startswith="post.").values_list("act", flat=True)
    assert list(acts.order_by("pk")) == ["post.split", "post.join"]


def test_a_part_and_a_first_comment_come_and_go(alice, draft):
    do(alice, draft, "part")
    parts = do(alice, draft, "comment").json()["items"]
    assert [one["is_comment"] for one in parts] == [False, False, True]
    assert do(alice, draft, "comment").status_code == 409
    last = Post.objects.get(pk=parts[-1]["id"])
    assert len(do(alice, last, "remove").json()["items"]) == 2
    assert do(alice, draft, "remove").status_code == 409


def test_what_may_be_out_is_left_alone(alice, draft):
    Post.objects.update(state="scheduled")
    Attempt.objects.create(post=draft, number=1, key="k", started_at=draft.due_at, outcome="unknown")
    assert do(alice, draft, "part").status_code == 409
    edit = alice.patch(f"/posts/{draft.pk}", {"version": 1, "text": "Other"})
    assert (edit.status_code, "may have put it out" in edit.json()["detail"]) == (409, True)


def test_a_picture_is_brought_as_bytes_and_shown(alice, draft):
    made = upload(alice, png())
    assert made.status_code == 201
    shown = {"id": made.json()["id"], "alt": "A teal field", "focus_x": 0.5, "focus_y": 0.5}
    assert alice.patch(f"/posts/{draft.pk}", {"version": 1, "media": [shown]}).json()["media"] == [shown]
    assert upload(alice, png()).json()["id"] == made.json()["id"]


def test_what_is_no_picture_or_too_large_is_not_taken(alice, monkeypatch):
    assert "body" in upload(alice, b"no picture").json()["errors"]
    monkeypatch.setitem(door.LARGER, "/api/v1/media/upload", 10)
    assert upload(alice, png()).status_code == 413
    assert not Media.objects.exists()


def test_what_an_editor_wrote_is_not_replaced_by_another_languages_template(alice):
    story = newsroom.story("en", "be")
    made = alice.post("/posts", {"story": story.pk, "channel": newsroom.channel().slug, "text": "By hand"}).json()
    refused = alice.patch(f"/posts/{made['id']}", {"version": 1, "language": "be"})
    assert "text" in refused.json()["errors"]
    turned = alice.patch(f"/posts/{made['id']}", {"version": 1, "language": "be", "text": "Рукой"}).json()
    assert (turned["language"], turned["text"], turned["version"]) == ("be", "Рукой", 2)


def test_what_was_dropped_is_begun_again_unless_it_may_be_out(alice, draft):
    assert alice.post(f"/posts/{draft.pk}/begin").status_code == 409
    Post.objects.update(state="dropped", text="By hand")
    begun = alice.post(f"/posts/{draft.pk}/begin").json()
    assert (begun["state"], begun["text"], begun["version"]) == ("draft", "By hand", 2)
    Post.objects.update(state="dropped")
    Attempt.objects.create(post=draft, number=1, key="k", started_at=draft.due_at, outcome="unknown")
    assert alice.post(f"/posts/{draft.pk}/begin").status_code == 409


def test_a_network_has_its_own_settings(alice):
    post = newsroom.post(on=newsroom.channel("telegram", "telegram"), about=newsroom.story("en"), state="draft")
    assert alice.patch(f"/posts/{post.pk}", {"version": 1, "settings": {"pin": True}}).status_code == 200
    assert Post.objects.get().settings == {"pin": True}
    assert "settings" in alice.patch(f"/posts/{post.pk}", {"version": 2, "settings": {"x": True}}).json()["errors"]
