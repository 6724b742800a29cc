"""Two posts of a channel that say nearly the same within a week of each other are noticed, out or planned."""

from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch.social import repeats

pytestmark = pytest.mark.django_db
TEXT = "The reading room beside the river opens on Tuesday at six, come and see"


@pytest.fixture
def channel(db):
    return newsroom.channel("fake", "fake")


def planned(channel, days, text=TEXT, state="scheduled"):
    at = timezone.now() + timedelta(days=days)
    sent = {"sent_at": at} if state == "sent" else {}
    return newsroom.post(on=channel, about=newsroom.story("en"), state=state, due_at=at, text=text, **sent)


@pytest.mark.parametrize("state", ["scheduled", "deferred", "late", "claimed", "unknown"])
def test_two_that_are_planned_for_tomorrow_are_noticed(channel, state):
    first, second = planned(channel, 1, state=state), planned(channel, 1.2)
    assert repeats.beside(second) == first


def test_one_for_next_month_is_held_against_what_is_planned_around_it(channel):
    planned(channel, 1)
    near = planned(channel, 27)
    assert repeats.beside(planned(channel, 30)) == near
    assert repeats.beside(planned(channel, 15)) is None


def test_what_is_out_for_a_week_is_forgotten_and_other_channels_do_not_count(channel):
    planned(channel, -8, state="sent")
    planned(newsroom.channel("other", "fake"), 0.5)
    assert repeats.beside(planned(channel, 0.1)) is None
    latest = planned(channel, -6, state="sent")
    assert repeats.beside(planned(channel, 0.5, text=f"{TEXT}!"))
    assert repeats.of(latest, latest.text, repeats.near([channel.pk], [latest.sent_at])) is not None


@pytest.mark.parametrize("state", ["dropped", "withdrawn", "gone", "refused", "draft"])
def test_what_will_not_go_out_is_not_held_against_another(channel, state):
    planned(channel, 1, state=state)
    assert repeats.beside(planned(channel, 1)) is None
