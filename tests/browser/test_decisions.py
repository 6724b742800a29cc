"""What only a person may decide, decided at its page: is it out, does it go on, does it wait, does it come back."""

from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch.accounts.models import AuditEntry
from dispatch.articles.models import Story
from dispatch.delivery.models import Send
from dispatch.social.models import Post

pytestmark = [pytest.mark.browser, pytest.mark.long]


@pytest.fixture
def story(visitor):
    return newsroom.story("en")


def press(page, act, why, button=""):
    """Open an act, say why, and do it."""
    page.locator("summary", has_text=act).click()
    form = page.locator("details[open] form")
    form.get_by_label("Why?").fill(why)
    form.get_by_role("button", name=button or act).click()


@pytest.mark.parametrize(("answer", "state"), [("Yes, it is out", "sent"), ("No, post it again", "scheduled")])
def test_a_post_of_which_nobody_knows_is_settled_by_who_looked(alice, page, story, answer, state):
    post = newsroom.post(newsroom.channel(), story, Post.State.UNKNOWN, trouble="no answer", attempts_made=1)
    page.goto("/posts/unknown")
    page.get_by_label("What did you see").fill("I looked at the account")
    page.get_by_role("button", name=answer).click()
    page.get_by_text("No post is in doubt.").wait_for()
    post.refresh_from_db()
    assert post.state == state
    assert AuditEntry.objects.filter(target=f"post:{post.pk}", reason="I looked at the account").exists()


def test_a_send_that_paused_by_itself_is_resumed(alice, page, story):
    office = newsroom.newsletter(languages=["en"])
    newsroom.readers(office, en=3)
    newsroom.relay()
    send = newsroom.send(office, story)
    Send.objects.update(state="paused", is_held=True, trouble="It stood still for hours.")
    page.goto(f"/editions/{send.edition_id}")
    page.get_by_text("It paused by itself.").wait_for()
    press(page, "Resume", "It still matters")
    page.get_by_text("It paused by itself.").wait_for(state="detached")
    assert Send.objects.get().state == "sending"


def test_a_story_is_put_under_embargo_and_let_go_again(alice, page, story):
    page.goto(f"/stories/{story.pk}")
    page.locator("summary", has_text="Embargo").click()
    form = page.locator("details[open] form")
    moment = timezone.localtime(timezone.now() + timedelta(days=2))
    form.locator("input[name=moment]").fill(moment.strftime("%Y-%m-%dT%H:%M"))
    form.get_by_label("Why?").fill("The court sits on Monday")
    form.get_by_role("button").click()
    page.get_by_text("Nothing of it leaves before").wait_for()
    assert Story.objects.get().embargo_until > timezone.now()
    press(page, "Lift the embargo", "The court has ruled")
    page.get_by_text("Lifted. What waited for it goes out.").wait_for()
    assert Story.objects.get().embargo_until is None


def test_every_post_of_a_story_is_taken_back(alice, page, story):
    newsroom.post(newsroom.channel(), story, remote_id="1", remote_url="https://social.example.org/@office/1")
    newsroom.post(newsroom.channel("x", "x"), story, Post.State.SCHEDULED)
    page.goto(f"/stories/{story.pk}/changes")
    press(page, "Take every post back", "It endangers someone", "Take 2 posts back")
    page.get_by_role("alert").or_(page.get_by_role("status")).first.wait_for()
    assert Post.objects.get(channel__slug="x").state == "dropped"
    assert Post.objects.get(channel__slug="masto").changes.filter(act="delete").exists()
