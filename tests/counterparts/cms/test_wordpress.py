"""A real WordPress with tell-dispatch.php, connected as docs/cms.md says: what it tells, and what becomes of it."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest
from PIL import Image

from dispatch.articles.models import Hint

pytestmark = pytest.mark.counterpart
TAGS = ("--language-tag", "be=беларуская")


@pytest.fixture
def site(wordpress, add):
    """The page's steps, at a source of this test's own."""
    slug = f"site-{uuid4().hex[:8]}"
    connected = add("wordpress", wordpress.url, slug, *TAGS, "--poll-url", wordpress.url)
    wordpress.connect(connected.address, connected.secret)
    return connected


@pytest.fixture
def deaf(wordpress, site):
    """The same while no webhook comes through: nobody listens there."""
    wordpress.connect("http://127.0.0.1:9/hooks/site", site.secret)
    return site


def test_a_post_arrives_clean_with_its_picture_language_and_topics(wordpress, site, tmp_path):
    path = tmp_path / "bread.jpg"
    Image.new("RGB", (1400, 900), "wheat").save(path)
    media = wordpress.upload(path, alt="Loaves")
    image = f'<img src="{media["source_url"]}" alt="Loaves" class="wp-image-{media["id"]}"/>'
    caption = "<figcaption>Photo: an agency</figcaption>"
    content = (
        "<!-- wp:paragraph --><p>By a <b>tenth</b>. [gallery]</p><!-- /wp:paragraph --><script>watch()</script>"
        f'<!-- wp:image --><figure class="wp-block-image">{image}{caption}</figure><!-- /wp:image -->'
    )
    terms = {"tags": [wordpress.tag("Цэны"), wordpress.tag("беларуская")]}
    post = wordpress.write(content, title="Bread & salt", featured_media=media["id"], excerpt="Dearer again.", **terms)
    site.until(site.articles().exists)
    (found,) = site.articles()
    now = found.current
    assert (found.language, found.state, found.visibility) == ("be", "published", "public")
    assert (found.url, found.external_id) == (f"{wordpress.url}/{post['slug']}/", str(post["id"]))
    assert (now.title, now.summary, now.topics) == ("Bread & salt", "Dearer again.", ["цэны"])
    assert (now.picture_url, now.picture_alt) == (media["source_url"], "Loaves")
    assert "script" not in now.html
    assert "[gallery]" not in now.html
    assert 'alt="Loaves"' in now.html
    assert "Photo: an agency" in now.html


def test_an_edit_the_trash_a_return_and_a_deletion_are_followed(wordpress, site):
    post = wordpress.write("<p>By a tenth.</p>")
    site.until(site.articles().exists)
    wordpress.change(post, title="Dearer still")
    site.until(lambda: site.states() == {"Dearer still": "published"})
    wordpress.trash(post)
    site.until(lambda: site.states() == {"Dearer still": "withdrawn"})
    site.wait_a_second()
    wordpress.change(post, status="publish")
    site.until(lambda: site.states() == {"Dearer still": "published"})
    wordpress.delete(post)
    site.until(lambda: site.states() == {"Dearer still": "withdrawn"})
    assert not Hint.objects.exists()


def test_drafts_and_private_posts_are_not_told_and_a_private_one_is_taken_back(wordpress, site):
    draft = wordpress.write("<p>Draft.</p>", title="Draft", status="draft")
    wordpress.change(draft, title="Draft still")
    assert not Hint.objects.exists()
    post = wordpress.write("<p>By a tenth.</p>", title="Public")
    site.until(site.articles().exists)
    wordpress.change(post, status="private")
    site.until(lambda: site.states() == {"Public": "withdrawn"})


def test_what_is_behind_a_password_is_not_taken_and_is_taken_back(wordpress, site):
    wordpress.write("<p>Sotto voce.</p>", title="Locked", password="bread")
    post = wordpress.write("<p>Aloud, for now.</p>", title="Open")
    site.until(lambda: site.states() == {"Open": "published"} and not Hint.objects.exists())
    wordpress.change(post, password="bread")
    site.until(lambda: site.states() == {"Open": "withdrawn"})
    assert site.poll() == ""
    assert "Sotto voce" not in site.kept()


def test_what_the_hint_led_to_a_poll_tells_alike_and_nothing_comes_twice(wordpress, site):
    wordpress.write("<p>By a tenth.</p>" * 40, tags=[wordpress.tag("prices")])
    site.until(site.articles().exists)
    assert [site.poll(), site.poll()] == ["", ""]
    assert site.articles().get().revisions.count() == 1


def test_what_happened_while_no_webhook_came_through_is_found(wordpress, deaf):
    names = ("Kept", "Hidden", "Trashed", "Deleted")
    kept, hidden, trashed, deleted = (wordpress.write("<p>By a tenth.</p>", title=name) for name in names)
    assert deaf.poll() == ""
    assert set(deaf.states().values()) == {"published"}
    wordpress.change(kept, title="Kept and edited")
    wordpress.change(hidden, status="draft")
    wordpress.trash(trashed)
    wordpress.delete(deleted)
    assert deaf.poll() == ""
    gone = dict.fromkeys(("Hidden", "Trashed", "Deleted"), "withdrawn")
    assert deaf.states() == gone | {"Kept and edited": "published"}
    assert not Hint.objects.exists()


def test_a_planned_post_comes_when_its_time_has_come(wordpress, site):
    when = datetime.now(UTC) + timedelta(seconds=90)  # WordPress publishes at once what is due within a minute
    wordpress.write("<p>Later.</p>", status="future", date_gmt=when.strftime("%Y-%m-%dT%H:%M:%S"))
    assert not Hint.objects.exists()

    def it_came():
        wordpress.visit()
        return site.articles().exists()

    site.until(it_came)
    assert site.articles().get().published_at == when.replace(microsecond=0)


@pytest.mark.parametrize("plugin", ["polylang", "wpml"])
def test_translations_are_one_story_in_their_languages(wordpress, site, plugin):
    wordpress.set_option("languages_by", plugin)
    first = wordpress.write("<p>By a tenth.</p>", title="Bread", meta={"language": "en"})
    wordpress.write("<p>На дзясятую.</p>", title="Хлеб", meta={"language": "be", "translation_of": first["id"]})
    site.until(lambda: site.articles().count() == 2)
    wordpress.set_option("languages_by", "")
    told = {one.language: one.current.title for one in site.articles()}
    assert told == {"en": "Bread", "be": "Хлеб"}
    assert {one.story.key for one in site.articles()} == {f"{site.source.slug}:{first['id']}"}


def test_a_wrong_secret_makes_nobody_look_and_the_error_log_says_so(wordpress, site):
    wordpress.connect(site.address, "another secret")
    post = wordpress.write("<p>By a tenth.</p>")
    assert not Hint.objects.exists()
    assert f"Dispatch was not told of post {post['id']}: 401" in wordpress.errors()


def test_a_plugin_that_cannot_sign_brings_its_token(wordpress, site):
    post = wordpress.write("<p>Draft.</p>", status="draft")
    headers = {"X-Dispatch-Token": site.secret}
    answers = [httpx.post(site.address, json={"ID": post["id"]}, headers=headers, timeout=60) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert Hint.objects.get().external_id == str(post["id"])
