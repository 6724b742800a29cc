"""How a story was taken, on one page that tells of nobody."""

from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch.delivery.models import Send
from dispatch.social.models import Counted

pytestmark = pytest.mark.browser
REFUSED = "Not enough permissions to access: organizationalEntityShareStatistics.FINDER-organizationalEntity.20261001"


def test_an_editor_reads_how_a_story_was_taken(alice, visitor, page):
    newsroom.relay()
    office, story = newsroom.newsletter(languages=["en"]), newsroom.story("en")
    newsroom.readers(office, en=45)
    newsroom.send(office, story)
    Send.objects.update(started_at=timezone.now())
    post = newsroom.post(newsroom.channel(), story, remote_url="https://social.example.org/12")
    Counted.objects.create(post=post, after=timedelta(days=1), replies=2, likes=31, reposts=9)
    newsroom.post(newsroom.channel("telegram", "telegram"), story)
    refused = newsroom.post(newsroom.channel("linkedin", "linkedin"), story)
    Counted.objects.create(post=refused, after=timedelta(days=1), why_not=REFUSED, refused=True)
    page.goto(f"/stories/{story.pk}")
    page.get_by_role("link", name="How it was taken").click()
    page.get_by_text("at least 40").wait_for()
    page.get_by_text("This network does not tell.").wait_for()
    page.get_by_text(f"{REFUSED}.").wait_for()
    visitor.look("story-feedback", f"/stories/{story.pk}/feedback")
    page.goto("/channels/linkedin")
    page.get_by_text(f"not counted: “{REFUSED}”").wait_for()
    visitor.look("channel-uncounted", "/channels/linkedin")
