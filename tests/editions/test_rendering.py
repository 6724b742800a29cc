"""An edition becomes mail once, or says why it cannot."""

import hashlib
import json
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from lxml import html as parser

from dispatch.articles import cleaning
from dispatch.articles.models import Article
from dispatch.editions import gathering, planning, rendering, slots, wording
from dispatch.editions.models import Edition, EditionStory, Variant
from dispatch.workers import editions as doorbells

pytestmark = pytest.mark.django_db


@pytest.fixture
def due(newsletter, article):
    """Plan the articles into one due edition of a newsletter: `due(article(), …, cadence="daily")`."""

    def make(*articles, **fields):
        newsletter(**fields)
        for one in articles:
            planning.plan(one)
        edition = Edition.objects.get()
        planning.send_now(edition.id)
        return edition

    return make


@pytest.fixture
def own_templates(tmp_path, settings):
    """A newsroom's own folder: `own_templates("story/body.txt", "…")` puts a file into it."""
    settings.DISPATCH_TEMPLATES = str(tmp_path)
    rendering._environment.cache_clear()

    def write(name, content):
        (tmp_path / "email" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "email" / name).write_text(content)

    yield write
    rendering._environment.cache_clear()


def test_a_due_edition_is_frozen_and_enlisted(due, article, rung):
    story = article("en", title="Bridges")
    edition = due(story)
    rendering.render(edition.id)
    edition.refresh_from_db()
    variant = Variant.objects.get()
    assert (edition.state, edition.trouble) == ("rendered", "")
    assert edition.rendered_at
    assert (variant.language, variant.subject) == ("en", "Bridges")
    assert list(variant.revisions.all()) == [story.current]
    assert bytes(variant.hash) == hashlib.sha256(f"{variant.subject}\0{variant.html}\0{variant.text}".encode()).digest()
    assert rung[-1] == ("email.enlist", edition.id)


def test_an_edition_rung_twice_is_rendered_once(due, article, rung):
    edition = due(article())
    rendering.render(edition.id)
    before = list(Variant.objects.values())
    rendering.render(edition.id)
    assert list(Variant.objects.values()) == before
    assert rung.count(("email.enlist", edition.id)) == 1


def test_a_doorbell_renders_the_edition(due, article):
    edition = due(article())
    doorbells.render_edition(edition.id)
    assert Variant.objects.count() == 1


def test_an_edition_says_what_is_current_when_it_is_rendered(due, article, revise):
    story = article(title="Draft")
    edition = due(story)
    revise(story, title="Corrected")
    rendering.render(edition.id)
    assert Variant.objects.get().subject == "Corrected"


def test_a_digest_has_a_variant_for_each_language_and_tells_every_story_in_each(due, article):
    both = article("en", title="Bridges")
    russian = article("ru", story=both.story, title="Мосты")
    only = article("be", title="Цягнікі")
    edition = due(both, russian, only, cadence="daily", languages=["en", "be", "ru"])
    rendering.render(edition.id)
    variants = {variant.language: variant for variant in Variant.objects.all()}
    assert set(variants) == {"en", "be", "ru"}
    assert "Bridges" in variants["be"].text
    assert "English" in variants["be"].text
    assert "Мосты" in variants["ru"].text
    assert "Bridges" not in variants["ru"].text
    foreign = parser.document_fromstring(variants["en"].html).xpath("//*[@lang='be']")
    assert any("Цягнікі" in part.text_content() for part in foreign)


def test_the_newest_story_leads_unless_an_editor_placed_another(due, article):
    early, late, noon = (
        article(title=f"At {hour}", published_at=datetime(2026, 11, 23, hour, tzinfo=UTC)) for hour in (7, 17, 12)
    )
    edition = due(early, late, noon, cadence="daily")
    assert told(edition) == ["At 17", "At 12", "At 7"]
    EditionStory.objects.filter(story=noon.story_id).update(position=1)
    assert told(edition) == ["At 12", "At 17", "At 7"]


def told(edition):
    return [story.revision.title for story in gathering.contents(edition)[0].stories]


def test_a_digest_without_anything_left_to_say_is_not_sent(due, article, rung):
    edition = due(article(), cadence="daily")
    Article.objects.update(state="withdrawn")
    rendering.render(edition.id)
    edition.refresh_from_db()
    assert edition.state == "empty"
    assert not Variant.objects.exists()
    assert ("email.enlist", edition.id) not in rung


def test_a_story_taken_back_before_its_digest_left_may_come_in_a_later_one(due, article):
    kept, taken = article(), article()
    edition = due(kept, taken, cadence="daily")
    Article.objects.filter(id=taken.id).update(state="withdrawn")
    rendering.render(edition.id)
    assert list(EditionStory.objects.values_list("story", flat=True)) == [kept.story_id]


