"""A story changed after it was out: an editor reads what differs and decides, beside each post and mailing."""

import newsroom
import pytest
from django.utils import timezone

from dispatch.articles.models import Article, Revision
from dispatch.desk.models import Decision
from dispatch.social.models import Attempt, Change, Post

pytestmark = pytest.mark.browser
NOW = "A reading room and a small cinema open beside the lake"


def revise(article):
    old = article.current
    text = old.text.replace("Two hundred", "Three hundred") + "\nThe cinema shows films on Fridays."
    values = {"title": NOW, "summary": "Open every evening.", "html": old.html, "text": text, "hash": b"n" * 32}
    made = Revision.objects.create(article=article, number=2, updated_at=timezone.now(), **values)
    Article.objects.filter(pk=article.pk).update(current=made)


def out(on, story, **fields):
    post = newsroom.post(on, story, remote_id="12", remote_url=f"https://{on.slug}.example.org/12", **fields)
    frozen = {"title": newsroom.TITLES["en"], "summary": "", "revision": post.article.current_id, "text": post.text}
    Attempt.objects.create(post=post, number=1, key="k", frozen=frozen, started_at=timezone.now(), outcome="sent")
    return post


@pytest.fixture
def story():
    newsroom.relay()
    office = newsroom.newsletter(languages=["en"])
    newsroom.readers(office, en=40)
    story = newsroom.story("en")
    newsroom.send(office, story)
    for slug in ("masto", "bluesky"):
        out(newsroom.channel(slug, {"masto": "mastodon"}.get(slug, slug)), story)
    failed = out(newsroom.channel("telegram", "telegram"), story)
    Change.objects.create(
        post=failed, act="delete", state="refused", due_at=timezone.now(), trouble="message can't be deleted 400"
    )
    newsroom.post(newsroom.channel("x", "x"), story, Post.State.SCHEDULED)
    revise(story.articles.get())
    return story


def test_an_editor_reads_what_differs_and_edits_the_post_there(alice, visitor, page, story):
    page.goto("/")
    page.get_by_role("link", name="changed after it was out").click()
    card = page.locator("article", has_text="Mastodon").filter(has_text="Edit it there")
    assert card.locator("ins").first.inner_text() == "and a small cinema open"
    visitor.look("story-changes", f"/stories/{story.pk}/changes")
    card.get_by_text("Edit it there").click()
    assert card.get_by_label("It will say").first.input_value().startswith(NOW)
    visitor.look("story-changes-edit")
    card.get_by_label("Why?").first.fill("the title was half the story")
    card.get_by_role("button", name="Edit it").click()
    page.get_by_text("It is being edited there.").wait_for()
    assert Decision.objects.get().how == "edited"
    assert Change.objects.filter(act="edit", state="waiting").count() == 1


def test_a_deletion_by_hand_is_ticked_off(alice, page, story):
    page.goto(f"/stories/{story.pk}/changes")
    row = page.locator("section[aria-labelledby=by-hand] li")
    row.get_by_label("What did you do?").fill("deleted it in the app")
    row.get_by_role("button", name="I did it there").click()
    page.get_by_text("Noted.").wait_for()
    assert Post.objects.get(channel__slug="telegram").state == "gone"
