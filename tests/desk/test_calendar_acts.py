"""What is done at the calendar: a post moved, a new one planned, a channel stopped, a clock chosen."""

from datetime import UTC, datetime, time, timedelta

import newsroom
import pytest
import time_machine

from dispatch.accounts import views
from dispatch.accounts.models import Desk, Stop
from dispatch.articles.models import Article
from dispatch.social.models import Post, Slot

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
NOON = MONDAY + timedelta(hours=2)


@pytest.fixture
def monday():
    with time_machine.travel(MONDAY, tick=False):
        yield


@pytest.fixture
def post(monday):
    channel = newsroom.channel("masto", "fake", quiet_from=time(22), quiet_to=time(7))
    return newsroom.post(on=channel, about=newsroom.story("en"), state="scheduled", due_at=NOON)


@pytest.fixture
def editor(client, monday):
    return newsroom.signed_in(client, "editor")


def drop(client, post, moment, **more):
    fields = {"moment": moment, "seen_state": post.state, "seen_due": post.due_at.isoformat(), **more}
    answer = client.post(f"/calendar/posts/{post.pk}/move", fields, headers={"Accept": "application/json"})
    return answer.json()


def test_a_drop_is_confirmed_with_words_and_with_the_post_as_it_stands(editor, post):
    later = (NOON + timedelta(hours=1)).isoformat()
    assert drop(editor, post, later) == {
        "outcome": "moved", "words": "Planned for 13:00.", "state": "scheduled", "due": later,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("hours", "outcome", "words"),
    [(-5, "refused", "over"), (13, "ask", "quiet"), (24 * 400, "refused", "a year away")],
)
def test_a_drop_that_cannot_be_says_why(editor, post, hours, outcome, words):
    said = drop(editor, post, (MONDAY + timedelta(hours=hours)).isoformat())
    assert said["outcome"] == outcome
    assert words in said["words"]
    assert said["due"] == NOON.isoformat()


@pytest.mark.parametrize("moment", ["", "soon", "2026-13-01T00:00Z", "0001-01-01T00:00+14:00"])
def test_what_is_no_moment_moves_nothing(editor, post, moment):
    assert drop(editor, post, moment)["outcome"] == "refused"


def test_without_scripts_a_form_does_the_same(editor, post):
    page = editor.get(f"/calendar/posts/{post.pk}").content.decode()
    assert f'name="seen_due" value="{NOON.isoformat()}"' in page
    fields = {"moment": "2026-11-23T23:30", "seen_state": post.state, "seen_due": post.due_at.isoformat()}
    shown = editor.post(f"/calendar/posts/{post.pk}/move", fields, follow=True).content.decode()
    assert "Tick the box" in shown
    editor.post(f"/calendar/posts/{post.pk}/move", {**fields, "anyway": "yes"})
    post.refresh_from_db()
    assert post.due_at == datetime(2026, 11, 23, 21, 30, tzinfo=UTC)


def test_the_form_of_what_is_out_says_why_it_stays(editor, post):
    Post.objects.update(state="sent")
    page = editor.get(f"/calendar/posts/{post.pk}").content.decode()
    assert "It cannot be moved. It is out." in page
    assert "Move it" not in page


def test_a_new_post_is_planned_where_the_channel_has_none(editor, post):
    other = newsroom.story("en", titles={"en": "The bridge"})
    assert "The bridge" in editor.get("/calendar/new?at=2026-11-24T09:00&channel=masto&words=bridge").content.decode()
    fields = {"story": other.pk, "channel": "masto", "moment": "2026-11-24T09:00"}
    shown = editor.post("/calendar/new", fields, follow=True).content.decode()
    assert "Planned for tomorrow, 09:00 on Mastodon." in shown
    made = Post.objects.get(story=other)
    assert (made.state, made.due_at) == ("scheduled", datetime(2026, 11, 24, 7, tzinfo=UTC))
    assert made.text.startswith("The bridge")
    assert "has a post of that story already" in editor.post("/calendar/new", fields, follow=True).content.decode()
    assert Post.objects.filter(story=other).count() == 1


def test_the_same_words_around_that_moment_are_told_of_and_planned(editor, post):
    other, fields = newsroom.story("en"), {"channel": "masto", "moment": "2026-11-25T09:00"}
    shown = editor.post("/calendar/new", {"story": other.pk, **fields}, follow=True).content.decode()
    assert "Nearly the same is on Mastodon, " in shown
    assert Post.objects.get(story=other).state == "scheduled"


