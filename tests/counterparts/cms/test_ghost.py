"""A real Ghost, connected as docs/cms.md says: what it tells, and what becomes of it here."""

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from PIL import Image

from dispatch.articles.models import WebhookDelivery

pytestmark = pytest.mark.counterpart
EVENTS = ("post.published", "post.published.edited", "post.unpublished", "post.deleted")
TAGS = ("--language-tag", "be=hash-be")


@pytest.fixture
def blog(ghost, add, tmp_path):
    """The page's steps one to three, at a source of this test's own."""
    slug = f"blog-{uuid4().hex[:8]}"
    connected = add("ghost", ghost.url, slug, *TAGS)
    integration, admin_key, connected.content_key = ghost.integrate()
    connected.webhooks = [
        ghost.add_webhook(integration, event, connected.address, connected.secret) for event in EVENTS
    ]
    key = tmp_path / "key.txt"
    key.write_text(admin_key + "\n")
    assert add.run("source", "set", "--slug", slug, "--poll-url", ghost.url, "--api-key-file", str(key)).code == 0
    yield connected
    ghost.ask("DELETE", f"integrations/{integration}/")


@pytest.fixture
def deaf(ghost, blog):
    """The same while no webhook comes through: there is none."""
    for webhook in blog.webhooks:
        ghost.ask("DELETE", f"webhooks/{webhook}/")
    return blog


def lexical(*cards):
    """A text of cards, as the editor saves it."""
    root = {"children": list(cards), "direction": None, "format": "", "indent": 0, "type": "root", "version": 1}
    return json.dumps({"root": root})


def html_card(html, *, nobody=False):
    shown = {
        "web": {"nonMember": not nobody, "memberSegment": "status:-free"},
        "email": {"memberSegment": "status:-free"},
    }
    return {"type": "html", "version": 1, "html": html} | ({"visibility": shown} if nobody else {})


def picture(tmp_path):
    path = tmp_path / "bread.jpg"
    Image.new("RGB", (1400, 900), "wheat").save(path)
    return path


def test_a_post_arrives_clean_with_its_picture_language_and_topics(ghost, blog, add, tmp_path):
    address = ghost.upload(picture(tmp_path))
    html = (
        f'<p>By a <b>tenth</b>.</p><script>watch()</script><img src="{address}" alt="Loaves"><a href="/about/">Us</a>'
    )
    fields = {"feature_image": address, "feature_image_alt": "Bread", "custom_excerpt": "Dearer again."}
    post = ghost.write(html, tags=["Prices", "#be", "#desk"], **fields)
    blog.settle(1)
    (found,) = blog.articles()
    assert (found.language, found.state, found.visibility) == ("be", "published", "public")
    assert (found.url, found.external_id) == (f"{ghost.url}/{post['slug']}/", post["id"])
    now = found.current
    assert (now.title, now.summary, now.topics) == ("Bread is dearer", "Dearer again.", ["prices"])
    assert (now.picture_url, now.picture_alt) == (address, "Bread")
    assert address.partition("/content/")[0] == ghost.url
    assert "script" not in now.html
    assert f'href="{ghost.url}/about/"' in now.html
    assert '<img src="http' in now.html
    assert 'alt="Loaves"' in now.html
    assert "owner" not in blog.kept()
    log = add.run("source", "log", "--slug", blog.source.slug).said
    assert "post.published\tpublished" in log


def test_an_edit_a_withdrawal_and_a_return_are_followed(ghost, blog):
    post = ghost.write("<p>By a tenth.</p>")
    blog.settle(1)
    ghost.change(post, title="Bread is dearer still")
    blog.settle(2)
    ghost.change(post, status="draft")
    blog.settle(3)
    (found,) = blog.articles()
    assert (found.state, found.current.number, found.current.title) == ("withdrawn", 2, "Bread is dearer still")
    blog.wait_a_second()
    ghost.change(post, status="published")
    blog.settle(4)
    assert blog.articles().get().state == "published"
    blog.wait_a_second()
    ghost.delete(post)
    blog.settle(6)
    assert blog.articles().get().state == "withdrawn"
    did = ["published", "revised", "withdrawn", "published", "withdrawn", "unchanged"]
    assert [word for _, word in blog.told()] == did


def test_what_the_webhook_told_the_api_tells_alike_and_nothing_comes_twice(ghost, blog, tmp_path):
    address = ghost.upload(picture(tmp_path))
    html = f'<p>By a tenth.</p><img src="{address}">'
    ghost.write(html, tags=["Prices", "#be"], custom_excerpt="Dearer.", feature_image=address)
    blog.settle(1)
    assert [blog.poll(), blog.poll()] == ["", ""]
    assert blog.articles().get().revisions.count() == 1


