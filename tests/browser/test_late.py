"""An editor comes back after an outage and decides about what is late."""

from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch.editions.models import Edition
from dispatch.social.models import Post, Recurrence

pytestmark = pytest.mark.browser


@pytest.fixture
def late(alice):
    """Two late posts on each of two channels, and a late digest."""
    was_due = timezone.now() - timedelta(hours=3)
    about = [newsroom.story("en"), newsroom.story("be", "ru")]
    for slug in ("masto", "bluesky"):
        channel = newsroom.channel(slug, "fake", account="@office@example.org")
        for one in about:
            newsroom.post(on=channel, about=one, state="late", due_at=was_due)
    office = newsroom.newsletter(cadence="daily")
    Edition.objects.create(newsletter=office, slot="2026-11-20", state="late", due_at=was_due)
    return about


def test_late_posts_are_chosen_by_keyboard_and_sent_one_a_minute(late, visitor, page):
    page.goto("/")
    page.get_by_role("link", name="Late: 4 posts and 1 edition").click()
    visitor.look("late")
    boxes = page.locator("input[name=post]")
    for place in (0, 2):
        boxes.nth(place).focus()
        page.keyboard.press("Space")
    page.get_by_label("Why?").fill("They still matter")
    page.get_by_role("button", name="Send now, one a minute").click()
    page.get_by_text("2 posts sent now").wait_for()
    assert page.locator("input[name=post]").count() == 2
    assert Post.objects.filter(state="scheduled").count() == 2


def test_all_are_dropped_and_the_page_says_that_nothing_is_late(late, visitor, page):
    page.goto("/posts/late")
    page.get_by_label("All 4").check()
    page.get_by_label("Why?").fill("It is over")
    page.get_by_role("button", name="Drop").click()
    page.get_by_text("4 posts dropped.").wait_for()
    page.get_by_text("No post is late.").wait_for()


def test_a_post_comes_again_as_said_beside_it(late, visitor, page):
    Post.objects.update(state="sent")
    page.goto(f"/stories/{late[0].pk}")
    page.locator("summary", has_text="Come again").first.click()
    form = page.locator("details.act[open] form")
    form.get_by_label("The first time").fill("2027-01-06T09:30")
    form.get_by_label("At most so many times").fill("3")
    form.get_by_label("Why?").fill("It stays true")
    visitor.look("again-open")
    form.get_by_role("button", name="Let it come again").click()
    page.get_by_text("Comes again every week on Wednesday at 09:30").wait_for()
    assert Recurrence.objects.get().most == 3
    visitor.look("again")
