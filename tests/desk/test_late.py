"""Late posts of all channels on one page, and what an editor does with one, some or all of them."""

from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch.accounts.models import AuditEntry
from dispatch.editions.models import Edition
from dispatch.social import timing
from dispatch.social.models import Post, Recurrence

pytestmark = pytest.mark.django_db


@pytest.fixture
def posts():
    channels = [newsroom.channel("fake", "fake"), newsroom.channel("other", "fake")]
    about = [newsroom.story("en") for _ in range(2)]
    was_due = timezone.now() - timedelta(hours=2)
    made = [newsroom.post(on=one, about=each, state="late", due_at=was_due) for one in channels for each in about]
    return sorted(made, key=lambda post: post.pk)


@pytest.fixture
def editor(client):
    return newsroom.signed_in(client, "editor")


def press(client, act, **fields):
    return client.post(f"/posts/late/do/{act}", {"reason": "it still matters"} | fields, follow=True).content.decode()


def states():
    return list(Post.objects.order_by("pk").values_list("state", flat=True))


def test_home_counts_them_and_leads_there(editor, posts):
    home = editor.get("/").content.decode()
    assert "Late: 4 posts." in home
    assert 'href="/posts/late"' in home
    assert editor.get("/posts/late").content.decode().count("was due") == 4


def test_those_that_were_chosen_go_now_one_a_minute_in_each_channel(editor, posts):
    shown = press(editor, "now", post=[posts[0].pk, posts[1].pk, posts[2].pk])
    assert "3 posts sent now, one a minute in each channel." in shown
    assert states() == ["scheduled", "scheduled", "scheduled", "late"]
    first, second, other, _ = Post.objects.order_by("pk")
    assert timing.minute(second.due_at) - timing.minute(first.due_at) == timedelta(minutes=1)
    assert other.due_at <= timezone.now()
    assert AuditEntry.objects.filter(reason__contains="it still matters").count() == 3


def test_all_are_dropped(editor, posts):
    assert "4 posts dropped." in press(editor, "drop", all="yes")
    assert states() == ["dropped"] * 4


def test_what_has_no_free_slot_stays_and_is_told(editor, posts):
    assert "4 posts stay as they are" in press(editor, "slots", all="yes")
    assert states() == ["late"] * 4


@pytest.mark.parametrize(
    ("fields", "words"), [({}, "Choose at least one post"), ({"post": "x"}, "Choose at least one")]
)
def test_nothing_chosen_changes_nothing(editor, posts, fields, words):
    assert words in press(editor, "now", **fields)
    assert states() == ["late"] * 4


def test_without_a_reason_nothing_is_changed(editor, posts):
    assert "Say why, in a few words" in press(editor, "drop", all="yes", reason="")
    assert states() == ["late"] * 4


def test_an_act_that_does_not_exist_is_not_found(editor):
    assert editor.post("/posts/late/do/burst").status_code == 404


def test_a_late_edition_is_named_and_an_editor_moves_it_but_does_not_send_it(editor, posts):
    office = newsroom.newsletter(languages=["en"], cadence="daily")
    was_due = timezone.now() - timedelta(hours=5)
    edition = Edition.objects.create(newsletter=office, slot="2026-11-20", state="late", due_at=was_due)
    assert "Late: 4 posts and 1 edition." in editor.get("/").content.decode()
    assert f"/editions/{edition.pk}" in editor.get("/posts/late").content.decode()
    page = editor.get(f"/editions/{edition.pk}").content.decode()
    assert "With the next one" in page
    assert "late-now" not in page
    assert editor.post(f"/editions/{edition.pk}/do/late-now", {"reason": "now"}).status_code == 403
    moved = editor.post(f"/editions/{edition.pk}/do/with-next", {"reason": "tomorrow"}, follow=True)
    assert "Its stories leave with the next digest." in moved.content.decode()


def test_a_post_comes_again_and_stops_beside_its_story(editor, posts):
    post = posts[0]
    Post.objects.filter(pk=post.pk).update(state="sent")
    wish = {"every": "2", "unit": "week", "first": "2027-01-06T09:30", "most": "3", "reason": "it stays true"}
    shown = editor.post(f"/posts/{post.pk}/again", wish, follow=True).content.decode()
    assert "It comes again." in shown
    assert "Comes again every 2 weeks on Wednesday at 09:30 (Europe/Vilnius), 3 times at most." in shown
    rule = Recurrence.objects.get()
    stopped = editor.post(f"/posts/again/{rule.pk}/stop", {"reason": "no news any more"}, follow=True)
    assert "It does not come again." in stopped.content.decode()


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("every", "0", "Every: Ensure"),
        ("first", "soon", "First: Say a date and a time"),
        ("until", "2020-01-01", "Until: The last day is before the first."),
        ("reason", "", "Reason: Say why"),
    ],
)
def test_what_is_no_rhythm_is_told_and_nothing_is_changed(editor, posts, field, value, words):
    wish = {"every": "2", "unit": "month", "first": "2027-01-06T09:30", "reason": "it stays true", field: value}
    shown = editor.post(f"/posts/{posts[0].pk}/again", wish, follow=True).content.decode()
    assert words in shown
    assert not Recurrence.objects.exists()