def test_members_stories_say_where_the_rest_is(due, article):
    rendering.render(due(article(visibility="members")).id)
    variant = Variant.objects.get()
    assert "The rest of this story is for members" in variant.text
    assert "The rest of this story is for members" in variant.html


def test_a_digest_too_big_for_gmail_brings_summaries_and_says_so(due, article):
    body = "<p>" + "Long. " * 20_000 + "</p>"
    edition = due(article(html=body, text="Long. " * 20_000), article(), cadence="daily")
    rendering.render(edition.id)
    variant = Variant.objects.get()
    assert len(variant.html.encode()) < rendering.LIMIT
    assert len(variant.text) < 3_000
    assert "summaries" in variant.remark


def test_a_story_too_big_for_gmail_is_mailed_whole_and_says_so(due, article):
    rendering.render(due(article(html="<p>" + "Long. " * 20_000 + "</p>")).id)
    variant = Variant.objects.get()
    assert len(variant.html.encode()) > rendering.LIMIT
    assert "Gmail shows the first 102 KB" in variant.remark


@pytest.mark.parametrize(
    "broken",
    [
        ("story/body.mjml", "<mjml><mj-body>{{ letter.nothing }}</mj-body></mjml>", "has no attribute 'nothing'"),
        ("story/body.mjml", "<mjml>{% if %}", "Template story/body.mjml, line 1"),
        ("story/body.mjml", "<mjml><mj-body><mj-section>", "ValueError"),
        ("story/body.mjml", "<mjml><mj-body></mj-body></mjml>", "offers no way to leave"),
        ("story/body.txt", "Hello", "offers no way to leave"),
        ("story/subject.txt", "{{ 1 / 0 }}", "ZeroDivisionError"),
    ],
)
def test_a_template_that_cannot_be_rendered_fails_the_edition_with_words(due, article, own_templates, broken):
    file, content, words = broken
    own_templates(file, content)
    edition = due(article())
    rendering.render(edition.id)
    edition.refresh_from_db()
    assert edition.state == "failed"
    assert words in edition.trouble
    assert not Variant.objects.exists()


def test_a_failed_edition_is_tried_again_when_asked(due, article, own_templates):
    own_templates("story/subject.txt", "{{ nothing }}")
    edition = due(article())
    rendering.render(edition.id)
    own_templates("story/subject.txt", "Mended: {{ letter.stories[0].title }}")
    assert planning.try_again(edition.id)
    assert not planning.try_again(edition.id)
    rendering.render(edition.id)
    assert Variant.objects.get().subject.startswith("Mended: ")


def test_a_rendering_that_ends_its_worker_is_not_repeated_for_ever(due, article, monkeypatch):
    edition = due(article())
    monkeypatch.setattr(rendering, "_end", lambda _edition: (_ for _ in ()).throw(SystemExit))
    for _ in range(rendering.PATIENCE):
        with pytest.raises(SystemExit):
            rendering.render(edition.id)
    rendering.render(edition.id)
    edition.refresh_from_db()
    assert edition.state == "failed"
    assert "never ended" in edition.trouble


def test_the_newsrooms_templates_and_words_come_first(due, article, own_templates):
    own_templates("story/subject.txt", "Fresh: {{ letter.stories[0].title }}")
    own_templates("words/en.json", json.dumps({**wording.words("en"), "leave": "Stop these letters"}))
    rendering.render(due(article(title="Bridges")).id)
    assert Variant.objects.get().subject == "Fresh: Bridges"
    assert "Stop these letters" in Variant.objects.get().text


def test_a_subject_is_one_short_line(due, article):
    rendering.render(due(article(title="One\r\nBcc: Alice\t" + "x" * 400)).id)
    subject = Variant.objects.get().subject
    assert subject.startswith("One Bcc: Alice x")
    assert len(subject) == 250


def test_text_and_html_hold_the_same_slots_once_rendered(due, article):
    rendering.render(due(article()).id)
    variant = Variant.objects.get()
    assert slots.count(variant.text, variant.nonce) == slots.count(variant.html, variant.nonce)


@pytest.mark.parametrize("hosts", [[], ["static.ghost.org"]])
def test_a_real_capture_becomes_a_letter_that_can_be_read(imagine, data, hosts):
    post = json.loads((data / "ghost-post-published.json").read_text())["json"]["post"]["current"]
    body = cleaning.clean(post["html"], base=post["url"])
    letter = imagine({"title": post["title"], "html": body, "text": cleaning.text(body)}, hosts=hosts)
    root = parser.document_fromstring(letter.html)
    assert post["title"] in root.text_content()
    assert {urlsplit(picture.get("src")).hostname for picture in root.iter("img")} <= set(hosts)
    assert letter.remark == ""
