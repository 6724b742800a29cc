"""An editor moves posts about beside the story."""

from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch.social.models import Post, Slot

pytestmark = pytest.mark.django_db


@pytest.fixture
def post():
    return newsroom.post(on=newsroom.channel("quiet", "fake"), about=newsroom.story("en"), state="draft")


@pytest.fixture
def press(client, post):
    """press("at", moment=…) as an editor; what the story's page says then."""
    newsroom.signed_in(client, "editor")

    def pressed(act, **fields):
        answer = client.post(f"/posts/{post.pk}/do/{act}", fields, follow=True)
        post.refresh_from_db()
        return answer.content.decode()

    return pressed


def test_it_is_posted_now(press, post):
    assert "It is posted now." in press("now")
    assert post.state == "scheduled"
    assert post.due_at <= timezone.now()


def test_it_is_planned_by_the_newsrooms_clock(press, post):
    day = timezone.localtime() + timedelta(days=2)
    shown = press("at", moment=f"{day:%Y-%m-%dT}08:30")
    assert "Planned for" in shown
    assert timezone.localtime(post.due_at).strftime("%H:%M") == "08:30"
    assert f'value="{day:%Y-%m-%dT}08:30"' in shown


@pytest.mark.parametrize("moment", ["", "tomorrow", "2027-02-30T08:00", "x" * 40])
def test_what_is_no_moment_is_asked_for_again(press, post, moment):
    assert "Say a date and a time, such as" in press("at", moment=moment)
    assert post.state == "draft"


def test_an_hour_that_the_clocks_skip_is_put_off(press, post):
    assert "04:30" in press("at", moment="2027-03-28T03:30")
    assert post.due_at.isoformat() == "2027-03-28T01:30:00+00:00"


def test_a_moment_that_is_over_changes_nothing(press, post):
    assert "That moment is over" in press("at", moment="2026-01-01T08:00")
    assert post.state == "draft"


def test_it_goes_into_the_next_slot_or_there_is_none(press, post):
    assert "no free slot" in press("slot")
    Slot.objects.create(channel=post.channel, weekday=2, at="12:00")
    assert "Planned for" in press("slot")
    assert timezone.localtime(post.due_at).weekday() == 2


def test_dropping_asks_why(press, post):
    assert "Say why" in press("drop")
    assert "It stays in." in press("drop", reason="we said it better elsewhere")
    assert post.state == "dropped"


@pytest.mark.parametrize("act", ["now", "at", "slot", "drop"])
def test_what_is_out_stays_as_it_is(press, post, act):
    day = timezone.localtime() + timedelta(days=2)
    Slot.objects.create(channel=post.channel, weekday=2, at="12:00")
    Post.objects.update(state="sent")
    assert "Nothing was changed" in press(act, moment=f"{day:%Y-%m-%dT}08:30", reason="too late")
    assert post.state == "sent"


def test_there_is_nothing_else_to_press(press, client, post):
    assert client.post(f"/posts/{post.pk}/do/shout").status_code == 404
    assert client.get(f"/posts/{post.pk}/do/now").status_code == 405


def test_others_may_not(client, post):
    assert client.post(f"/posts/{post.pk}/do/now").status_code == 302
    post.refresh_from_db()
    assert post.state == "draft"