def test_a_language_tag_that_was_forgotten_moves_the_post(ghost, blog):
    post = ghost.write("<p>На дзясятую.</p>", tags=["Prices"])
    blog.settle(1)
    ghost.change(post, tags=["Prices", "#be"])
    blog.settle(2)
    assert set(blog.articles().values_list("language", "state")) == {("en", "withdrawn"), ("be", "published")}
    blog.wait_a_second()
    ghost.change(post, tags=["Prices"])
    blog.settle(3)
    assert set(blog.articles().values_list("language", "state")) == {("en", "published"), ("be", "withdrawn")}


def test_an_internal_tag_makes_two_posts_one_story(ghost, blog):
    ghost.write("<p>By a tenth.</p>", tags=["#story-bread"])
    ghost.write("<p>На дзясятую.</p>", tags=["#story-bread", "#be"])
    blog.settle(2)
    assert len(set(blog.articles().values_list("story"))) == 1
    assert set(blog.articles().values_list("language", flat=True)) == {"en", "be"}


@pytest.fixture(params=["webhook", "Admin API", "Content API"])
def way(request, blog, add, tmp_path):
    """How Ghost is heard."""
    if request.param != "webhook":
        request.getfixturevalue("deaf")
    if request.param == "Content API":
        key = tmp_path / "content.txt"
        key.write_text(blog.content_key)
        add.run("source", "set", "--slug", blog.source.slug, "--api-key-file", str(key))
    return request.param


def test_what_is_for_members_is_never_kept(ghost, blog, way):
    paywall = {"type": "paywall", "version": 1}
    open_card, closed = html_card("<p>For all.</p>"), html_card("<p>Sotto voce.</p>")
    ghost.write(None, lexical=lexical(open_card, paywall, closed), visibility="paid", title="Cut")
    ghost.write(None, lexical=lexical(closed), visibility="paid", title="Whole", custom_excerpt="In short.")
    ghost.write(None, lexical=lexical(open_card, html_card("<p>Sotto voce.</p>", nobody=True)), title="Gated")
    if way == "webhook":
        blog.settle(3)
    else:
        assert blog.poll() == ""
    assert "Sotto voce" not in blog.kept()
    told = {one.current.title: (one.visibility, one.current.html) for one in blog.articles()}
    assert told["Cut"] == ("members", "<p>For all.</p>")
    assert told["Whole"] == ("members", "")
    assert told["Gated"] == ("public", "<p>For all.</p>")


def test_mail_only_comes_by_asking_and_mail_for_some_not_at_all(ghost, blog):
    for segment in ("all", "status:-free"):
        draft = ghost.write("<p>Only in the mail.</p>", title=segment, status="draft", email_only=True)
        to = f"&newsletter=default-newsletter&email_segment={segment}"
        sent = ghost.change(draft, query=to, status="published", email_only=True)
        assert sent["status"] == "sent"
    assert blog.poll() == ""
    assert list(blog.articles().values_list("current__title", "visibility")) == [("all", "email_only")]
    assert blog.told() == []


def test_what_happened_while_no_webhook_came_through_is_found(ghost, deaf):
    kept, hidden, deleted = (ghost.write("<p>By a tenth.</p>", title=name) for name in ("Kept", "Hidden", "Deleted"))
    assert deaf.poll() == ""
    assert set(deaf.articles().values_list("state", flat=True)) == {"published"}
    ghost.change(kept, title="Kept and edited")
    ghost.change(hidden, status="draft")
    ghost.delete(deleted)
    assert deaf.poll() == ""
    states = {"Kept and edited": "published", "Hidden": "withdrawn", "Deleted": "withdrawn"}
    assert {one.current.title: one.state for one in deaf.articles()} == states
    assert deaf.told() == []


def test_a_planned_post_comes_when_its_time_has_come(ghost, blog):
    when = datetime.now(UTC) + timedelta(seconds=20)
    ghost.write("<p>Later.</p>", status="scheduled", published_at=when.strftime("%Y-%m-%dT%H:%M:%S.000Z"))
    assert not blog.articles().exists()
    blog.settle(1)
    assert datetime.now(UTC) > when - timedelta(seconds=2)
    assert blog.articles().get().state == "published"


def test_a_webhook_with_another_secret_keeps_nothing(ghost, blog):
    other, *_ = ghost.integrate()
    ghost.add_webhook(other, "post.added", blog.address, "not the secret")
    draft = ghost.write("<p>Draft.</p>", status="draft")
    asked = {}

    def answered():
        hooks = ghost.ask("GET", f"integrations/{other}/?include=webhooks")["integrations"][0]["webhooks"]
        asked.update(hooks[0])
        return asked["last_triggered_at"]

    blog.until(answered)
    assert asked["last_triggered_status"] == "401"
    assert not WebhookDelivery.objects.exists()
    ghost.delete(draft)
    ghost.ask("DELETE", f"integrations/{other}/")