def test_without_a_moment_it_takes_the_next_free_slot_or_says_there_is_none(editor, post):
    other = newsroom.story("en")
    fields = {"story": other.pk, "channel": "masto"}
    assert "no free slot" in editor.post("/calendar/new", fields, follow=True).content.decode()
    Slot.objects.create(channel=post.channel, weekday=2, at=time(9))
    editor.post("/calendar/new", fields)
    assert Post.objects.get(story=other).due_at == datetime(2026, 11, 25, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"channel": ""}, "Choose a story and a channel"),
        ({"story": "0"}, "Choose a story and a channel"),
        ({"moment": "later"}, "Say a date and a time"),
        ({"moment": "2026-11-20T09:00"}, "That moment is over"),
    ],
)
def test_what_cannot_be_planned_is_told(editor, post, fields, words):
    said = {"story": newsroom.story("en").pk, "channel": "masto", "moment": "2026-11-24T09:00"} | fields
    page = editor.post("/calendar/new", said, follow=True).content.decode()
    assert words in page
    assert Post.objects.count() == 1
    assert "story" in fields or f'value="{said["story"]}" selected' in page


def test_what_is_not_public_is_neither_offered_nor_planned(editor, post):
    other = newsroom.story("en", titles={"en": "For members"})
    Article.objects.filter(story=other).update(visibility="members")
    assert "For members" not in editor.get("/calendar/new").content.decode()
    fields = {"story": other.pk, "channel": "masto", "moment": "2026-11-24T09:00"}
    assert "no public version" in editor.post("/calendar/new", fields, follow=True).content.decode()


def test_an_operator_stops_a_channel_from_its_legend_and_comes_back(client, post):
    newsroom.signed_in(client, "operator")
    assert "/calendar/channels/masto/stop" in client.get("/calendar/").content.decode()
    fields = {"reason": "a wrong text", "back": "/calendar/?view=month"}
    answer = client.post("/calendar/channels/masto/stop", fields)
    assert answer.url == "/calendar/?view=month"
    assert Stop.objects.get().target == post.channel_id
    assert "a STOP holds it" in client.get("/calendar/").content.decode()


def test_who_is_of_another_desk_sees_all_and_moves_plans_and_stops_nothing(client, post):
    bob = newsroom.person("operator", "Bob")
    bob.desks.add(Desk.objects.create(slug="sports", name="Sports"))
    client.force_login(bob, views.BACKEND)
    post.channel.desk = Desk.objects.create(slug="culture", name="Culture")
    post.channel.save()
    page = client.get("/calendar/").content.decode()
    assert "It belongs to another desk." in page
    assert "data-move=" not in page
    assert "/stop" not in page
    assert "It belongs to another desk." in client.get(f"/calendar/posts/{post.pk}").content.decode()
    assert 'value="masto"' not in client.get("/calendar/new").content.decode()
    fields = {"story": newsroom.story("en").pk, "channel": "masto", "moment": "2026-11-24T09:00"}
    assert client.post("/calendar/new", fields).status_code == 403
    assert client.post("/calendar/channels/masto/stop", {"reason": "a wrong text"}).status_code == 403
    assert Post.objects.count() == 1


def test_an_editor_sees_who_may_stop_and_may_not(editor, post):
    assert "Operators can pull its STOP here" in editor.get("/calendar/").content.decode()
    assert editor.post("/calendar/channels/masto/stop", {"reason": "a wrong text"}).status_code == 403
    assert not Stop.objects.exists()


def test_a_readers_clock_is_kept_in_this_browser_and_nonsense_is_not(editor, post):
    assert editor.post("/calendar/clock", {"zone": "Europe/Minsk", "back": "//elsewhere.example"}).url == "/calendar/"
    assert "13:00 in Minsk" in editor.get("/calendar/").content.decode()
    for odd in ("Europe/Atlantis", "../../etc/passwd", "Europe", "Europe/"):
        said = editor.post("/calendar/clock", {"zone": odd}, follow=True).content.decode()
        assert "There is no time zone" in said
    assert "13:00 in Minsk" in editor.get("/calendar/").content.decode()
    editor.post("/calendar/clock", {"zone": ""})
    assert "in Minsk" not in editor.get("/calendar/").content.decode()


def test_a_newsletters_zone_stands_there_until_somebody_chooses(editor, post):
    newsroom.newsletter(zone="Europe/Minsk")
    assert "13:00 in Minsk" in editor.get("/calendar/").content.decode()


@pytest.mark.parametrize("path", ["posts/1/move", "clock", "channels/masto/stop", "new"])
def test_others_may_nothing(client, post, path):
    assert client.post(f"/calendar/{path}").status_code == 302
    assert Post.objects.get().due_at == NOON
